//! Each rule broken alone, and a second opinion (smoltcp's codecs) on whatever gets through.

use proptest::prelude::*;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetFrame, EthernetProtocol, IpProtocol, Ipv4Packet,
    UdpPacket,
};

use super::*;

const OWN: MacAddress = MacAddress([0x02, 0x11, 0x22, 0x33, 0x44, 0x55]);
const OTHER: [u8; 6] = [0x02, 0x11, 0x22, 0x33, 0x44, 0x56];
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 5);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// A client's message with `ciaddr` and whatever options.
fn message(client_address: Ipv4Addr, options: &[u8]) -> Vec<u8> {
    let mut message = vec![1, 1, 6, 0];
    message.extend([0xde, 0xad, 0xbe, 0xef, 0, 0, 0x80, 0]);
    message.extend(client_address.octets());
    message.extend([0; 12]);
    message.extend(OWN.0);
    message.extend([0; 10 + 64 + 128]);
    message.extend([99, 130, 83, 99]);
    message.extend(options);
    message
}

/// `payload` in UDP from port 68 to 67, IPv4 and a broadcast Ethernet frame. Checksums are left 0.
fn dhcp_frame(source: Ipv4Addr, destination: Ipv4Addr, payload: &[u8]) -> Vec<u8> {
    let length = |header: usize| u16::try_from(header + payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![0xff; 6];
    frame.extend(OWN.0);
    frame.extend([0x08, 0x00, 0x45, 0x10]);
    frame.extend(length(28));
    frame.extend([0, 1, 0, 0, 64, 17, 0, 0]);
    frame.extend(source.octets());
    frame.extend(destination.octets());
    frame.extend([0, 68, 0, 67]);
    frame.extend(length(8));
    frame.extend([0, 0]);
    frame.extend(payload);
    frame
}

fn discover() -> Vec<u8> {
    let message = message(Ipv4Addr::UNSPECIFIED, &[53, 1, 1, 255]);
    dhcp_frame(Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, &message)
}

/// Broadcast ARP about SERVER.
fn arp_frame(operation: u8, sender: Ipv4Addr) -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend(OWN.0);
    frame.extend([0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, operation]);
    frame.extend(OWN.0);
    frame.extend(sender.octets());
    frame.extend([0; 6]);
    frame.extend(SERVER.octets());
    frame
}

fn probe() -> Vec<u8> {
    arp_frame(1, Ipv4Addr::UNSPECIFIED)
}

/// The verdict of fresh rules with ADDRESS in force.
fn verdict(frame: &[u8]) -> Result<(), Refusal> {
    let mut egress = Egress::new(OWN);
    egress.identity.address = Some(ADDRESS);
    egress.admit_frame(Instant::now(), frame)
}

/// The verdict after `octets` were written at `offset`.
fn verdict_with(mut frame: Vec<u8>, offset: usize, octets: &[u8]) -> Result<(), Refusal> {
    frame[offset..offset + octets.len()].copy_from_slice(octets);
    verdict(&frame)
}

#[test]
fn what_an_honest_client_sends_is_admitted() {
    assert_eq!(verdict(&discover()), Ok(()));
    let bound = message(ADDRESS, &[53, 1, 3, 255]);
    assert_eq!(
        verdict(&dhcp_frame(ADDRESS, Ipv4Addr::BROADCAST, &bound)),
        Ok(())
    );
    assert_eq!(verdict(&dhcp_frame(ADDRESS, SERVER, &bound)), Ok(()));
    assert_eq!(verdict(&probe()), Ok(()));
    assert_eq!(verdict(&arp_frame(1, ADDRESS)), Ok(()));
    assert_eq!(verdict(&arp_frame(2, ADDRESS)), Ok(()));
}

#[test]
fn a_frame_is_from_us_and_to_one_or_to_all() {
    assert_eq!(
        verdict_with(probe(), 6, &OTHER),
        Err(Refusal::EthernetSource(MacAddress(OTHER)))
    );
    assert_eq!(verdict_with(probe(), 0, &OTHER), Ok(()));
    let group = [0x01, 0x00, 0x5e, 0, 0, 1];
    assert_eq!(
        verdict_with(discover(), 0, &group),
        Err(Refusal::EthernetDestination(MacAddress(group)))
    );
}

#[test]
fn a_frame_is_arp_or_ipv4_without_a_vlan_tag() {
    assert_eq!(
        verdict_with(discover(), 12, &[0x86, 0xdd]),
        Err(Refusal::EtherType(0x86dd))
    );
    assert_eq!(
        verdict_with(discover(), 12, &[0x81, 0x00]),
        Err(Refusal::EtherType(0x8100))
    );
}

#[test]
fn arp_is_ours_in_every_field() {
    assert_eq!(verdict_with(probe(), 14, &[0, 6]), Err(Refusal::ArpFormat));
    assert_eq!(verdict_with(probe(), 18, &[8]), Err(Refusal::ArpFormat));
    assert_eq!(
        verdict_with(probe(), 22, &OTHER),
        Err(Refusal::ArpSenderMac(MacAddress(OTHER)))
    );
    assert_eq!(
        verdict(&arp_frame(1, SERVER)),
        Err(Refusal::ArpSenderAddress(SERVER))
    );
    assert_eq!(
        verdict(&arp_frame(2, Ipv4Addr::UNSPECIFIED)),
        Err(Refusal::ArpOperation(2))
    );
    assert_eq!(
        verdict(&arp_frame(3, ADDRESS)),
        Err(Refusal::ArpOperation(3))
    );
}

#[test]
fn without_an_address_in_force_only_nobodys_is_admitted() {
    let now = Instant::now();
    let mut egress = Egress::new(OWN);
    assert_eq!(egress.admit_frame(now, &probe()), Ok(()));
    assert_eq!(
        egress.admit_frame(now, &arp_frame(1, ADDRESS)),
        Err(Refusal::ArpSenderAddress(ADDRESS))
    );
    let bound = message(ADDRESS, &[]);
    assert_eq!(
        egress.admit_frame(now, &dhcp_frame(ADDRESS, Ipv4Addr::BROADCAST, &bound)),
        Err(Refusal::Source(ADDRESS))
    );
    assert_eq!(
        egress.admit_datagram(now, SERVER, &bound),
        Err(Refusal::NoUnicastSocket)
    );
}

#[test]
fn ipv4_is_plain_and_whole() {
    let refused = |offset, octets: &[u8]| verdict_with(discover(), offset, octets).unwrap_err();
    assert_eq!(refused(14, &[0x46]), Refusal::Ipv4Header(0x46));
    assert_eq!(refused(14, &[0x65]), Refusal::Ipv4Header(0x65));
    assert_eq!(refused(20, &[0x20, 0]), Refusal::Fragment(0x2000));
    assert_eq!(refused(20, &[0, 1]), Refusal::Fragment(1));
    assert_eq!(refused(20, &[0x80, 0]), Refusal::Fragment(0x8000));
    assert_eq!(refused(23, &[1]), Refusal::Protocol(1));
    assert_eq!(verdict_with(discover(), 20, &[0x40, 0]), Ok(()));
}

#[test]
fn addresses_are_ours_and_a_servers() {
    let refused = |offset, octets: &[u8]| verdict_with(discover(), offset, octets).unwrap_err();
    assert_eq!(refused(26, &[10, 0, 0, 1]), Refusal::Source(SERVER));
    let to = |destination: [u8; 4]| refused(30, &destination);
    let not_a_server = |octets: [u8; 4]| Refusal::Destination(octets.into());
    assert_eq!(to([224, 0, 0, 1]), not_a_server([224, 0, 0, 1]));
    assert_eq!(to([127, 0, 0, 1]), not_a_server([127, 0, 0, 1]));
    assert_eq!(to([0, 0, 0, 0]), not_a_server([0, 0, 0, 0]));
    assert_eq!(to([255, 255, 255, 254]), not_a_server([255, 255, 255, 254]));
}

#[test]
fn lengths_agree_and_nothing_trails() {
    let refused = |offset, octets: &[u8]| verdict_with(discover(), offset, octets).unwrap_err();
    assert_eq!(refused(16, &[0, 27]), Refusal::Length);
    assert_eq!(refused(16, &[1, 15]), Refusal::Length);
    assert_eq!(refused(38, &[0, 8]), Refusal::Length);
    let mut trailing = discover();
    trailing.push(0);
    assert_eq!(verdict(&trailing), Err(Refusal::Length));
    let mut padded = probe();
    padded.resize(60, 0);
    assert_eq!(verdict(&padded), Ok(()));
    padded[59] = 1;
    assert_eq!(verdict(&padded), Err(Refusal::Length));
    assert_eq!(verdict(&[]), Err(Refusal::Length));
}

#[test]
fn a_message_is_a_clients_about_this_client() {
    let refused = |offset, octets: &[u8]| verdict_with(discover(), offset, octets).unwrap_err();
    assert_eq!(refused(34, &[0, 67]), Refusal::Ports(67, 67));
    assert_eq!(refused(36, &[0, 53]), Refusal::Ports(68, 53));
    assert_eq!(refused(42, &[2]), Refusal::BootpOperation(2));
    assert_eq!(refused(43, &[6]), Refusal::BootpHardware(6, 6));
    assert_eq!(refused(44, &[16]), Refusal::BootpHardware(1, 16));
    assert_eq!(refused(66, &[10, 0, 0, 1]), Refusal::Relayed(SERVER));
    assert_eq!(
        refused(70, &OTHER),
        Refusal::ClientHardwareAddress(MacAddress(OTHER))
    );
    assert_eq!(refused(278, &[99, 130, 83, 98]), Refusal::MagicCookie);
}

#[test]
fn a_datagram_is_about_the_address_in_force_and_for_another_host() {
    let now = Instant::now();
    let mut egress = Egress::new(OWN);
    egress.identity.address = Some(ADDRESS);
    let renew = message(ADDRESS, &[53, 1, 3, 255]);
    assert_eq!(egress.admit_datagram(now, SERVER, &renew), Ok(()));

    let mut refused = |destination: [u8; 4], payload: &[u8]| {
        egress
            .admit_datagram(now, destination.into(), payload)
            .unwrap_err()
    };
    assert_eq!(
        refused([255; 4], &renew),
        Refusal::Destination([255; 4].into())
    );
    assert_eq!(
        refused([239, 1, 1, 1], &renew),
        Refusal::Destination([239, 1, 1, 1].into())
    );
    assert_eq!(refused([0; 4], &renew), Refusal::Destination([0; 4].into()));
    assert_eq!(
        refused([127, 0, 0, 1], &renew),
        Refusal::Destination(Ipv4Addr::LOCALHOST)
    );
    assert_eq!(
        refused(ADDRESS.octets(), &renew),
        Refusal::Destination(ADDRESS)
    );
    assert_eq!(
        refused([10, 0, 0, 1], &message(SERVER, &[])),
        Refusal::ClientAddress(SERVER)
    );
    assert_eq!(refused([10, 0, 0, 1], &renew[..239]), Refusal::Length);
    assert_eq!(refused([10, 0, 0, 1], b""), Refusal::Length);
}

#[test]
fn ten_of_each_class_leave_in_a_second_and_refused_ones_do_not_count() {
    let start = Instant::now();
    let mut egress = Egress::new(OWN);
    egress.identity.address = Some(ADDRESS);
    let [probe, discover] = [probe(), discover()];
    let renew = message(ADDRESS, &[]);
    for _ in 0..100 {
        let spoofed = egress.admit_frame(start, &arp_frame(1, SERVER));
        assert_eq!(spoofed, Err(Refusal::ArpSenderAddress(SERVER)));
    }
    for _ in 0..10 {
        assert_eq!(egress.admit_frame(start, &probe), Ok(()));
    }
    for _ in 0..5 {
        assert_eq!(egress.admit_frame(start, &discover), Ok(()));
        assert_eq!(egress.admit_datagram(start, SERVER, &renew), Ok(()));
    }
    let almost = start + Duration::from_millis(999);
    assert_eq!(egress.admit_frame(almost, &probe), Err(Refusal::ArpRate));
    assert_eq!(
        egress.admit_frame(almost, &discover),
        Err(Refusal::DhcpRate)
    );
    assert_eq!(
        egress.admit_datagram(almost, SERVER, &renew),
        Err(Refusal::DhcpRate)
    );
    let later = start + Duration::from_secs(1);
    assert_eq!(egress.admit_frame(later, &probe), Ok(()));
    assert_eq!(egress.admit_frame(later, &discover), Ok(()));
}

/// Decision and second opinion: what is admitted, another codec must read as ours.
fn assert_ours(frame: &[u8]) {
    let ethernet = EthernetFrame::new_checked(frame).unwrap();
    assert_eq!(ethernet.src_addr().0, OWN.0);
    assert!(ethernet.dst_addr().is_unicast() || ethernet.dst_addr().is_broadcast());
    let own = [Ipv4Addr::UNSPECIFIED, ADDRESS];
    match ethernet.ethertype() {
        EthernetProtocol::Arp => {
            let packet = ArpPacket::new_checked(ethernet.payload()).unwrap();
            let ArpRepr::EthernetIpv4 {
                operation,
                source_hardware_addr,
                source_protocol_addr,
                ..
            } = ArpRepr::parse(&packet).unwrap()
            else {
                panic!("ARP for something else");
            };
            assert_eq!(source_hardware_addr.0, OWN.0);
            assert!(own.contains(&source_protocol_addr));
            assert!(operation == ArpOperation::Request || source_protocol_addr == ADDRESS);
        }
        EthernetProtocol::Ipv4 => {
            let packet = Ipv4Packet::new_checked(ethernet.payload()).unwrap();
            assert_eq!((packet.version(), packet.header_len()), (4, 20));
            assert!(!packet.more_frags() && packet.frag_offset() == 0);
            assert_eq!(packet.next_header(), IpProtocol::Udp);
            assert_eq!(usize::from(packet.total_len()), ethernet.payload().len());
            assert!(own.contains(&packet.src_addr()));
            assert!(!packet.dst_addr().is_multicast());
            let udp = UdpPacket::new_checked(packet.payload()).unwrap();
            assert_eq!((udp.src_port(), udp.dst_port()), (68, 67));
            let message = udp.payload();
            assert_eq!(message[..3], [1, 1, 6]);
            assert_eq!(message[24..28], [0; 4]);
            assert_eq!(message[28..34], OWN.0);
            assert_eq!(message[236..240], [99, 130, 83, 99]);
        }
        other @ (EthernetProtocol::Ipv6 | EthernetProtocol::Unknown(_)) => panic!("{other} left"),
    }
}

fn honest_frame() -> impl Strategy<Value = Vec<u8>> {
    let source = prop_oneof![Just(Ipv4Addr::UNSPECIFIED), Just(ADDRESS)];
    let options = prop::collection::vec(any::<u8>(), 0..400);
    prop_oneof![
        (source, options).prop_map(|(source, options)| dhcp_frame(
            source,
            Ipv4Addr::BROADCAST,
            &message(source, &options)
        )),
        Just(probe()),
        Just(arp_frame(1, ADDRESS)),
        Just(arp_frame(2, ADDRESS)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn an_honest_frame_is_admitted_whatever_its_options(frame in honest_frame()) {
        prop_assert_eq!(verdict(&frame), Ok(()));
        assert_ours(&frame);
    }

    #[test]
    fn a_mutated_frame_that_is_admitted_is_still_ours(
        mut frame in honest_frame(),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        length in prop::option::weighted(0.1, any::<prop::sample::Index>()),
    ) {
        // Most of the rules are about the first 60 octets, most of the octets are not.
        let header = frame.len().min(76);
        for (position, value) in mutations {
            frame[position.index(header)] = value;
        }
        if let Some(length) = length {
            frame.truncate(length.index(frame.len()));
        }
        if verdict(&frame).is_ok() {
            assert_ours(&frame);
        }
    }

    #[test]
    fn noise_is_refused_without_a_panic(frame in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(verdict(&frame).is_err());
    }
}
