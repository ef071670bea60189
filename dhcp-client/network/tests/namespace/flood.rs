//! A flood costs a bounded amount of memory, and every frame of it is accounted for.

use std::rc::Rc;

use tokio::sync::Semaphore;

use crate::{
    bed::{Bed, in_namespace},
    frames::reply,
};

const FLOOD: u64 = 10_000;
/// Frames in one batch, as the sink may count on.
const BATCH: usize = 16;
/// Growth of resident memory that is noise.
const NOISE_KIB: u64 = 1024;

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_flood_waits_in_the_kernel_and_is_accounted_for() {
    in_namespace(a_flood_waits_in_the_kernel_and_is_accounted_for, async {
        let bed = Bed::new();
        let gate = Rc::new(Semaphore::new(0));
        let mut arrivals = bed.listen_when(Rc::clone(&gate)).await;
        let frame = reply(&[0x55; 548]);
        bed.peer.send(&frame);
        let mut received = arrivals.next_batch().await.len();
        assert_eq!(received, 1);
        let before = resident_kib();

        for _ in 0..FLOOD {
            bed.peer.send(&frame);
            tokio::task::yield_now().await;
        }
        let grown = resident_kib().saturating_sub(before);
        assert!(grown < NOISE_KIB, "{grown} KiB more");
        let counters = bed.network.counters();
        assert_eq!(counters.frames_in, 1, "the sink was not ready for more");
        assert!(counters.kernel_drops > FLOOD / 2);

        gate.add_permits(Semaphore::MAX_PERMITS);
        let queued = usize::try_from(FLOOD - counters.kernel_drops).unwrap();
        assert!(queued > BATCH);
        while received < 1 + queued {
            let batch = arrivals.next_batch().await;
            assert!(batch.len() <= BATCH);
            received += batch.len();
        }
        assert_eq!(received, 1 + queued);
    });
}

#[test]
fn a_ready_sink_gets_the_whole_flood_in_order() {
    in_namespace(a_ready_sink_gets_the_whole_flood_in_order, async {
        let bed = Bed::new();
        let mut arrivals = bed.listen().await;
        let frame = |number: u64| reply(&number.to_be_bytes());
        // Whatever was sent is read before the next burst: nothing has to be dropped.
        for burst in 0..FLOOD / 50 {
            let numbers = burst * 50..(burst + 1) * 50;
            for number in numbers.clone() {
                bed.peer.send(&frame(number));
            }
            for number in numbers {
                assert_eq!(arrivals.next().await.bytes, frame(number));
            }
        }
        let counters = bed.network.counters();
        assert_eq!((counters.frames_in, counters.kernel_drops), (FLOOD, 0));
    });
}
