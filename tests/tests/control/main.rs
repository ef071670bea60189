//! `dhcp-client ctl`: what the operator asks of the runs that go on, and what others can do with the sockets.

mod hostile;
mod sockets;
mod status;
mod strangers;
mod verbs;

use calfkit_tests::{Cable, Client, SOON, Server, Terms, Testbed};

/// A server on each of two cables.
fn two_networks() -> (Testbed, [Server; 2]) {
    let bed = Testbed::new();
    let first = Server::start(&bed, Terms::default());
    let second = bed.plug_in_served(&Cable::SECOND);
    (bed, [first, second])
}

/// One run of both interfaces, which have their leases.
fn one_run(bed: &Testbed) -> Client {
    let mut client = Client::start_on(bed, &["eth0", "eth1"], &[]);
    client.wait_for_event_of("eth0", "bound", SOON);
    client.wait_for_event_of("eth1", "bound", SOON);
    client
}

/// A run of one of them.
fn run_of(bed: &Testbed, link: &str, options: &[&str]) -> Client {
    let mut client = Client::start_on(bed, &[link], options);
    client.wait_for_event_of(link, "bound", SOON);
    client
}
