//! Two honest ends: what goes in comes out, in order, and nobody sleeps for ever.

use std::{collections::VecDeque, fs::File, io::Read, thread};

use sdk_rpc::{
    limits::{BATCH, FRAME_OCTETS},
    ring::{CAPACITY_LEAST, CAPACITY_MOST, RingDescriptors, RingEnd, RingFault, RingSide},
};

use crate::{Numbers, frame, rings, run};

#[test]
fn a_ring_does_what_a_queue_does() {
    run(async {
        let (mut first, mut second, _descriptors) = rings();
        let mut numbers = Numbers(1);
        let mut queue = VecDeque::new();
        for number in 0..20_000 {
            if numbers.below(2) == 0 {
                let longest = [64, 1515, FRAME_OCTETS + 1][numbers.below(3)];
                let next = frame(number, numbers.below(longest));
                let sent = first
                    .sender
                    .put_those_that_fit(std::slice::from_ref(&next))
                    .unwrap();
                queue.extend((sent == 1).then_some(next));
            } else {
                let taken = second.receiver.take_those_there().unwrap();
                let there = queue.len().min(usize::try_from(BATCH).unwrap());
                assert_eq!(taken, queue.drain(..there).collect::<Vec<_>>());
            }
        }
    });
}

#[test]
fn a_full_ring_takes_no_more_until_there_is_room() {
    run(async {
        let (mut first, mut second, _descriptors) = rings();
        let longest = [frame(1, FRAME_OCTETS)];
        assert_eq!(first.sender.put_those_that_fit(&longest).unwrap(), 1);
        assert_eq!(first.sender.put_those_that_fit(&longest).unwrap(), 0);
        assert_eq!(second.receiver.take_those_there().unwrap(), longest);
        assert_eq!(first.sender.put_those_that_fit(&longest).unwrap(), 1);

        let too_long = [frame(1, 60), frame(1, FRAME_OCTETS + 1)];
        let refused = first.sender.send(&too_long).await;
        assert!(matches!(refused, Err(RingFault::TooLong(octets)) if octets == FRAME_OCTETS + 1));
        assert_eq!(second.receiver.receive().await.unwrap(), longest);
    });
}

/// Both sides sleep again and again: the ring holds few of these frames.
#[test]
fn two_threads_exchange_frames_and_neither_sleeps_for_ever() {
    const FRAMES: usize = 20_000;
    let descriptors = RingDescriptors::create(CAPACITY_LEAST).unwrap();
    let other = descriptors.try_clone().unwrap();
    let length = |number: usize| [60, 9000, 1514, 0, 30_000][number % 5];
    let sending = thread::spawn(move || {
        run(async {
            let mut end = RingEnd::open(other, RingSide::First).unwrap();
            for number in 0..FRAMES {
                end.sender
                    .send(&[frame(number, length(number))])
                    .await
                    .unwrap();
            }
            // Answers, one by one: the receiver of the second ring sleeps before each.
            for number in 0..FRAMES / 10 {
                let answer = end.receiver.receive().await.unwrap();
                assert_eq!(answer, [frame(number, 60)]);
                end.sender.send(&answer).await.unwrap();
            }
        });
    });
    run(async {
        let mut end = RingEnd::open(descriptors, RingSide::Second).unwrap();
        let mut number = 0;
        while number < FRAMES {
            for taken in end.receiver.receive().await.unwrap() {
                assert_eq!(taken, frame(number, length(number)));
                number += 1;
            }
        }
        for number in 0..FRAMES / 10 {
            end.sender.send(&[frame(number, 60)]).await.unwrap();
            assert_eq!(end.receiver.receive().await.unwrap(), [frame(number, 60)]);
        }
    });
    sending.join().unwrap();
}

#[test]
fn nobody_rings_for_a_side_that_is_awake_and_once_for_one_that_sleeps() {
    run(async {
        let (mut first, mut second, descriptors) = rings();
        let [bell, _, _, _] = descriptors.bells;
        let mut bell = File::from(bell);
        let mut count = [0; 8];

        first.sender.send(&[frame(0, 60)]).await.unwrap();
        second.receiver.receive().await.unwrap();
        let silent = bell.read(&mut count).unwrap_err();
        assert_eq!(silent.kind(), std::io::ErrorKind::WouldBlock);

        {
            let sleeping = second.receiver.receive();
            futures::pin_mut!(sleeping);
            assert!(futures::poll!(sleeping.as_mut()).is_pending());
            for number in 0..3 {
                first.sender.send(&[frame(number, 60)]).await.unwrap();
            }
            assert_eq!(sleeping.await.unwrap().len(), 3);
        }
        assert_eq!(bell.read(&mut count).unwrap(), 8);
        assert_eq!(u64::from_ne_bytes(count), 1);
    });
}

#[test]
fn rings_have_one_of_the_capacities_there_are() {
    for capacity in [
        0,
        CAPACITY_LEAST / 2,
        CAPACITY_LEAST + 4096,
        CAPACITY_MOST * 2,
        u64::MAX,
    ] {
        assert!(RingDescriptors::create(capacity).is_err(), "{capacity}");
    }
}
