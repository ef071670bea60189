//! The UDP socket: it sends as the leased address, receives nothing, and keeps the kernel quiet.

use dhcp_network::Network;
use nix::{errno::Errno, sys::socket::AddressFamily};
use sdk_rpc::{Datagram, MacAddress, Net};

use crate::{
    bed::{Bed, CLIENT_MAC, PEER, PEER_MAC, await_carrier, in_namespace, ip, sockets_of},
    frames::{CLIENT_ADDRESS, SERVER_ADDRESS, message, unicast},
};

/// Gives the client its address, and a way to the server and to one beyond it.
fn configure() {
    ip("addr add 10.0.0.5/24 dev client0");
    let peer = MacAddress(PEER_MAC);
    ip(&format!(
        "neigh replace 10.0.0.1 lladdr {peer} dev client0 nud permanent"
    ));
    ip("route add default via 10.0.0.1 dev client0");
}

fn renewal(server: [u8; 4]) -> Vec<Datagram> {
    vec![Datagram {
        destination: server.into(),
        payload: message(CLIENT_ADDRESS),
    }]
}

fn put_in_force(network: &Network) {
    network.set_address(Some(CLIENT_ADDRESS.into())).unwrap();
}

/// The UDP port about which the client's next ICMP "port unreachable" is.
fn next_unreachable_port(bed: &Bed) -> u16 {
    let icmp = bed.peer.receive(|frame| {
        frame[6..12] == CLIENT_MAC
            && frame[12..14] == [0x08, 0x00]
            && frame[23] == 1
            && frame[34..36] == [3, 3]
    });
    u16::from_be_bytes([icmp[64], icmp[65]])
}

#[test]
fn a_renewal_leaves_from_the_leased_address_by_the_kernels_routes() {
    in_namespace(
        a_renewal_leaves_from_the_leased_address_by_the_kernels_routes,
        async {
            let bed = Bed::new();
            configure();
            put_in_force(&bed.network);
            let beyond_the_link = [192, 0, 2, 9];
            bed.network.send(renewal(beyond_the_link)).await.unwrap();
            let frame = bed.peer.receive_from_client();
            assert_eq!(frame[..6], PEER_MAC);
            assert_eq!(frame[20..22], [0x40, 0], "not to be fragmented");
            assert_eq!(frame[26..30], CLIENT_ADDRESS);
            assert_eq!(frame[30..34], beyond_the_link);
            assert_eq!(frame[34..38], [0, 68, 0, 67]);
            assert_eq!(frame[42..], message(CLIENT_ADDRESS));
            assert_eq!(bed.network.counters().datagrams_out, 1);
        },
    );
}

#[test]
fn an_answer_to_port_68_provokes_no_icmp() {
    in_namespace(an_answer_to_port_68_provokes_no_icmp, async {
        let bed = Bed::new();
        configure();
        let mut arrivals = bed.listen().await;

        bed.peer.send(&unicast(68));
        assert_eq!(next_unreachable_port(&bed), 68, "without the socket");
        assert_eq!(arrivals.next().await.bytes, unicast(68));

        put_in_force(&bed.network);
        bed.peer.send(&unicast(68));
        bed.peer.send(&unicast(9));
        assert_eq!(next_unreachable_port(&bed), 9, "with the socket");
        assert_eq!(arrivals.next().await.bytes, unicast(68));

        bed.network.set_address(None).unwrap();
        bed.peer.send(&unicast(68));
        assert_eq!(next_unreachable_port(&bed), 68, "the socket is closed");
    });
}

#[test]
fn the_socket_receives_nothing() {
    in_namespace(the_socket_receives_nothing, async {
        let bed = Bed::new();
        configure();
        put_in_force(&bed.network);
        bed.peer.send(&unicast(68));
        bed.peer.send(&unicast(9));
        next_unreachable_port(&bed);
        let sockets = sockets_of(AddressFamily::Inet);
        assert_eq!(sockets.len(), 1);
        let received = nix::sys::socket::recv(
            sockets[0],
            &mut [0; 64],
            nix::sys::socket::MsgFlags::MSG_DONTWAIT,
        );
        assert_eq!(received, Err(Errno::EAGAIN));
    });
}

#[test]
fn forged_datagrams_are_counted_by_rule() {
    in_namespace(forged_datagrams_are_counted_by_rule, async {
        let bed = Bed::new();
        configure();
        bed.network.send(renewal(SERVER_ADDRESS)).await.unwrap();
        put_in_force(&bed.network);
        bed.network.send(renewal([255; 4])).await.unwrap();
        bed.network.send(renewal([10, 0, 0, 255])).await.unwrap();
        let another_client = Datagram {
            destination: SERVER_ADDRESS.into(),
            payload: message([10, 0, 0, 6]),
        };
        bed.network.send(vec![another_client]).await.unwrap();
        bed.network.send(renewal(SERVER_ADDRESS)).await.unwrap();

        let fence = bed.peer.receive_from_client();
        assert_eq!(fence[42..], message(CLIENT_ADDRESS));
        let counters = bed.network.counters();
        assert_eq!(counters.refused["no_unicast_socket"], 1);
        assert_eq!(counters.refused["destination"], 1);
        assert_eq!(counters.refused["client_address"], 1);
        assert_eq!(counters.send_errors, 1, "the subnet's broadcast address");
        assert_eq!(counters.datagrams_out, 1);
    });
}

#[test]
fn an_address_that_the_interface_lacks_can_be_sent_from_once_it_is_there() {
    in_namespace(
        an_address_that_the_interface_lacks_can_be_sent_from_once_it_is_there,
        async {
            let bed = Bed::new();
            // A namespace that never had an address accepts any: it has no table to look into.
            ip("addr add 10.9.9.9/24 dev client0");
            put_in_force(&bed.network);
            bed.network.send(renewal(SERVER_ADDRESS)).await.unwrap();
            assert_eq!(bed.network.counters().send_errors, 1, "there is no route");

            configure();
            bed.network.send(renewal(SERVER_ADDRESS)).await.unwrap();
            assert_eq!(bed.network.counters().datagrams_out, 1);
            let frame = bed.peer.receive_from_client();
            assert_eq!(frame[26..30], CLIENT_ADDRESS);
            assert_eq!(frame[42..], message(CLIENT_ADDRESS));
        },
    );
}

#[test]
fn a_renamed_interface_still_sends() {
    in_namespace(a_renamed_interface_still_sends, async {
        let bed = Bed::new();
        ip("link set client0 down");
        ip("link set client0 name renamed0");
        ip("link set renamed0 up");
        await_carrier("renamed0");
        await_carrier(PEER);
        ip("addr add 10.0.0.5/24 dev renamed0");
        let peer = MacAddress(PEER_MAC);
        ip(&format!(
            "neigh replace 10.0.0.1 lladdr {peer} dev renamed0 nud permanent"
        ));
        put_in_force(&bed.network);
        bed.network.send(renewal(SERVER_ADDRESS)).await.unwrap();
        let frame = bed.peer.receive_from_client();
        assert_eq!(frame[42..], message(CLIENT_ADDRESS));
    });
}
