//! The descriptor daemon's deadline, in real time.

use calfkit_tests::fdd::{FddHost, SHARE, SOCKET};

#[test]
fn clients_that_take_every_place_and_do_not_ask_lose_it_after_five_seconds() {
    let (host, _daemon) = FddHost::sharing();
    let silent: Vec<_> = (0..20).map(|_| host.dial(SOCKET)).collect();
    // The daemon has sixteen places; the command waits ten seconds for one.
    assert_eq!(host.listed(SHARE)[0], "free");
    drop(silent);
}
