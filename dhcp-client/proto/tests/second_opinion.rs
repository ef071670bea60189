//! The test support agrees with itself: what [`support::server`] frames is a message of the type,
//! addresses and options that were asked for, by the reading of a second implementation.

mod support;

use std::net::Ipv4Addr;

use dhcp_proto::MessageType;
use dhcproto::{
    Decodable,
    v4::{DhcpOption, Message, MessageType as Code, OptionCode},
};
use smoltcp::wire::{EthernetFrame, Ipv4Packet, UdpPacket};
use support::{sent::Sent, server::Reply};

const MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x10];
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 77);

fn request() -> Sent {
    Sent {
        carrier: None,
        message_type: MessageType::Request,
        xid: 0x1234_5678,
        secs: 0,
        flags: 0,
        ciaddr: Ipv4Addr::UNSPECIFIED,
        chaddr: MAC,
        options: Default::default(),
        codes: Vec::new(),
        payload: Vec::new(),
    }
}

#[test]
fn a_replys_frame_holds_what_was_asked_for() {
    let mut reply = Reply::ack(&request(), ADDRESS).with(15, b"example.com");
    reply.broadcast = false;

    let frame = reply.frame();

    let ethernet = EthernetFrame::new_checked(frame.as_slice()).unwrap();
    assert_eq!(ethernet.dst_addr().0, MAC);
    let packet = Ipv4Packet::new_checked(ethernet.payload()).unwrap();
    assert_eq!(packet.dst_addr(), ADDRESS);
    let udp = UdpPacket::new_checked(packet.payload()).unwrap();
    assert_eq!((udp.src_port(), udp.dst_port()), (67, 68));
    let message = Message::from_bytes(udp.payload()).unwrap();
    assert_eq!(message.xid(), 0x1234_5678);
    assert_eq!(message.yiaddr(), ADDRESS);
    assert_eq!(message.chaddr(), MAC);
    assert_eq!(message.opts().msg_type(), Some(Code::Ack));
    assert_eq!(
        message.opts().get(OptionCode::DomainName),
        Some(&DhcpOption::DomainName("example.com".into()))
    );
    assert_eq!(
        message.opts().get(OptionCode::AddressLeaseTime),
        Some(&DhcpOption::AddressLeaseTime(3600))
    );
}

#[test]
fn a_nak_has_no_lease() {
    let message = Message::from_bytes(&Reply::nak(&request()).message()).unwrap();

    assert_eq!(message.opts().msg_type(), Some(Code::Nak));
    assert_eq!(message.yiaddr(), Ipv4Addr::UNSPECIFIED);
    assert_eq!(message.opts().get(OptionCode::AddressLeaseTime), None);
    assert_eq!(message.opts().get(OptionCode::SubnetMask), None);
}
