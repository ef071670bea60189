//! When the launcher ends, and with what exit status.

use calfkit_tests::{
    Cable, Client, SOON, Server, Status, Terms, Testbed,
    background::{Background, pid_inside},
    control::RUN_DIRECTORY,
};
use nix::sys::signal::Signal;

use crate::{leased, network, waiting};

/// Nothing of a run is left that could be in the way of another.
fn assert_nothing_left(bed: &Testbed, run: &Background) {
    run.wait_gone();
    assert_eq!(bed.addresses(), []);
    assert!(Status::ask(bed).is_none());
    let socket = format!("{RUN_DIRECTORY}/eth0.sock");
    assert!(bed.client.read(socket).is_err());
}

#[test]
fn it_returns_0_when_there_is_a_lease_and_not_before() {
    let (bed, _server) = network();
    let run = waiting(&bed, &[]);
    assert!(!run.has_ended(), "{}", run.said());
    let (_, server) = run.launcher_and_server();

    bed.carrier_up();
    assert_eq!(run.ended(), 0, "{}", run.said());
    assert_eq!(bed.addresses().len(), 1);
    assert_eq!(run.server(), server);
    let _served = Status::wait_for(&bed, SOON, |status| status.state() == "BOUND");
}

#[test]
fn it_returns_1_when_there_is_none_in_time_and_nobody_serves() {
    let bed = Testbed::new();
    let run = Background::start(&bed, &["--background", "--timeout", "1"]);
    assert_eq!(run.ended(), 1, "{}", run.said());
    assert_nothing_left(&bed, &run);
    let said = run.process().stderr_text();
    assert!(!said.is_empty(), "it says why");
}

#[test]
fn it_returns_1_when_another_run_has_the_interface_and_that_one_goes_on() {
    let (bed, _server) = network();
    let mut first = Client::bound(&bed, &[]);
    let run = Background::start(&bed, &["--background"]);
    assert_eq!(run.ended(), 1, "{}", run.said());
    run.wait_gone();
    assert_eq!(run.process().stderr().entries().len(), 1, "{}", run.said());
    first.renew();
}

#[test]
fn it_returns_64_for_words_that_are_wrong_and_starts_nothing() {
    let (bed, server) = network();
    for wrong in [
        &["--background", "--once"][..],
        &["--background", "--frobnicate"],
        &["--background", "--timeout", "soon"],
        &["--timeout", "3"],
    ] {
        let run = Background::start(&bed, wrong);
        assert_eq!(run.ended(), 64, "{wrong:?}; {}", run.said());
        assert_eq!(run.clients(), [0; 0], "{wrong:?}");
    }
    assert_eq!(server.log().position(), 0);
}

#[test]
fn it_returns_as_a_shell_has_it_when_what_serves_is_killed_before_the_lease() {
    let bed = Testbed::new();
    let run = waiting(&bed, &[]);
    let (_, server) = run.launcher_and_server();
    run.signal(server, Signal::SIGKILL);
    assert_eq!(run.ended(), 128 + 9, "{}", run.said());
    run.wait_gone();
}

#[test]
fn what_serves_ends_when_the_launcher_is_killed_before_the_lease() {
    let bed = Testbed::new();
    let run = waiting(&bed, &[]);
    let (launcher, _) = run.launcher_and_server();
    run.signal(launcher, Signal::SIGKILL);
    assert_eq!(run.ended(), 128 + 9, "{}", run.said());
    assert_nothing_left(&bed, &run);
}

#[test]
fn two_runs_of_two_interfaces_serve_side_by_side() {
    let bed = Testbed::new();
    let _first_server = Server::start(&bed, Terms::default());
    let _second_server = bed.plug_in_served(&Cable::SECOND);
    let first = leased(&bed, &[]);
    let mut words = Client::usual_options()[1..].to_vec();
    words.extend(["--background", "eth1"]);
    let second = Background::by_script(&bed, r#""$@""#, &words);
    assert_eq!(second.ended(), 0, "{}", second.said());
    assert_eq!(bed.client.served_names(), ["eth0", "eth1"]);

    first.signal(first.server(), Signal::SIGTERM);
    first.wait_gone();
    assert_eq!(bed.client.served_names(), ["eth1"]);
    assert!(pid_inside(second.server()) > 1);
}
