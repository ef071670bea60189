//! A DHCP server's messages, field by field: what a test does not set is what a good server sends.

use std::net::Ipv4Addr;

use dhcp_proto::MessageType;
use dhcproto::{
    Encodable,
    v4::{DhcpOption, Flags, Message, MessageType as Code, Opcode, UnknownOption},
};
use smoltcp::{
    phy::ChecksumCapabilities,
    wire::{
        EthernetAddress, EthernetFrame, EthernetProtocol, EthernetRepr, IpAddress, IpProtocol,
        Ipv4Packet, Ipv4Repr, UdpPacket, UdpRepr,
    },
};

use super::sent::Sent;

/// The server of most tests.
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// Its MAC address.
pub(crate) const SERVER_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x01];
/// Option 51 of [`Reply::offer`] and [`Reply::ack`].
pub(crate) const LEASE_SECONDS: u32 = 3600;

/// A server's message.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) message_type: MessageType,
    pub(crate) xid: u32,
    pub(crate) yiaddr: Ipv4Addr,
    pub(crate) siaddr: Ipv4Addr,
    pub(crate) chaddr: [u8; 6],
    /// Option 54; `None` leaves it out.
    pub(crate) server_identifier: Option<Ipv4Addr>,
    /// Option 51; `None` leaves it out.
    pub(crate) lease_time: Option<u32>,
    /// More options by code; they replace those above. dhcproto splits a value of more than 255 octets
    /// and leaves an empty one out, except 80.
    pub(crate) options: Vec<(u8, Vec<u8>)>,
    /// IPv4 source of the packet.
    pub(crate) source: Ipv4Addr,
    /// To everyone, or to `chaddr` and `yiaddr`.
    pub(crate) broadcast: bool,
}

impl Reply {
    /// A DHCPOFFER of `yiaddr` to a DHCPDISCOVER.
    pub(crate) fn offer(request: &Sent, yiaddr: Ipv4Addr) -> Self {
        Self::answer(MessageType::Offer, request, yiaddr)
    }

    /// A DHCPACK with `yiaddr`.
    pub(crate) fn ack(request: &Sent, yiaddr: Ipv4Addr) -> Self {
        Self::answer(MessageType::Ack, request, yiaddr)
    }

    /// A DHCPNAK. RFC 2131 table 3: yiaddr 0, no lease time; section 4.1: to everyone.
    pub(crate) fn nak(request: &Sent) -> Self {
        Self {
            lease_time: None,
            options: Vec::new(),
            ..Self::answer(MessageType::Nak, request, Ipv4Addr::UNSPECIFIED)
        }
    }

    /// A BOOTREPLY with `yiaddr`: no option of DHCP's.
    pub(crate) fn boot(request: &Sent, yiaddr: Ipv4Addr) -> Self {
        Self {
            server_identifier: None,
            lease_time: None,
            ..Self::answer(MessageType::BootReply, request, yiaddr)
        }
    }

    /// The same message from another server.
    #[expect(
        clippy::wrong_self_convention,
        reason = "reads as what it is: an offer from that server"
    )]
    pub(crate) fn from_server(self, server: Ipv4Addr) -> Self {
        Self {
            server_identifier: Some(server),
            source: server,
            ..self
        }
    }

    /// The same message with one more option.
    pub(crate) fn with(mut self, code: u8, value: &[u8]) -> Self {
        self.options.push((code, value.to_vec()));
        self
    }

    fn answer(message_type: MessageType, request: &Sent, yiaddr: Ipv4Addr) -> Self {
        Self {
            message_type,
            xid: request.xid,
            yiaddr,
            siaddr: Ipv4Addr::UNSPECIFIED,
            chaddr: request.chaddr,
            server_identifier: Some(SERVER),
            lease_time: Some(LEASE_SECONDS),
            options: vec![(1, vec![255, 255, 255, 0]), (3, SERVER.octets().to_vec())],
            source: SERVER,
            broadcast: true,
        }
    }

    /// The BOOTP message, encoded by dhcproto.
    pub(crate) fn message(&self) -> Vec<u8> {
        let mut message = Message::default();
        message
            .set_opcode(Opcode::BootReply)
            .set_xid(self.xid)
            .set_flags(Flags::new(if self.broadcast { 0x8000 } else { 0 }))
            .set_yiaddr(self.yiaddr)
            .set_siaddr(self.siaddr)
            .set_chaddr(&self.chaddr);
        let options = message.opts_mut();
        if let Some(code) = code(self.message_type) {
            options.insert(DhcpOption::MessageType(code));
        }
        if let Some(address) = self.server_identifier {
            options.insert(DhcpOption::ServerIdentifier(address));
        }
        if let Some(seconds) = self.lease_time {
            options.insert(DhcpOption::AddressLeaseTime(seconds));
        }
        for (code, value) in &self.options {
            options.insert(match (code, value.as_slice()) {
                (80, []) => DhcpOption::RapidCommit,
                _ => DhcpOption::Unknown(UnknownOption::new((*code).into(), value.clone())),
            });
        }
        let mut bytes = message.to_vec().unwrap();
        bytes.resize(bytes.len().max(300), 0);
        bytes
    }

    /// The whole Ethernet frame, with right checksums.
    pub(crate) fn frame(&self) -> Vec<u8> {
        let (mac, destination) = match self.broadcast {
            true => (EthernetAddress::BROADCAST, Ipv4Addr::BROADCAST),
            false => (EthernetAddress(self.chaddr), self.yiaddr),
        };
        frame(&self.message(), mac, self.source, destination)
    }
}

/// Ethernet, IPv4 and UDP 67 to 68 around a message.
pub(crate) fn frame(
    message: &[u8],
    destination_mac: EthernetAddress,
    source: Ipv4Addr,
    destination: Ipv4Addr,
) -> Vec<u8> {
    let ethernet = EthernetRepr {
        src_addr: EthernetAddress(SERVER_MAC),
        dst_addr: destination_mac,
        ethertype: EthernetProtocol::Ipv4,
    };
    let ipv4 = Ipv4Repr {
        src_addr: source,
        dst_addr: destination,
        next_header: IpProtocol::Udp,
        payload_len: 8 + message.len(),
        hop_limit: 64,
    };
    let udp = UdpRepr {
        src_port: 67,
        dst_port: 68,
    };
    let checksums = ChecksumCapabilities::default();
    let mut bytes = vec![0; 14 + 20 + 8 + message.len()];
    let mut ethernet_frame = EthernetFrame::new_unchecked(&mut bytes[..]);
    ethernet.emit(&mut ethernet_frame);
    let mut packet = Ipv4Packet::new_unchecked(ethernet_frame.payload_mut());
    ipv4.emit(&mut packet, &checksums);
    udp.emit(
        &mut UdpPacket::new_unchecked(packet.payload_mut()),
        &IpAddress::Ipv4(source),
        &IpAddress::Ipv4(destination),
        message.len(),
        |payload| payload.copy_from_slice(message),
        &checksums,
    );
    bytes
}

fn code(message_type: MessageType) -> Option<Code> {
    match message_type {
        MessageType::Discover => Some(Code::Discover),
        MessageType::Offer => Some(Code::Offer),
        MessageType::Request => Some(Code::Request),
        MessageType::Decline => Some(Code::Decline),
        MessageType::Ack => Some(Code::Ack),
        MessageType::Nak => Some(Code::Nak),
        MessageType::Release => Some(Code::Release),
        MessageType::Inform => Some(Code::Inform),
        MessageType::ForceRenew => Some(Code::ForceRenew),
        MessageType::BootRequest | MessageType::BootReply => None,
    }
}
