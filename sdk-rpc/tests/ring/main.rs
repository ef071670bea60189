//! The ring between two honest ends, and between an honest one and one that writes what it likes.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test; clippy.toml excepts test functions, not what they share"
)]

mod honest;
mod hostile;

use std::future::Future;

use sdk_rpc::{
    Frame,
    ring::{CAPACITY_LEAST, RingDescriptors, RingEnd, RingSide},
};

/// Runs a test body on one thread.
fn run<T>(body: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let deadline = std::time::Duration::from_secs(60);
    runtime.block_on(async { tokio::time::timeout(deadline, body).await.unwrap() })
}

/// The smallest rings, both their ends, and their descriptors.
fn rings() -> (RingEnd, RingEnd, RingDescriptors) {
    let descriptors = RingDescriptors::create(CAPACITY_LEAST).unwrap();
    let open = |side| RingEnd::open(descriptors.try_clone().unwrap(), side).unwrap();
    (open(RingSide::First), open(RingSide::Second), descriptors)
}

fn frame(number: usize, length: usize) -> Frame {
    let octet = u8::try_from(number % 251).unwrap();
    Frame {
        bytes: vec![octet; length],
        checksum_ready: number.is_multiple_of(3),
    }
}

/// Numbers that look random and are the same each time (xorshift of 64 bits).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }
}
