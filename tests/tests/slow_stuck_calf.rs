//! A calf that hangs. Slow, because priv gives it a minute.

use std::time::Duration;

use calfkit_tests::{Client, Server, Terms, Testbed};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

#[test]
fn a_calf_that_gives_no_sign_of_life_is_replaced_and_the_lease_stays() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &[]);
    let monitor = bed.address_monitor();
    let stuck = client.calf_pid();
    kill(Pid::from_raw(stuck), Signal::SIGSTOP).expect("the calf is there");

    let restarted = client.wait_for_event("calf-restarted", Duration::from_secs(100));
    let reason = restarted["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("sign of life"), "{restarted}");
    assert_ne!(client.calf_pid(), stuck);
    client.renew();
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
}

#[test]
fn a_calf_that_has_nothing_to_say_is_left_in_peace() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &[]);
    let calf = client.calf_pid();
    // Longer than a calf may be silent before it is asked, and one that is not answered for is ended after as
    // much again.
    std::thread::sleep(Duration::from_secs(70));
    assert_eq!(client.calf_pid(), calf);
    client.renew();
}
