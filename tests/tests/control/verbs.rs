//! What is asked is done, of all interfaces or of those that are named, by all runs that serve them.

use std::net::Ipv4Addr;

use calfkit_tests::{
    SOON, Server, Terms, Testbed,
    message::{Kind, code},
    namespace::RESOLVER_FILE,
    testbed::CLIENT_LINK,
    until,
};

use crate::{one_run, run_of, two_networks};

#[test]
fn renew_asks_the_server_that_gave_the_lease() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let mut client = run_of(&bed, CLIENT_LINK, &[]);
    let from = server.log().position();

    assert_eq!(bed.client.ctl(&["renew"]).success(), ["renewing eth0"]);
    client.wait_for_event("renewed", SOON);

    let (_, asked) = server
        .wait_received(from, Kind::REQUEST, SOON)
        .expect("a DHCPREQUEST");
    // RFC 2131 table 4, RENEWING: by unicast from the leased address, which is in ciaddr.
    assert_eq!(asked.peer, Ipv4Addr::new(10, 77, 0, 100));
    assert_eq!(asked.message.ciaddr, Ipv4Addr::new(10, 77, 0, 100));
    assert_eq!(asked.message.option(code::REQUESTED_ADDRESS), None);
}

#[test]
fn rebind_asks_every_server() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = run_of(&bed, CLIENT_LINK, &[]);
    let sniffer = bed.sniffer();

    assert_eq!(bed.client.ctl(&["rebind"]).success(), ["rebinding eth0"]);
    client.wait_for_event("rebound", SOON);

    let (_, destination, message) = sniffer
        .wait_for_dhcp(0, Kind::REQUEST, SOON)
        .expect("a DHCPREQUEST");
    assert_eq!(destination, Ipv4Addr::BROADCAST);
    assert_eq!(message.ciaddr, Ipv4Addr::new(10, 77, 0, 100));
    assert_eq!(message.option(code::SERVER_IDENTIFIER), None);
}

#[test]
fn renew_of_one_interface_leaves_the_other_alone() {
    let (bed, servers) = two_networks();
    let mut client = one_run(&bed);
    let from = servers[0].log().position();

    assert_eq!(
        bed.client.ctl(&["renew", "eth1"]).success(),
        ["renewing eth1"]
    );
    client.wait_for_event_of("eth1", "renewed", SOON);
    assert_eq!(servers[0].log().position(), from);
}

#[test]
fn release_of_one_interface_gives_its_lease_back_and_the_run_goes_on_with_the_other() {
    let (bed, servers) = two_networks();
    let mut client = one_run(&bed);

    assert_eq!(
        bed.client.ctl(&["release", "eth0"]).success(),
        ["released eth0"]
    );
    let released = servers[0].wait_received(0, Kind::RELEASE, SOON);
    let (_, released) = released.expect("a DHCPRELEASE");
    assert_eq!(released.message.ciaddr, Ipv4Addr::new(10, 77, 0, 100));
    assert_eq!(bed.addresses_on("eth0"), []);
    assert_eq!(bed.routes_through("eth0"), []);
    assert_eq!(bed.addresses_on("eth1").len(), 1);
    assert_eq!(bed.client.served_names(), ["eth1"]);

    assert_eq!(bed.client.ctl(&["renew"]).success(), ["renewing eth1"]);
    client.wait_for_event_of("eth1", "renewed", SOON);
}

#[test]
fn what_was_stopped_stays_stopped_when_its_link_changes() {
    let bed = Testbed::new();
    // The stop itself changes the link: its MTU comes back.
    let terms = Terms {
        mtu: Some(1400),
        ..Terms::default()
    };
    let server = Server::start(&bed, terms);
    let second = bed.plug_in_served(&calfkit_tests::Cable::SECOND);
    let mut client = one_run(&bed);
    assert_eq!(bed.mtu(), 1400);

    assert_eq!(
        bed.client.ctl(&["stop", "eth0"]).success(),
        ["stopped eth0"]
    );
    assert_eq!(bed.mtu(), 1500);
    let from = server.log().position();
    bed.client.ip("link set eth0 mtu 1300");
    bed.client.ip("link set eth0 down");
    bed.client.ip("link set eth0 up");
    // Behind those changes, on the same socket: when this one is known they are.
    bed.client.ip("link set eth1 mtu 1300");
    let known = || (bed.client.served()[0]["mtu"] == 1300).then_some(());
    until(SOON, known).expect("the last change is known");

    assert_eq!(bed.client.served_names(), ["eth1"]);
    assert_eq!(server.log().position(), from, "{}", client.said());
    drop(second);
    client.wait_for_event_of("eth0", "stopped", SOON);
}

#[test]
fn what_was_stopped_is_served_again_when_it_comes_anew() {
    let (bed, servers) = two_networks();
    let mut client = one_run(&bed);
    assert_eq!(
        bed.client.ctl(&["stop", "eth1"]).success(),
        ["stopped eth1"]
    );
    drop(servers);
    bed.unplug(&calfkit_tests::Cable::SECOND);

    let _server = bed.plug_in_served(&calfkit_tests::Cable::SECOND);
    client.wait_for_event_of("eth1", "bound", SOON);
    assert_eq!(bed.client.served_names(), ["eth0", "eth1"]);
}

#[test]
fn stop_undoes_everything_and_ends_the_run_well() {
    let (bed, servers) = two_networks();
    let before = bed.client.read(RESOLVER_FILE).expect("the testbed made it");
    let mut client = one_run(&bed);

    assert_eq!(bed.client.ctl(&["stop"]).success(), ["stopped eth0, eth1"]);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(bed.addresses(), []);
    assert_eq!(bed.routes(), []);
    assert_eq!(bed.client.read(RESOLVER_FILE).expect("it stays"), before);
    for server in &servers {
        let released =
            |seen: &calfkit_tests::server::Exchange| seen.message.kind() == Kind::RELEASE;
        assert!(!server.log().entries().iter().any(released));
    }
}

#[test]
fn stop_leaves_the_configuration_where_the_run_was_told_to() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = run_of(&bed, CLIENT_LINK, &["--persistent"]);
    assert_eq!(bed.client.ctl(&["stop"]).success(), ["stopped eth0"]);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(bed.addresses().len(), 1);
    assert_eq!(bed.routes().len(), 2);
}

#[test]
fn release_of_all_gives_every_lease_back_and_ends_the_run_well() {
    let (bed, servers) = two_networks();
    let mut client = one_run(&bed);
    assert_eq!(
        bed.client.ctl(&["release"]).success(),
        ["released eth0, eth1"]
    );
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    for server in &servers {
        assert!(server.wait_received(0, Kind::RELEASE, SOON).is_some());
    }
}

#[test]
fn of_two_runs_each_is_asked_about_its_own() {
    let (bed, servers) = two_networks();
    let mut first = run_of(&bed, "eth0", &[]);
    let mut second = run_of(&bed, "eth1", &[]);
    assert_eq!(bed.client.served_names(), ["eth0", "eth1"]);

    let from = servers[0].log().position();
    assert_eq!(
        bed.client.ctl(&["renew", "eth1"]).success(),
        ["renewing eth1"]
    );
    second.wait_for_event("renewed", SOON);
    assert_eq!(servers[0].log().position(), from);
    assert_eq!(
        bed.client.ctl(&["renew"]).success(),
        ["renewing eth0, eth1"]
    );
    first.wait_for_event("renewed", SOON);
    second.wait_for_event("renewed", SOON);

    assert_eq!(
        bed.client.ctl(&["stop", "eth1"]).success(),
        ["stopped eth1"]
    );
    assert!(second.wait_exit(SOON).success(), "{}", second.said());
    assert_eq!(bed.client.served_names(), ["eth0"]);
    assert_eq!(bed.addresses_on("eth0").len(), 1);
    assert_eq!(bed.addresses_on("eth1"), []);
}

#[test]
fn what_is_not_served_is_named_and_nothing_is_done_to_what_is() {
    let (bed, servers) = two_networks();
    let _first = run_of(&bed, "eth0", &[]);
    let from = servers[0].log().position();
    for verb in ["status", "dump", "renew", "rebind", "release", "stop"] {
        let said = bed.client.ctl(&[verb, "eth0", "eth1"]).refusal(1);
        assert!(said.contains("eth1 is not served"), "{verb}: {said}");
    }
    assert_eq!(bed.client.served_names(), ["eth0"]);
    assert_eq!(servers[0].log().position(), from);
}

#[test]
fn where_nothing_runs_that_is_said() {
    let bed = Testbed::new();
    for verb in ["status", "dump", "renew", "rebind", "release", "stop"] {
        let said = bed.client.ctl(&[verb]).refusal(1);
        assert!(said.contains("nothing runs"), "{verb}: {said}");
    }
}

#[test]
fn wrong_words_are_wrong_usage() {
    let bed = Testbed::new();
    for words in [
        &[][..],
        &["explode"],
        &["status", "--frobnicate"],
        &["renew", "a/b"],
    ] {
        let said = bed.client.ctl(words).refusal(64);
        assert!(said.contains("--help"), "{words:?}: {said}");
    }
}

#[test]
fn every_stop_is_answered_before_the_run_is_gone() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    for _ in 0..20 {
        let mut client = run_of(&bed, CLIENT_LINK, &[]);
        assert_eq!(bed.client.ctl(&["stop"]).success(), ["stopped eth0"]);
        assert!(client.wait_exit(SOON).success(), "{}", client.said());
    }
}
