//! What the kernel says about a link (ifinfomsg and its attributes, rtnetlink(7)).

use netlink_packet_core::NlasIterator;
use netlink_packet_route::{
    AddressFamily,
    link::{LinkFlags, LinkHeader, LinkLayerType},
};
use sdk_rpc::{LinkState, MacAddress};

/// Octets of ifinfomsg.
const LINK_HEADER: usize = 16;
/// IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_MASTER, IFLA_LINKINFO and IFLA_MAX_MTU of linux/if_link.h.
/// Only these are read, so that an attribute of a kernel to come cannot make a link unreadable.
const ADDRESS: u16 = 1;
const NAME: u16 = 3;
const MTU: u16 = 4;
const MASTER: u16 = 10;
const LINK_INFO: u16 = 18;
const MAX_MTU: u16 = 51;
/// IFLA_INFO_KIND, inside of IFLA_LINKINFO.
const INFO_KIND: u16 = 1;

/// What a link message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkFacts {
    pub(crate) index: u32,
    pub(crate) name: Option<String>,
    pub(crate) ethernet: bool,
    pub(crate) loopback: bool,
    /// What kind of virtual link, by its driver's name.
    pub(crate) kind: Option<String>,
    /// Index of the bridge or bond that it is a port of.
    pub(crate) port_of: Option<u32>,
    pub(crate) state: LinkState,
    pub(crate) highest_mtu: u32,
}

impl LinkFacts {
    /// Reads a message about a link as such. A bridge tells of its ports with the same messages in a family
    /// of its own, in which leaving the bridge is a removal; and a wireless driver passes on events in
    /// messages without an MTU (linux/wireless.h). Neither says how the link is.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let header = own_header(payload)?;
        let mut mac = MacAddress([0; 6]);
        let (mut name, mut kind, mut port_of) = (None, None, None);
        let (mut mtu, mut highest_mtu) = (None, 0);
        let attributes = payload.get(LINK_HEADER..)?;
        for attribute in NlasIterator::new(attributes).map_while(Result::ok) {
            let value = attribute.value();
            match attribute.kind() {
                ADDRESS => mac = value.try_into().map_or(mac, MacAddress),
                NAME => name = Some(text(value)),
                MTU => mtu = number(value),
                MASTER => port_of = number(value),
                LINK_INFO => kind = kind_of(value),
                MAX_MTU => highest_mtu = number(value).unwrap_or(0),
                _ => {}
            }
        }
        let mtu = mtu?;
        let state = LinkState {
            up: header.flags.contains(LinkFlags::Up),
            // Not IFF_LOWER_UP: it comes before the queues are ready and frames get through, and before
            // an 802.1X or WPA supplicant is done (Documentation/networking/operstates.rst).
            carrier: header.flags.contains(LinkFlags::Running),
            mac,
            mtu,
        };
        Some(Self {
            index: header.index,
            name,
            ethernet: header.link_layer_type == LinkLayerType::Ether,
            loopback: header.flags.contains(LinkFlags::Loopback),
            kind,
            port_of,
            state,
            // 0 is a driver that does not say: then whatever it has now is all that it surely takes.
            highest_mtu: if highest_mtu == 0 { mtu } else { highest_mtu },
        })
    }
}

/// The index of the link that a message of deletion is about: gone, or in another network namespace.
pub(crate) fn deleted_link(payload: &[u8]) -> Option<u32> {
    own_header(payload).map(|header| header.index)
}

fn own_header(payload: &[u8]) -> Option<LinkHeader> {
    let header = LinkHeader::parse(payload).ok()?;
    (header.interface_family == AddressFamily::Unspec).then_some(header)
}

fn kind_of(nested: &[u8]) -> Option<String> {
    NlasIterator::new(nested)
        .map_while(Result::ok)
        .find(|attribute| attribute.kind() == INFO_KIND)
        .map(|attribute| text(attribute.value()))
}

fn text(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.trim_end_matches('\0').to_owned()
}

fn number(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ifinfomsg of `family` for link 7, up and running Ethernet, then attributes.
    fn message(family: u8, attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut message = vec![family, 0, 1, 0, 7, 0, 0, 0, 0x41, 0, 0, 0, 0, 0, 0, 0];
        for (kind, value) in attributes {
            let length = u16::try_from(value.len()).unwrap().strict_add(4);
            message.extend(length.to_ne_bytes());
            message.extend(kind.to_ne_bytes());
            message.extend_from_slice(value);
            message.resize(message.len().next_multiple_of(4), 0);
        }
        message
    }

    const WITH_MTU: (u16, &[u8]) = (MTU, &1500_u32.to_ne_bytes());

    #[test]
    fn everything_that_matters_is_read_and_the_rest_passed_over() {
        let payload = message(
            0,
            &[
                (ADDRESS, &[2, 0, 0, 0, 0, 9]),
                (NAME, b"eth7\0"),
                (MASTER, &3_u32.to_ne_bytes()),
                (LINK_INFO, &[9, 0, 1, 0, b'v', b'e', b't', b'h', 0]),
                (0x7abc, b"of a kernel to come"),
                WITH_MTU,
                (MAX_MTU, &9000_u32.to_ne_bytes()),
            ],
        );
        let facts = LinkFacts {
            index: 7,
            name: Some("eth7".to_owned()),
            ethernet: true,
            loopback: false,
            kind: Some("veth".to_owned()),
            port_of: Some(3),
            state: LinkState {
                up: true,
                carrier: true,
                mac: MacAddress([2, 0, 0, 0, 0, 9]),
                mtu: 1500,
            },
            highest_mtu: 9000,
        };
        assert_eq!(LinkFacts::parse(&payload), Some(facts));
    }

    #[test]
    fn what_a_bridge_or_a_wireless_driver_tells_is_not_about_the_link() {
        const BRIDGE: u8 = 7;
        assert_eq!(LinkFacts::parse(&message(BRIDGE, &[WITH_MTU])), None);
        assert_eq!(deleted_link(&message(BRIDGE, &[])), None);
        assert_eq!(LinkFacts::parse(&message(0, &[(NAME, b"wlan0\0")])), None);
        assert_eq!(deleted_link(&message(0, &[])), Some(7));
    }

    #[test]
    fn malformed_messages_say_nothing() {
        let whole = message(0, &[(NAME, b"eth7\0"), WITH_MTU]);
        let cut: Vec<usize> = (0..whole.len())
            .filter(|length| LinkFacts::parse(&whole[..*length]).is_some())
            .collect();
        assert_eq!(cut, [0; 0]);
        // An attribute that claims to be longer than the message, and one shorter than its own header.
        let mut long = whole.clone();
        long[16] = 255;
        let mut short = whole;
        short[16] = 3;
        assert_eq!(
            (LinkFacts::parse(&long), LinkFacts::parse(&short)),
            (None, None)
        );
    }
}
