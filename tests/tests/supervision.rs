//! Who survives whom: a calf's death costs nothing, its priv's death ends it, and what the operator
//! asks for by signal happens.

use std::{net::Ipv4Addr, time::Duration};

use calfkit_tests::{
    Client, Server, Terms, Testbed, client::STATE_DIRECTORY, inspect, message::Kind,
    namespace::RESOLVER_FILE, process::wait_gone,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

const SOON: Duration = Duration::from_secs(20);

fn bound_client(bed: &Testbed) -> Client {
    let mut client = Client::start(bed, &[]);
    client.wait_for_event("bound", SOON);
    client
}

#[test]
fn a_killed_calf_is_replaced_resumes_the_lease_and_the_address_never_goes() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = bound_client(&bed);
    let monitor = bed.address_monitor();
    let first = client.calf_pid();
    let messages = server.log().position();

    kill(Pid::from_raw(first), Signal::SIGKILL).expect("the calf runs");
    client.wait_for_event("calf-restarted", SOON);
    client.wait_for_event("sandboxed", SOON);
    client.signal(Signal::SIGUSR1);
    client.wait_for_event("renewed", SOON);

    assert!(wait_gone(first, SOON));
    assert_ne!(client.calf_pid(), first);
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
    let kinds: Vec<_> = server.log().entries()[messages..]
        .iter()
        .map(|e| e.message.kind())
        .collect();
    assert_eq!(
        kinds,
        [Kind::REQUEST, Kind::ACK],
        "resumed, not started anew"
    );
}

#[test]
fn a_calf_killed_again_and_again_comes_back_and_the_address_never_goes() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = bound_client(&bed);
    let monitor = bed.address_monitor();

    for _ in 0..3 {
        kill(Pid::from_raw(client.calf_pid()), Signal::SIGKILL).expect("the calf runs");
        client.wait_for_event("calf-restarted", SOON);
    }

    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
    assert_eq!(bed.addresses().len(), 1);
}

#[test]
fn a_killed_priv_takes_its_calf_with_it() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = bound_client(&bed);
    let calf = client.calf_pid();
    let children = inspect::children(client.process().pid()).expect("/proc can be read");
    assert!(children.contains(&calf), "{calf} in {children:?}");

    client.signal(Signal::SIGKILL);

    assert!(!client.wait_exit(SOON).success());
    for child in children {
        assert!(wait_gone(child, SOON), "{child} survived");
    }
}

#[test]
fn sigterm_undoes_the_configuration_and_exits_well() {
    let bed = Testbed::new();
    let before = bed.client.read(RESOLVER_FILE).expect("the testbed made it");
    let server = Server::start(&bed, Terms::default());
    let mut client = bound_client(&bed);
    assert_ne!(bed.client.read(RESOLVER_FILE).expect("it stays"), before);

    client.signal(Signal::SIGTERM);
    client.wait_for_event("stopped", SOON);

    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(bed.addresses(), []);
    assert_eq!(bed.routes(), []);
    assert_eq!(bed.client.read(RESOLVER_FILE).expect("it stays"), before);
    let kinds: Vec<_> = server
        .log()
        .entries()
        .iter()
        .map(|e| e.message.kind())
        .collect();
    assert!(!kinds.contains(&Kind::RELEASE), "only asked for by SIGUSR2");
}

#[test]
fn sigusr2_releases_the_lease_by_unicast_and_exits() {
    let bed = Testbed::new();
    let terms = Terms::default();
    let server = Server::start(&bed, terms.clone());
    let mut client = bound_client(&bed);

    client.signal(Signal::SIGUSR2);
    let (_, released) = server
        .wait_received(0, Kind::RELEASE, SOON)
        .expect("a DHCPRELEASE");

    // RFC 2131 table 5: ciaddr is the address, and the server is named.
    assert_eq!(released.message.ciaddr, terms.address);
    assert_eq!(released.peer, terms.address);
    client.wait_exit(SOON);
    assert_eq!(bed.addresses(), []);
}

#[test]
fn once_leaves_the_configuration_and_a_second_run_confirms_the_same_lease() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = Client::start(&bed, &["--once"]);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(bed.addresses().len(), 1);
    let stored = bed
        .client
        .run(|| std::fs::read_dir(STATE_DIRECTORY).map(Iterator::count));
    assert!(
        stored.is_ok_and(|files| files > 0),
        "the lease is remembered"
    );
    let messages = server.log().position();

    let mut second = Client::start(&bed, &["--once"]);
    let bound = second.wait_for_event("bound", SOON);

    assert!(second.wait_exit(SOON).success(), "{}", second.said());
    assert_eq!(bound["address"], "10.77.0.100/24");
    // RFC 2131 section 3.2: a client that remembers its address begins with DHCPREQUEST.
    let kinds: Vec<_> = server.log().entries()[messages..]
        .iter()
        .map(|e| e.message.kind())
        .collect();
    assert_eq!(kinds, [Kind::REQUEST, Kind::ACK]);
}

#[test]
fn a_refused_renewal_removes_the_address_and_gets_the_new_one() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = bound_client(&bed);

    server.change(|terms| terms.address = Ipv4Addr::new(10, 77, 0, 201));
    client.signal(Signal::SIGUSR1);
    client.wait_for_event("nak", SOON);
    client.wait_for_event("bound", SOON);

    let addresses: Vec<_> = bed.addresses().iter().map(|entry| entry.address).collect();
    assert_eq!(addresses, [Ipv4Addr::new(10, 77, 0, 201)]);
}

#[test]
fn a_cable_pulled_and_plugged_in_again_asks_for_the_same_address_which_stays() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let client = bound_client(&bed);
    let monitor = bed.address_monitor();
    let messages = server.log().position();

    bed.carrier_down();
    bed.carrier_up();
    let asked = server.wait_received(messages, Kind::REQUEST, SOON);
    let (_, request) = asked.unwrap_or_else(|| panic!("no DHCPREQUEST; {}", client.said()));

    assert_eq!(
        request.message.address_option(50),
        Some(Ipv4Addr::new(10, 77, 0, 100))
    );
    assert!(server.wait_sent(messages, Kind::ACK, SOON).is_some());
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
}

#[test]
fn a_cable_that_went_elsewhere_while_priv_had_no_processor_is_noticed() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let client = bound_client(&bed);
    let messages = server.log().position();

    // Both changes wait for priv when it runs again, and the link is then as it was.
    client.signal(Signal::SIGSTOP);
    bed.carrier_down();
    bed.carrier_up();
    client.signal(Signal::SIGCONT);

    let asked = server.wait_received(messages, Kind::REQUEST, SOON);
    let (_, request) = asked.unwrap_or_else(|| panic!("no DHCPREQUEST; {}", client.said()));
    // RFC 2131 table 5: INIT-REBOOT, no renewal.
    assert_eq!(request.message.ciaddr, Ipv4Addr::UNSPECIFIED);
    assert_eq!(
        request.message.address_option(50),
        Some(Ipv4Addr::new(10, 77, 0, 100))
    );
}
