//! Several interfaces of one process: what they share and what they must not.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with its line"
)]

mod bed;

use std::{path::PathBuf, rc::Rc};

use bed::{Bed, ip, isolated, lease, netlink, wait};
use dhcp_actuator::{Links, Netlink, Resolver};
use sdk_rpc::{DeconfigureCause, Lease};

/// Netlink sockets of this thread's network namespace.
fn netlink_sockets() -> usize {
    let table = std::fs::read_to_string("/proc/thread-self/net/netlink").unwrap();
    // Those with a process; the kernel has its own.
    let owned = |line: &&str| line.split_whitespace().nth(2) != Some("0");
    table.lines().skip(1).filter(owned).count()
}

#[test]
fn a_hundred_actuators_hold_one_socket() {
    isolated("a_hundred_actuators_hold_one_socket", || {
        let names: Vec<String> = (0..100).map(|number| format!("eth{number}")).collect();
        for pair in names.chunks(2) {
            ip(&format!(
                "link add {} type veth peer name {}",
                pair[0], pair[1]
            ));
        }
        let netlink = netlink();
        let before = netlink_sockets();
        let beds: Vec<Bed> = names
            .iter()
            .map(|name| Bed::of(&netlink, name, |_| {}))
            .collect();
        assert_eq!((before, netlink_sockets(), beds.len()), (1, 1, 100));
    });
}

/// A resolver file of this test, gone with it.
struct ResolverFile(PathBuf);

impl ResolverFile {
    fn new() -> (Self, Rc<Resolver>) {
        let id = std::thread::current().id();
        let name = format!("dhcp-actuator-shared-{id:?}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let resolver = Rc::new(Resolver::prepare(Some(&path)).unwrap());
        (Self(path), resolver)
    }

    /// The servers in it, in order.
    fn servers(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.0).unwrap();
        let servers = text
            .lines()
            .filter_map(|line| line.strip_prefix("nameserver "));
        servers.map(str::to_owned).collect()
    }
}

impl Drop for ResolverFile {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// Adds an interface that has a far end.
fn add(name: &str) {
    ip(&format!("link add {name} type veth peer name far-{name}"));
    ip(&format!("link set far-{name} up"));
}

fn bed(netlink: &Netlink, name: &str, metric: Option<u32>, resolver: &Rc<Resolver>) -> Bed {
    let bed = Bed::of(netlink, name, |options| {
        options.resolver = Rc::clone(resolver);
        options.metric = metric;
    });
    wait(bed.actuator.bring_up()).unwrap();
    bed
}

/// A lease of the subnet 10.`number`.0.0/24.
fn lease_of(number: u8) -> Lease {
    Lease {
        address: [10, number, 0, 5].into(),
        routers: vec![[10, number, 0, 1].into()],
        dns: vec![[10, number, 0, 53].into()],
        domain: None,
        ..lease()
    }
}

/// The default routes of the namespace in the order of preference, each up to its metric.
fn default_routes() -> Vec<String> {
    let all = ip("-4 route show default");
    let mut routes: Vec<(u32, String)> = all
        .lines()
        .map(|line| {
            let (route, metric) = line.trim().split_once(" metric ").unwrap();
            (metric.parse().unwrap(), route.to_owned())
        })
        .collect();
    routes.sort();
    routes.into_iter().map(|(_, route)| route).collect()
}

#[test]
fn case_089_two_interfaces_have_two_leases_and_the_first_is_preferred() {
    isolated(
        "case_089_two_interfaces_have_two_leases_and_the_first_is_preferred",
        || {
            let (file, resolver) = ResolverFile::new();
            let netlink = netlink();
            for name in ["eth0", "eth1", "vethab12"] {
                add(name);
            }
            ip("link add docker0 type bridge");
            ip("address add 172.17.0.1/16 dev docker0");
            let untouched = || ip("address show docker0") + &ip("address show vethab12");
            let before = untouched();
            let first = bed(&netlink, "eth0", None, &resolver);
            let second = bed(&netlink, "eth1", None, &resolver);
            second.configure(lease_of(1));
            first.configure(lease_of(0));

            let expected = [
                "default via 10.0.0.1 dev eth0 proto dhcp src 10.0.0.5",
                "default via 10.1.0.1 dev eth1 proto dhcp src 10.1.0.5",
            ];
            assert_eq!(default_routes(), expected);
            assert_eq!(file.servers(), ["10.0.0.53", "10.1.0.53"]);
            assert_eq!(
                first.metric(),
                format!("metric {}", 1000 + first.actuator.interface().index)
            );

            first.deconfigure(DeconfigureCause::Expired);
            assert_eq!(default_routes(), expected[1..]);
            assert_eq!(file.servers(), ["10.1.0.53"]);
            assert_eq!(untouched(), before);
        },
    );
}

#[test]
fn case_089_links_say_which_are_real_and_which_another_programs() {
    isolated(
        "case_089_links_say_which_are_real_and_which_another_programs",
        || {
            add("eth0");
            ip("link add docker0 type bridge");
            wait(async {
                let links = Links::open(&netlink()).unwrap();
                let kinds: Vec<(String, Option<String>)> = links
                    .all()
                    .into_iter()
                    .map(|entry| (entry.interface.name, entry.kind))
                    .collect();
                let kind =
                    |name: &str, kind: Option<&str>| (name.to_owned(), kind.map(str::to_owned));
                let expected = [
                    kind("lo", None),
                    kind("far-eth0", Some("veth")),
                    kind("eth0", Some("veth")),
                    kind("docker0", Some("bridge")),
                ];
                assert_eq!(kinds, expected);
            });
        },
    );
}

#[test]
fn case_089_three_interfaces_follow_the_operators_metrics_and_go_one_by_one() {
    isolated(
        "case_089_three_interfaces_follow_the_operators_metrics_and_go_one_by_one",
        || {
            let (file, resolver) = ResolverFile::new();
            let netlink = netlink();
            let beds: Vec<Bed> = [("eth0", 30), ("eth1", 10), ("eth2", 20)]
                .into_iter()
                .map(|(name, metric)| {
                    add(name);
                    bed(&netlink, name, Some(metric), &resolver)
                })
                .collect();
            for (number, bed) in (0..).zip(&beds) {
                bed.configure(lease_of(number));
            }
            let via = |number| {
                format!(
                    "default via 10.{number}.0.1 dev eth{number} proto dhcp src 10.{number}.0.5"
                )
            };
            assert_eq!(default_routes(), [via(1), via(2), via(0)]);
            assert_eq!(file.servers(), ["10.1.0.53", "10.2.0.53", "10.0.0.53"]);

            wait(beds[2].actuator.withdraw()).unwrap();
            assert_eq!(default_routes(), [via(1), via(0)]);
            assert_eq!(file.servers(), ["10.1.0.53", "10.0.0.53"]);
            beds[1].update(Lease {
                dns: Vec::new(),
                ..lease_of(1)
            });
            assert_eq!(file.servers(), ["10.0.0.53"]);
            wait(beds[0].actuator.withdraw()).unwrap();
            assert_eq!((default_routes(), file.servers()), (vec![via(1)], vec![]));
            assert_eq!(
                beds[1].actuator.current().unwrap().address,
                lease_of(1).address
            );
        },
    );
}

#[test]
fn case_088_an_interface_that_is_created_again_is_another_and_the_first_leaves_it_alone() {
    isolated(
        "case_088_an_interface_that_is_created_again_is_another_and_the_first_leaves_it_alone",
        || {
            let (file, resolver) = ResolverFile::new();
            let netlink = netlink();
            add("eth0");
            let first = bed(&netlink, "eth0", None, &resolver);
            first.configure(lease_of(0));
            ip("link delete eth0");
            wait(first.actuator.withdraw()).unwrap();
            assert_eq!(file.servers(), [""; 0]);

            add("eth0");
            let second = bed(&netlink, "eth0", None, &resolver);
            second.configure(lease_of(0));
            wait(first.actuator.withdraw()).unwrap();
            assert_eq!(bed::address_list(), ["10.0.0.5/24"]);
            assert_eq!(default_routes().len(), 1);

            ip("link set eth0 down");
            ip("link set eth0 name lan0");
            wait(second.actuator.withdraw()).unwrap();
            assert_eq!(ip("-4 address show dev lan0"), "");
        },
    );
}
