//! What the shipped configuration looks like on the wire, field by field.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Server, Terms, Testbed,
    frame::{BROADCAST_MAC, Content, Frame},
    linuxkit::{CONFIGURATION, ONBOOT, container, machine},
    message::{Kind, Message, code},
    testbed::{CLIENT_MAC, SERVER_ADDRESS},
};

use crate::{LEASED, leases};

const HOST_NAME: u8 = 12;
const PARAMETER_REQUEST_LIST: u8 = 55;
const MAXIMUM_MESSAGE_SIZE: u8 = 57;
const VENDOR_CLASS: u8 = 60;
const RAPID_COMMIT: u8 = 80;
const FORCERENEW_NONCE: u8 = 145;

/// What dhcpcd asks for with that file, in its order.
const REQUESTED: [u8; 15] = [1, 121, 3, 6, 12, 15, 26, 28, 33, 42, 51, 54, 58, 59, 119];

/// The frames of the client's messages of one run at boot.
fn sent(name: &str) -> Vec<Frame> {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let sniffer = bed.sniffer();
    let machine = machine(&bed, name);
    leases(&mut container(&machine, ONBOOT, CONFIGURATION));
    let frames = sniffer.frames().entries();
    let sent = |frame: &Frame| !frame.from_server && frame.dhcp().is_some();
    frames.into_iter().filter(sent).collect()
}

/// The codes of a message's options, in the order of their numbers.
fn codes(message: &Message) -> Vec<u8> {
    let mut codes: Vec<u8> = message.options.iter().map(|(code, _)| *code).collect();
    codes.sort_unstable();
    codes
}

#[test]
fn the_messages_of_the_shipped_file_are_dhcpcds_field_by_field() {
    let frames = sent("linuxkit-box");

    let [discover, request] = frames.as_slice() else {
        panic!("a DHCPDISCOVER and a DHCPREQUEST: {frames:#?}");
    };
    for frame in [discover, request] {
        assert_eq!(frame.destination_mac, BROADCAST_MAC);
        assert_eq!(frame.source_mac, CLIENT_MAC);
        // The time to live of the IP header.
        assert_eq!(frame.bytes[22], 64);
        let Content::Dhcp {
            source,
            destination,
            message,
        } = &frame.content
        else {
            panic!("DHCP: {frame:?}");
        };
        assert_eq!(*source, Ipv4Addr::UNSPECIFIED);
        assert_eq!(*destination, Ipv4Addr::BROADCAST);
        assert_eq!((message.op, message.flags, message.secs), (1, 0, 0));
        for address in [
            message.ciaddr,
            message.yiaddr,
            message.siaddr,
            message.giaddr,
        ] {
            assert_eq!(address, Ipv4Addr::UNSPECIFIED);
        }
        assert_eq!(message.chaddr, CLIENT_MAC);
        let identifier = [[1].as_slice(), &CLIENT_MAC].concat();
        assert_eq!(
            message.option(code::CLIENT_IDENTIFIER),
            Some(identifier.as_slice())
        );
        assert_eq!(message.option(HOST_NAME), Some(b"linuxkit-box".as_slice()));
        // The MTU of the link without the headers of IP and UDP.
        assert_eq!(
            message.option(MAXIMUM_MESSAGE_SIZE),
            Some(1472_u16.to_be_bytes().as_slice())
        );
        assert_eq!(
            message.option(PARAMETER_REQUEST_LIST),
            Some(REQUESTED.as_slice())
        );
        assert_eq!(message.option(FORCERENEW_NONCE), Some([1].as_slice()));
        let class = message.option(VENDOR_CLASS).unwrap_or_default();
        assert!(class.starts_with(b"calfkit-"), "{class:?}");
    }
    let (discover, request) = (discover.dhcp().unwrap(), request.dhcp().unwrap());
    assert_eq!(discover.kind(), Kind::DISCOVER);
    assert_eq!(discover.option(RAPID_COMMIT), Some([].as_slice()));
    assert_eq!(codes(discover), [12, 53, 55, 57, 60, 61, 80, 145]);
    assert_eq!(request.kind(), Kind::REQUEST);
    assert_eq!(request.xid, discover.xid);
    assert_eq!(request.option(RAPID_COMMIT), None);
    let address = request.address_option(code::REQUESTED_ADDRESS);
    assert_eq!(address, Some(LEASED));
    let server = request.address_option(code::SERVER_IDENTIFIER);
    assert_eq!(server, Some(SERVER_ADDRESS));
    assert_eq!(codes(request), [12, 50, 53, 54, 55, 57, 60, 61, 145]);
}

#[test]
fn a_machine_without_a_name_of_its_own_sends_none() {
    let frames = sent("localhost");
    let named = frames
        .iter()
        .filter_map(Frame::dhcp)
        .filter(|message| message.option(HOST_NAME).is_some());
    assert_eq!(named.count(), 0);
    assert_eq!(frames.len(), 2);
}
