//! One honest end, and somebody who writes into the memory what and when they like.

use std::{
    fs::File,
    io::Write,
    os::unix::fs::FileExt,
    panic::catch_unwind,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use sdk_rpc::ring::{CAPACITY_LEAST, RingDescriptors, RingEnd, RingFault, RingSide};

use crate::{Numbers, frame, rings, run};

const INDICES_0: u64 = 4096;
const HEAD: u64 = 128;
const OCTETS_0: u64 = 12288;
const MEMORY: u64 = OCTETS_0 + 2 * CAPACITY_LEAST;

fn write_word(memory: &File, octet: u64, value: u64) {
    memory.write_all_at(&value.to_le_bytes(), octet).unwrap();
}

/// What the receiver of ring 0 says, which has taken one frame of 60 octets, when the words are written.
fn received(lies: &[(u64, u64)]) -> RingFault {
    run(async {
        let (mut first, mut second, descriptors) = rings();
        let memory = File::from(descriptors.memory);
        first.sender.send(&[frame(0, 60)]).await.unwrap();
        second.receiver.receive().await.unwrap();
        lies.iter()
            .for_each(|(octet, value)| write_word(&memory, *octet, *value));
        let fault = second.receiver.receive().await.unwrap_err();
        let again = second.receiver.receive().await.unwrap_err();
        assert!(matches!(again, RingFault::Ended), "{again:?}");
        fault
    })
}

#[test]
fn an_index_that_lies_ends_the_ring() {
    let beyond = received(&[(INDICES_0, 72 + CAPACITY_LEAST + 8)]);
    assert!(
        matches!(beyond, RingFault::Beyond { own: 72, .. }),
        "{beyond:?}"
    );
    let beyond = received(&[(INDICES_0, u64::MAX - 7)]);
    assert!(matches!(beyond, RingFault::Beyond { .. }), "{beyond:?}");
    let backwards = received(&[(INDICES_0, 64)]);
    assert!(
        matches!(
            backwards,
            RingFault::Backwards {
                before: 72,
                now: 64
            }
        ),
        "{backwards:?}"
    );
    let crooked = received(&[(INDICES_0, 73)]);
    assert!(matches!(crooked, RingFault::Crooked(73)), "{crooked:?}");
}

#[test]
fn a_length_or_flags_that_lie_end_the_ring() {
    let tail = (INDICES_0, 72 + 80);
    let header = |value| received(&[(OCTETS_0 + 72, value), tail]);
    for length in [73, 65_554, u32::MAX] {
        let fault = header(u64::from(length));
        assert!(
            matches!(fault, RingFault::Length(found) if found == length),
            "{fault:?}"
        );
    }
    let flags = header(60 | 2 << 32);
    assert!(matches!(flags, RingFault::Flags(2)), "{flags:?}");
}

/// Control: who believes a length reads where nothing is.
#[test]
fn a_length_that_lies_breaks_who_believes_it() {
    let (mut first, _second, descriptors) = run(async { rings() });
    first.sender.put_those_that_fit(&[frame(0, 60)]).unwrap();
    let memory = File::from(descriptors.memory);
    let believing = || {
        let mut octets = vec![0; usize::try_from(MEMORY).unwrap()];
        memory.read_exact_at(&mut octets, 0).unwrap();
        let ring = &octets[usize::try_from(OCTETS_0).unwrap()..];
        let length = u32::from_le_bytes(ring[..4].try_into().unwrap());
        ring[8..8 + usize::try_from(length).unwrap()].len()
    };
    assert_eq!(believing(), 60);
    write_word(&memory, OCTETS_0, u64::from(u32::MAX));
    assert!(catch_unwind(believing).is_err());
}

#[test]
fn a_sender_is_not_told_that_there_is_room_where_there_is_none() {
    run(async {
        let (mut first, _second, descriptors) = rings();
        let memory = File::from(descriptors.memory);
        let full = vec![frame(0, 60_000); 3];
        assert_eq!(first.sender.put_those_that_fit(&full).unwrap(), 2);
        write_word(&memory, INDICES_0 + HEAD, 1 << 40);
        let fault = first.sender.send(&full).await.unwrap_err();
        assert!(matches!(fault, RingFault::Beyond { .. }), "{fault:?}");
        let again = first.sender.send(&full).await.unwrap_err();
        assert!(matches!(again, RingFault::Ended), "{again:?}");
    });
}

/// Whatever is written, whenever: frames or faults, and an end.
#[test]
fn who_scribbles_over_the_memory_gets_faults_and_nothing_else() {
    let mut faults = 0;
    for seed in 1..40 {
        run(async {
            let (mut first, mut second, descriptors) = rings();
            let stop = Arc::new(AtomicBool::new(false));
            let memory = File::from(descriptors.memory);
            let scribbling = thread::spawn({
                let stop = Arc::clone(&stop);
                move || scribble(&memory, &stop, seed)
            });
            for number in 0..3000 {
                let sent = first.sender.put_those_that_fit(&[frame(number, 1514)]);
                let taken = second.receiver.take_those_there();
                if sent.is_err() || taken.is_err() {
                    faults += 1;
                    break;
                }
            }
            stop.store(true, Ordering::Relaxed);
            scribbling.join().unwrap();
        });
    }
    assert!(
        faults > 10,
        "control: the scribbling is seen, {faults} times"
    );
}

/// Odd seeds leave the indices alone, so that frames go on while their words change.
fn scribble(memory: &File, stop: &AtomicBool, seed: u64) {
    let mut numbers = Numbers(seed);
    let begin = if seed.is_multiple_of(2) {
        INDICES_0
    } else {
        OCTETS_0
    };
    while !stop.load(Ordering::Relaxed) {
        let octet = begin + numbers.next() % (MEMORY - begin - 8);
        let value = numbers.next() >> (numbers.next() % 64);
        write_word(memory, octet, value);
    }
}

#[test]
fn who_rings_without_end_wakes_and_hangs_nobody() {
    run(async {
        let (mut first, mut second, descriptors) = rings();
        let stop = Arc::new(AtomicBool::new(false));
        let [bell, _, _, _] = descriptors.bells;
        let ringing = thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                let mut bell = File::from(bell);
                while !stop.load(Ordering::Relaxed) {
                    bell.write_all(&1_u64.to_ne_bytes()).unwrap();
                }
            }
        });
        {
            let receiving = second.receiver.receive();
            futures::pin_mut!(receiving);
            for _ in 0..1000 {
                assert!(futures::poll!(receiving.as_mut()).is_pending());
                tokio::task::yield_now().await;
            }
            first.sender.send(&[frame(0, 60)]).await.unwrap();
            assert_eq!(receiving.await.unwrap(), [frame(0, 60)]);
        }
        stop.store(true, Ordering::Relaxed);
        ringing.join().unwrap();
    });
}

/// The descriptors of a ring whose memory is another.
fn opened(octets: u64, seals: SealFlags, magic: &[u8]) -> Result<RingEnd, RingFault> {
    run(async {
        let mut descriptors = RingDescriptors::create(CAPACITY_LEAST).unwrap();
        descriptors.memory = memfd_create("other", MemfdFlags::ALLOW_SEALING).unwrap();
        ftruncate(&descriptors.memory, octets).unwrap();
        rustix::io::pwrite(&descriptors.memory, magic, 0).unwrap();
        fcntl_add_seals(&descriptors.memory, seals).unwrap();
        RingEnd::open(descriptors, RingSide::First)
    })
}

#[test]
fn memory_whose_size_can_change_is_refused() {
    let all = SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    assert!(opened(MEMORY, all, b"calfrng\x01").is_ok(), "control");
    for missing in [SealFlags::SHRINK, SealFlags::GROW, SealFlags::SEAL] {
        let fault = opened(MEMORY, all.difference(missing), b"calfrng\x01").unwrap_err();
        assert!(matches!(fault, RingFault::Unsealed), "{fault:?}");
    }
    let fault = opened(MEMORY + 4096, all, b"calfrng\x01").unwrap_err();
    assert!(matches!(fault, RingFault::Size(_)), "{fault:?}");
    let fault = opened(MEMORY, all, b"calfrng\x02").unwrap_err();
    assert!(matches!(fault, RingFault::Magic(_)), "{fault:?}");
}

#[test]
fn the_memory_of_rings_cannot_be_cut() {
    let descriptors = RingDescriptors::create(CAPACITY_LEAST).unwrap();
    assert_eq!(
        ftruncate(&descriptors.memory, 0),
        Err(rustix::io::Errno::PERM)
    );
    let unsealed = memfd_create("other", MemfdFlags::ALLOW_SEALING).unwrap();
    ftruncate(&unsealed, MEMORY).unwrap();
    assert_eq!(ftruncate(&unsealed, 0), Ok(()), "control");
}
