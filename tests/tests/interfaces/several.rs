//! Two interfaces with a network each.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Cable, Client, SOON, Server, Terms, Testbed, message::Kind, testbed::Route, until,
};
use nix::sys::signal::Signal;

use crate::resolvers;

fn two() -> (Testbed, [Server; 2]) {
    let bed = Testbed::new();
    bed.plug_in(&Cable::SECOND);
    let servers = [Cable::FIRST, Cable::SECOND]
        .map(|cable| Server::start_on(&bed, &cable, Terms::on(&cable)));
    (bed, servers)
}

fn both_bound(bed: &Testbed, options: &[&str]) -> Client {
    let mut client = Client::start_on(bed, &[], options);
    client.wait_for_event_of("eth0", "bound", SOON);
    client.wait_for_event_of("eth1", "bound", SOON);
    client
}

fn default_route(routes: &[Route]) -> Option<(Option<Ipv4Addr>, u32)> {
    let default = routes.iter().find(|route| route.destination == "default");
    default.map(|route| (route.gateway, route.metric))
}

#[test]
fn case_089_each_has_its_lease_metrics_follow_the_kernels_numbers_and_resolvers_the_metrics() {
    let (bed, _servers) = two();
    let _client = both_bound(&bed, &[]);

    for cable in [Cable::FIRST, Cable::SECOND] {
        let metric = 1000 + bed.index_of(cable.client);
        let routes = bed.routes_through(cable.client);
        assert_eq!(
            default_route(&routes),
            Some((Some(cable.server_address), metric)),
            "{routes:?}"
        );
        assert!(
            routes.iter().all(|route| route.metric == metric),
            "{routes:?}"
        );
    }
    assert!(bed.index_of("eth0") < bed.index_of("eth1"));
    assert_eq!(resolvers(&bed), ["10.77.0.1", "10.78.0.1"]);
}

#[test]
fn case_089_a_lower_number_is_preferred_also_when_its_lease_comes_last() {
    let (bed, _servers) = two();
    bed.carrier_down();
    let mut client = Client::start_on(&bed, &[], &[]);
    client.wait_for_event_of("eth1", "bound", SOON);
    assert_eq!(resolvers(&bed), ["10.78.0.1"]);

    bed.carrier_up();
    client.wait_for_event_of("eth0", "bound", SOON);
    assert_eq!(resolvers(&bed), ["10.77.0.1", "10.78.0.1"]);
}

#[test]
fn case_089_one_that_goes_takes_its_own_with_it_and_leaves_the_others() {
    let (bed, _servers) = two();
    let client = both_bound(&bed, &[]);
    let monitor = bed.address_monitor();
    let routes = bed.routes_through("eth0");

    bed.unplug(&Cable::SECOND);
    client.wait_for_line("eth1: the interface was removed", SOON);
    let only_first = || (resolvers(&bed) == ["10.77.0.1"]).then_some(());
    until(SOON, only_first).expect("the resolver of the other is gone");

    assert_eq!(bed.client.served_names(), ["eth0"]);
    assert_eq!(bed.routes_through("eth0"), routes);
    assert_eq!(monitor.removed(), [Ipv4Addr::new(10, 78, 0, 100)]);
}

#[test]
fn each_is_renewed_with_its_own_server_and_both_end_with_the_run() {
    let (bed, servers) = two();
    let [first, second] = &servers;
    let mut client = both_bound(&bed, &[]);
    let positions = [first.log().position(), second.log().position()];

    client.signal(Signal::SIGUSR1);
    client.wait_for_event_of("eth0", "renewed", SOON);
    client.wait_for_event_of("eth1", "renewed", SOON);

    for (server, from, address) in [
        (first, positions[0], "10.77.0.100"),
        (second, positions[1], "10.78.0.100"),
    ] {
        let (_, asked) = server
            .wait_received(from, Kind::REQUEST, SOON)
            .expect("a renewal");
        assert_eq!(asked.message.ciaddr.to_string(), address);
        assert_eq!(asked.peer.to_string(), address);
    }
    client.signal(Signal::SIGTERM);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(bed.routes(), []);
    assert_eq!(resolvers(&bed), [""; 0]);
}

#[test]
fn once_waits_for_both_and_says_which_has_none() {
    let (bed, servers) = two();
    let [_first, second] = &servers;
    second.ignore_next(usize::MAX);
    let mut client = Client::start_on(&bed, &[], &["--once", "--timeout", "2"]);
    let failed = client.wait_for_event_of("eth1", "failed", SOON);
    assert_eq!(client.wait_exit(SOON).code(), Some(1), "{}", client.said());

    assert!(
        failed["reason"]
            .as_str()
            .is_some_and(|why| why.contains("no ACK")),
        "{failed}"
    );
    let failures = client
        .event_names()
        .into_iter()
        .filter(|name| name == "failed");
    assert_eq!(failures.count(), 1, "eth0 has its lease: {}", client.said());
}
