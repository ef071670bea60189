//! Finding an interface and bringing it up.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with its line"
)]

mod bed;

use bed::{Bed, ip, isolated, netlink, wait};
use dhcp_actuator::{Interface, InterfaceError};
use sdk_rpc::MacAddress;

fn veth() {
    ip("link add eth0 address 02:00:00:00:00:01 type veth peer name far0");
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
