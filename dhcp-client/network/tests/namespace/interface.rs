//! Looking up and opening an interface: states are told, mistakes are explained.

use std::rc::Rc;

use dhcp_network::{Interface, InterfaceError, Network, OpenStep};
use nix::errno::Errno;
use sdk_rpc::MacAddress;

use crate::bed::{CLIENT, CLIENT_MAC, in_namespace, in_namespaces, ip, make_link};

/// What lookup tells of up and carrier.
fn up_and_carrier() -> (bool, bool) {
    let interface = Interface::lookup(CLIENT).unwrap();
    (interface.up, interface.carrier)
}

#[test]
fn an_ethernet_interface_is_described() {
    in_namespace(an_ethernet_interface_is_described, async {
        make_link();
        ip("link set client0 mtu 1400");
        let interface = Interface::lookup(CLIENT).unwrap();
        assert_eq!(interface.name, CLIENT);
        assert_eq!(
            interface.index,
            nix::net::if_::if_nametoindex(CLIENT).unwrap()
        );
        assert_eq!(interface.mac, MacAddress(CLIENT_MAC));
        assert_eq!(interface.mtu, 1400);
        let link = interface.link_state();
        assert_eq!((link.up, link.carrier, link.mtu), (true, true, 1400));
    });
}

#[test]
fn down_and_no_carrier_are_states() {
    in_namespace(down_and_no_carrier_are_states, async {
        make_link();
        assert_eq!(up_and_carrier(), (true, true));
        ip("link set peer0 down");
        assert_eq!(up_and_carrier(), (true, false));
        ip("link set client0 down");
        assert_eq!(up_and_carrier(), (false, false));
    });
}

#[test]
fn a_name_that_is_none_says_what_to_do() {
    in_namespace(a_name_that_is_none_says_what_to_do, async {
        let error = Interface::lookup("eth9").unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"eth9\": no such interface; choose one that `ip link` lists"
        );
        let endless = "x".repeat(300);
        let error = Interface::lookup(&endless).unwrap_err();
        assert_eq!(error, InterfaceError::Absent { name: endless });
    });
}

#[test]
fn an_interface_of_another_kind_says_what_to_do() {
    in_namespace(an_interface_of_another_kind_says_what_to_do, async {
        let error = Interface::lookup("lo").unwrap_err();
        assert_eq!(
            error.to_string(),
            "lo: not an Ethernet interface (hardware type 772); DHCP is spoken on Ethernet only, \
             choose another interface"
        );
    });
}

fn open(interface: &Interface) -> dhcp_network::OpenError {
    Network::open(interface, Rc::new(|_: &str| {}), None).unwrap_err()
}

#[test]
fn an_interface_that_has_gone_says_so() {
    in_namespace(an_interface_that_has_gone_says_so, async {
        make_link();
        let interface = Interface::lookup(CLIENT).unwrap();
        ip("link del client0");
        let error = open(&interface);
        assert_eq!((error.step, error.errno), (OpenStep::Bind, Errno::ENODEV));
        assert_eq!(
            error.to_string(),
            "client0: cannot bind the packet socket: No such device: the interface has gone; check \
             `ip link`"
        );
    });
}

#[test]
fn without_the_capability_the_error_names_it() {
    // A user namespace alone: no capability over the network namespace that it leaves as it is.
    in_namespaces(
        without_the_capability_the_error_names_it,
        &["--user"],
        async {
            let error = open(&Interface {
                name: "eth0".to_owned(),
                index: 1,
                mac: MacAddress(CLIENT_MAC),
                mtu: 1500,
                up: true,
                carrier: true,
            });
            assert_eq!(error.step, OpenStep::Create);
            assert_eq!(
                error.to_string(),
                "eth0: cannot open a packet socket: Operation not permitted: needs CAP_NET_RAW; run \
                 as root"
            );
        },
    );
}
