//! Watching links: what comes, changes and goes, each once, and nothing lost.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with its line"
)]

mod bed;

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use bed::{batch, ip, isolated, netlink, wait};
use dhcp_actuator::{LinkEntry, LinkEvent, Links};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use sdk_rpc::MacAddress;

fn veth() {
    ip("link add eth0 address 02:00:00:00:00:01 type veth peer name far0");
}

fn open() -> Links {
    Links::open(&netlink()).unwrap()
}

/// What all links are called, with what they are.
fn names(links: &Links) -> Vec<String> {
    links
        .all()
        .into_iter()
        .map(|entry| entry.interface.name)
        .collect()
}

fn entry(links: &Links, name: &str) -> LinkEntry {
    let mut all = links.all().into_iter();
    all.find(|entry| entry.interface.name == name).unwrap()
}

/// The next change of eth0 that `wanted` holds of; those on the way there are not of interest.
async fn eth0(links: &mut Links, wanted: impl Fn(&LinkEntry) -> bool) -> LinkEntry {
    loop {
        match links.next().await.unwrap() {
            LinkEvent::Changed(entry) if entry.interface.name == "eth0" && wanted(&entry) => {
                return entry;
            }
            LinkEvent::Removed { name, .. } if name == "eth0" => panic!("removed"),
            LinkEvent::Appeared(_) | LinkEvent::Changed(_) | LinkEvent::Removed { .. } => {}
        }
    }
}

/// The next event, in short.
async fn next(links: &mut Links) -> String {
    match links.next().await.unwrap() {
        LinkEvent::Appeared(entry) => format!("+{}", entry.interface.name),
        LinkEvent::Changed(entry) => format!("={}", entry.interface.name),
        LinkEvent::Removed { name, .. } => format!("-{name}"),
    }
}

/// Whether there is nothing more to tell.
async fn is_silent(links: &mut Links) -> bool {
    let next = tokio::time::timeout(Duration::from_millis(50), links.next());
    next.await.is_err()
}

#[test]
fn all_links_are_known_by_what_they_are() {
    isolated("all_links_are_known_by_what_they_are", || {
        veth();
        ip("link add docker0 type bridge");
        ip("link set far0 master docker0");
        wait(async {
            let links = open();
            assert_eq!(names(&links), ["lo", "far0", "eth0", "docker0"]);
            let (lo, far0, eth0, docker0) = (
                entry(&links, "lo"),
                entry(&links, "far0"),
                entry(&links, "eth0"),
                entry(&links, "docker0"),
            );
            assert!(lo.loopback && !lo.ethernet && lo.kind.is_none());
            assert!(!eth0.loopback && eth0.ethernet);
            assert_eq!((eth0.kind.as_deref(), eth0.port_of), (Some("veth"), None));
            assert_eq!(eth0.interface.link.mac, MacAddress([2, 0, 0, 0, 0, 1]));
            assert_eq!(eth0.interface.limits.highest_mtu, 65535);
            assert_eq!(far0.port_of, Some(docker0.interface.index));
            assert_eq!(
                (docker0.kind.as_deref(), docker0.port_of),
                (Some("bridge"), None)
            );
        });
    });
}

#[test]
fn every_change_of_a_link_is_told() {
    isolated("every_change_of_a_link_is_told", || {
        veth();
        wait(async {
            let mut links = open();
            ip("link set eth0 up");
            let up = eth0(&mut links, |entry| entry.interface.link.up).await;
            assert!(!up.interface.link.carrier);
            ip("link set far0 up");
            eth0(&mut links, |entry| entry.interface.link.carrier).await;
            ip("link set eth0 mtu 1400");
            eth0(&mut links, |entry| entry.interface.link.mtu == 1400).await;
            ip("link set eth0 address 02:00:00:00:00:09");
            let mac = MacAddress([2, 0, 0, 0, 0, 9]);
            eth0(&mut links, |entry| entry.interface.link.mac == mac).await;
            ip("link set far0 down");
            let down = eth0(&mut links, |entry| !entry.interface.link.carrier).await;
            assert!(down.interface.link.up);
            assert_eq!(entry(&links, "eth0"), down);
        });
    });
}

#[test]
fn each_change_is_told_once() {
    isolated("each_change_is_told_once", || {
        veth();
        wait(async {
            let mut links = open();
            ip("link set eth0 mtu 1400");
            assert_eq!(next(&mut links).await, "=eth0");
            ip("link set eth0 mtu 1400");
            ip("link set eth0 alias nobody-asked");
            assert!(is_silent(&mut links).await);
        });
    });
}

#[test]
fn case_088_what_is_created_renamed_deleted_and_created_again_is_told_so() {
    isolated(
        "case_088_what_is_created_renamed_deleted_and_created_again_is_told_so",
        || {
            wait(async {
                let mut links = open();
                veth();
                assert_eq!(next(&mut links).await, "+far0");
                assert_eq!(next(&mut links).await, "+eth0");
                let first = entry(&links, "eth0").interface.index;

                ip("link set eth0 name lan0");
                assert_eq!(next(&mut links).await, "=lan0");
                assert_eq!(entry(&links, "lan0").interface.index, first);

                ip("link delete lan0");
                let (one, other) = (next(&mut links).await, next(&mut links).await);
                assert_eq!((one.as_str(), other.as_str()), ("-lan0", "-far0"));
                assert_eq!(names(&links), ["lo"]);

                veth();
                assert_eq!(
                    (next(&mut links).await, next(&mut links).await),
                    ("+far0".to_owned(), "+eth0".to_owned())
                );
                assert_ne!(entry(&links, "eth0").interface.index, first);
                assert!(is_silent(&mut links).await);
            });
        },
    );
}

#[test]
fn becoming_a_bridges_port_is_a_change_and_ceasing_to_be_one_no_removal() {
    isolated(
        "becoming_a_bridges_port_is_a_change_and_ceasing_to_be_one_no_removal",
        || {
            veth();
            ip("link add br0 type bridge");
            wait(async {
                let mut links = open();
                let bridge = entry(&links, "br0").interface.index;
                ip("link set eth0 master br0");
                let port = eth0(&mut links, |entry| entry.port_of.is_some()).await;
                assert_eq!(port.port_of, Some(bridge));
                ip("link set eth0 nomaster");
                eth0(&mut links, |entry| entry.port_of.is_none()).await;
            });
        },
    );
}

/// Another network namespace, as long as this lives.
struct Elsewhere(Child);

impl Elsewhere {
    fn new() -> Self {
        let mut command = Command::new("unshare");
        // It says that it is there, and ends with its standard input.
        command.args(["--net", "sh", "-c", "echo; cat"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut there = [0];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut there).unwrap();
        Self(child)
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}

#[test]
fn a_link_that_moves_to_another_namespace_is_removed() {
    isolated("a_link_that_moves_to_another_namespace_is_removed", || {
        veth();
        let elsewhere = Elsewhere::new();
        wait(async {
            let mut links = open();
            let index = entry(&links, "eth0").interface.index;
            ip(&format!("link set eth0 netns {}", elsewhere.0.id()));
            let event = loop {
                let event = links.next().await.unwrap();
                if matches!(event, LinkEvent::Removed { .. }) {
                    break event;
                }
            };
            let name = "eth0".to_owned();
            assert_eq!(event, LinkEvent::Removed { index, name });
            assert_eq!(names(&links), ["lo", "far0"]);
        });
    });
}

#[test]
fn case_092_after_an_overrun_what_changed_is_told_once_and_the_watch_goes_on() {
    isolated(
        "case_092_after_an_overrun_what_changed_is_told_once_and_the_watch_goes_on",
        || {
            veth();
            ip("link add br0 type bridge");
            ip("link add gone0 type bridge");
            wait(async {
                let mut links = open();
                // More than the socket's buffer holds, while nobody reads: the end of it is lost.
                let flood = (0..800).map(|round| format!("link set eth0 mtu {}", 1000 + round % 2));
                batch(flood.chain([
                    "link set eth0 mtu 1200".to_owned(),
                    "link set br0 name br1".to_owned(),
                    "link delete gone0".to_owned(),
                    "link add new0 type bridge".to_owned(),
                ]));
                let mut told = Vec::new();
                for _ in 0..4 {
                    told.push(next(&mut links).await);
                }
                told.sort();
                assert_eq!(told, ["+new0", "-gone0", "=br1", "=eth0"]);
                assert_eq!(entry(&links, "eth0").interface.link.mtu, 1200);
                assert!(is_silent(&mut links).await);

                ip("link set eth0 mtu 1300");
                eth0(&mut links, |entry| entry.interface.link.mtu == 1300).await;
            });
        },
    );
}

#[test]
fn a_watch_that_is_cancelled_loses_nothing() {
    isolated("a_watch_that_is_cancelled_loses_nothing", || {
        wait(async {
            let mut links = open();
            let mut told = Vec::new();
            for number in 0..20 {
                ip(&format!("link add br{number} type bridge"));
                // Some are given up before they have heard, some tell.
                let begun = tokio::time::timeout(Duration::ZERO, next(&mut links));
                told.extend(begun.await.ok());
            }
            while told.len() < 20 {
                told.push(next(&mut links).await);
            }
            let expected: Vec<String> = (0..20).map(|number| format!("+br{number}")).collect();
            assert_eq!(told, expected);
        });
    });
}

#[test]
fn what_another_process_says_is_not_believed() {
    isolated("what_another_process_says_is_not_believed", || {
        wait(async {
            let before = netlink_ports();
            let mut links = open();
            let port = netlink_ports()
                .into_iter()
                .find(|port| !before.contains(port))
                .unwrap();
            // RTM_DELLINK of the loopback interface, once to the watch alone and once to the whole group.
            let mut deletion = vec![32, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            deletion.extend([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            let mut liar = Socket::new(NETLINK_ROUTE).unwrap();
            liar.bind_auto().unwrap();
            liar.send_to(&deletion, &SocketAddr::new(port, 0), 0)
                .unwrap();
            liar.send_to(&deletion, &SocketAddr::new(0, 1), 0).unwrap();
            ip("link add true0 type bridge");
            assert_eq!(next(&mut links).await, "+true0");
            assert_eq!(names(&links), ["lo", "true0"]);
        });
    });
}

/// The ports of this network namespace's netlink sockets that listen to links.
fn netlink_ports() -> Vec<u32> {
    let table = std::fs::read_to_string("/proc/thread-self/net/netlink").unwrap();
    let listener = |line: &str| {
        let mut columns = line.split_whitespace().skip(2);
        let port = columns.next()?.parse().ok()?;
        (columns.next()? == "00000001").then_some(port)
    };
    table.lines().skip(1).filter_map(listener).collect()
}
