//! Signals to the launcher, which passes them on, and to the process that serves.

use calfkit_tests::{SOON, Status, message::Kind, server::Exchange, until};
use nix::sys::signal::Signal;

use crate::{leased, network, waiting};

fn is_release(seen: &Exchange) -> bool {
    !seen.sent && seen.message.kind() == Kind::RELEASE
}

#[test]
fn the_launcher_passes_on_what_asks_for_the_end() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGUSR2] {
        let (bed, server) = network();
        let run = waiting(&bed, &[]);
        let (launcher, _) = run.launcher_and_server();
        run.signal(launcher, signal);
        assert_eq!(run.ended(), 0, "{signal}; {}", run.said());
        run.wait_gone();
        assert!(Status::ask(&bed).is_none(), "{signal}");
        assert_eq!(server.log().position(), 0, "{signal}");
    }
}

#[test]
fn the_launcher_waits_on_when_asked_for_what_needs_a_lease() {
    let (bed, _server) = network();
    let run = waiting(&bed, &[]);
    let (launcher, server) = run.launcher_and_server();
    for signal in [Signal::SIGUSR1, Signal::SIGHUP] {
        run.signal(launcher, signal);
        run.signal(server, signal);
    }
    bed.carrier_up();
    assert_eq!(run.ended(), 0, "{}", run.said());
    assert_eq!(run.server(), server);
}

#[test]
fn what_serves_renews_and_rebinds() {
    const LOG: &str = "/run/testbed/log";
    let (bed, server) = network();
    let run = leased(&bed, &["--log", LOG]);
    let pid = run.server();
    for (signal, words) in [
        (Signal::SIGUSR1, "renewed lease of 10.77.0.100"),
        (Signal::SIGHUP, "rebound lease of 10.77.0.100"),
    ] {
        let from = server.log().position();
        run.signal(pid, signal);
        assert!(server.wait_sent(from, Kind::ACK, SOON).is_some());
        let said = || bed.client.read(LOG).ok().filter(|log| log.contains(words));
        assert!(until(SOON, said).is_some(), "{:?}", bed.client.read(LOG));
    }
    assert_eq!(run.server(), pid);
}

#[test]
fn what_serves_undoes_its_configuration_and_ends() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let (bed, server) = network();
        let run = leased(&bed, &[]);
        assert_eq!(bed.addresses().len(), 1);
        run.signal(run.server(), signal);
        run.wait_gone();
        assert_eq!(bed.addresses(), [], "{signal}");
        assert_eq!(bed.routes(), [], "{signal}");
        assert!(!server.log().entries().iter().any(is_release), "{signal}");
    }
}

#[test]
fn what_serves_gives_the_lease_back_and_ends() {
    let (bed, server) = network();
    let run = leased(&bed, &[]);
    run.signal(run.server(), Signal::SIGUSR2);
    assert!(server.wait_received(0, Kind::RELEASE, SOON).is_some());
    run.wait_gone();
    assert_eq!(bed.addresses(), []);
}
