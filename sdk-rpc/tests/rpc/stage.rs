//! What every test stands on: one thread, a deadline, and connected descriptors.

use std::{
    future::Future,
    os::{fd::OwnedFd, unix::net::UnixStream},
    time::Duration,
};

use tokio::task::LocalSet;

/// Far beyond what any test needs; a test that gets here hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// Runs a test body on one thread.
pub(crate) fn run<T>(body: impl Future<Output = T>) -> T {
    run_within(DEADLINE, body)
}

/// Runs a test body that stops the clock and lets more time pass than any test needs.
pub(crate) fn run_within<T>(deadline: Duration, body: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        tokio::time::timeout(deadline, body)
            .await
            .expect("deadline")
    })
}

/// A connected pair of stream sockets.
pub(crate) fn socket_pair() -> (OwnedFd, OwnedFd) {
    let (one, other) = UnixStream::pair().unwrap();
    (one.into(), other.into())
}

/// Returns when nothing is left to do but wait: with the clock stopped, tokio advances it only when
/// no task is ready and no descriptor has anything.
pub(crate) async fn quiet() {
    tokio::time::pause();
    tokio::time::sleep(Duration::from_millis(1)).await;
    tokio::time::resume();
}

/// Resident octets of this process. Tests that share it add to it: an attack must cost a multiple of
/// what they use together for the difference to mean anything.
pub(crate) fn resident_octets() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4096
}
