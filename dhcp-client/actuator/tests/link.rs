//! Finding an interface, bringing it up and watching its link.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with its line"
)]

mod bed;

use bed::{Bed, ip, isolated, netlink, wait};
use dhcp_actuator::{Interface, InterfaceError, LinkChange, LinkMonitor};
use sdk_rpc::{LinkState, MacAddress};

fn veth() {
    ip("link add eth0 address 02:00:00:00:00:01 type veth peer name far0");
}

/// The next state that `wanted` holds of; those on the way there are not of interest.
async fn state(monitor: &mut LinkMonitor, wanted: impl Fn(&LinkState) -> bool) -> LinkState {
    loop {
        match monitor.next().await.unwrap() {
            LinkChange::State(state) if wanted(&state) => return state,
            LinkChange::State(_) => {}
            LinkChange::Removed => panic!("removed"),
        }
    }
}

#[test]
fn an_interface_is_found_with_what_it_is() {
    isolated("an_interface_is_found_with_what_it_is", || {
        veth();
        let interface = Interface::find(&netlink(), "eth0").unwrap();
        assert_eq!(interface.link.mac, MacAddress([2, 0, 0, 0, 0, 1]));
        assert_eq!(
            (
                interface.link.up,
                interface.link.carrier,
                interface.link.mtu
            ),
            (false, false, 1500)
        );
        assert_eq!(interface.limits.highest_mtu, 65535);
    });
}

#[test]
fn what_is_no_ethernet_interface_is_refused_with_what_to_do() {
    isolated(
        "what_is_no_ethernet_interface_is_refused_with_what_to_do",
        || {
            let absent = Interface::find(&netlink(), "eth7").unwrap_err();
            assert!(matches!(&absent, InterfaceError::Absent(name) if name == "eth7"));
            assert!(absent.to_string().contains("ip link"));
            let loopback = Interface::find(&netlink(), "lo").unwrap_err();
            assert!(matches!(&loopback, InterfaceError::NotEthernet(name) if name == "lo"));
        },
    );
}

#[test]
fn bringing_up_brings_up_and_keeps_other_addresses_safe() {
    isolated(
        "bringing_up_brings_up_and_keeps_other_addresses_safe",
        || {
            veth();
            let bed = Bed::of_eth0();
            wait(bed.actuator.bring_up()).unwrap();
            assert!(Interface::find(&netlink(), "eth0").unwrap().link.up);
            let promote =
                std::fs::read_to_string("/proc/sys/net/ipv4/conf/eth0/promote_secondaries")
                    .unwrap();
            assert_eq!((promote.trim(), bed.told().len()), ("1", 0));
        },
    );
}

#[test]
fn bringing_up_what_is_gone_says_so() {
    isolated("bringing_up_what_is_gone_says_so", || {
        veth();
        let bed = Bed::of_eth0();
        ip("link delete eth0");
        let failure = wait(bed.actuator.bring_up()).unwrap_err().to_string();
        assert!(
            failure.contains("cannot bring up eth0: No such device"),
            "{failure}"
        );
    });
}

#[test]
fn every_change_of_the_link_is_told() {
    isolated("every_change_of_the_link_is_told", || {
        veth();
        let interface = Interface::find(&netlink(), "eth0").unwrap();
        wait(async {
            let mut monitor = LinkMonitor::open(&netlink(), &interface).unwrap();
            assert_eq!(monitor.state(), interface.link);
            ip("link set eth0 up");
            assert!(!state(&mut monitor, |state| state.up).await.carrier);
            ip("link set far0 up");
            state(&mut monitor, |state| state.carrier).await;
            ip("link set eth0 mtu 1400");
            state(&mut monitor, |state| state.mtu == 1400).await;
            ip("link set eth0 address 02:00:00:00:00:09");
            state(&mut monitor, |state| {
                state.mac == MacAddress([2, 0, 0, 0, 0, 9])
            })
            .await;
            ip("link set far0 down");
            assert!(state(&mut monitor, |state| !state.carrier).await.up);
            ip("link delete eth0");
            while monitor.next().await.unwrap() != LinkChange::Removed {}
            assert_eq!(monitor.next().await.unwrap(), LinkChange::Removed);
        });
    });
}

#[test]
fn other_links_and_bridges_are_not_told() {
    isolated("other_links_and_bridges_are_not_told", || {
        veth();
        ip("link add br0 type bridge");
        let interface = Interface::find(&netlink(), "eth0").unwrap();
        wait(async {
            let mut monitor = LinkMonitor::open(&netlink(), &interface).unwrap();
            ip("link set far0 mtu 1300");
            ip("link add other type veth peer name beyond");
            ip("link set eth0 master br0");
            ip("link set eth0 nomaster");
            ip("link set eth0 mtu 1400");
            let expected = LinkState {
                mtu: 1400,
                ..interface.link
            };
            assert_eq!(monitor.next().await.unwrap(), LinkChange::State(expected));
        });
    });
}

#[test]
fn a_flood_of_changes_ends_with_the_link_as_it_is() {
    isolated("a_flood_of_changes_ends_with_the_link_as_it_is", || {
        veth();
        let interface = Interface::find(&netlink(), "eth0").unwrap();
        wait(async {
            let mut monitor = LinkMonitor::open(&netlink(), &interface).unwrap();
            // More than the socket's buffer holds, while nobody reads.
            let flood: String = (0..800)
                .map(|round| format!("link set eth0 mtu {}\n", 1000 + round % 2))
                .chain(["link set eth0 mtu 1200\n".to_owned()])
                .collect();
            let batch =
                std::env::temp_dir().join(format!("dhcp-actuator-flood-{}", std::process::id()));
            std::fs::write(&batch, flood).unwrap();
            ip(&format!("-batch {}", batch.display()));
            std::fs::remove_file(&batch).unwrap();
            state(&mut monitor, |state| state.mtu == 1200).await;
        });
    });
}
