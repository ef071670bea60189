//! What the embedded server grants, and the messages that say so.

use std::net::Ipv4Addr;

use crate::{
    cable::Cable,
    message::{Kind, Message, code},
    testbed::{PREFIX_LENGTH, SERVER_ADDRESS},
};

/// The address that a server grants where a test does not say otherwise.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);

/// What a lease consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The one address.
    pub address: Ipv4Addr,
    /// Of the subnet mask.
    pub prefix_length: u8,
    /// Length of the lease; `u32::MAX` is infinite.
    pub lease_seconds: u32,
    /// T1; `None` leaves it to the client.
    pub renewal_seconds: Option<u32>,
    /// T2; `None` leaves it to the client.
    pub rebinding_seconds: Option<u32>,
    /// Default gateways.
    pub routers: Vec<Ipv4Addr>,
    /// Resolvers.
    pub dns: Vec<Ipv4Addr>,
    /// Domain name.
    pub domain: Option<String>,
    /// Domain search list.
    pub search: Vec<String>,
    /// Interface MTU.
    pub mtu: Option<u16>,
    /// Destination, prefix length and gateway of each.
    pub classless_routes: Vec<(Ipv4Addr, u8, Ipv4Addr)>,
    /// Any other options, as they are.
    pub further: Vec<(u8, Vec<u8>)>,
}

impl Default for Terms {
    /// An ordinary home network: an hour, one router, one resolver.
    fn default() -> Self {
        Self {
            address: ADDRESS,
            prefix_length: PREFIX_LENGTH,
            lease_seconds: 3600,
            renewal_seconds: None,
            rebinding_seconds: None,
            routers: vec![SERVER_ADDRESS],
            dns: vec![SERVER_ADDRESS],
            domain: Some("example.test".into()),
            search: Vec::new(),
            mtu: None,
            classless_routes: Vec::new(),
            further: Vec::new(),
        }
    }
}

impl Terms {
    /// The same on any cable: the server is router and resolver of its network.
    #[must_use]
    pub fn on(cable: &Cable) -> Self {
        let server = cable.server_address;
        let [a, b, c, _] = server.octets();
        Self {
            address: Ipv4Addr::new(a, b, c, 100),
            routers: vec![server],
            dns: vec![server],
            ..Self::default()
        }
    }

    /// DHCPOFFER or DHCPACK.
    #[must_use]
    pub fn grant(&self, request: &Message, kind: Kind) -> Message {
        let mut reply = reply_to(request, kind);
        reply.yiaddr = self.address;
        let time = |seconds: u32| seconds.to_be_bytes().to_vec();
        reply.set_option(code::LEASE_TIME, time(self.lease_seconds));
        for (code, seconds) in [
            (code::RENEWAL_TIME, self.renewal_seconds),
            (code::REBINDING_TIME, self.rebinding_seconds),
        ] {
            reply
                .options
                .extend(seconds.map(|seconds| (code, time(seconds))));
        }
        self.add_parameters(&mut reply);
        reply
    }

    /// DHCPACK to a DHCPINFORM: parameters without lease (RFC 2131 section 4.3.5).
    #[must_use]
    pub fn inform(&self, request: &Message) -> Message {
        let mut reply = reply_to(request, Kind::ACK);
        self.add_parameters(&mut reply);
        reply
    }

    /// DHCPNAK.
    #[must_use]
    pub fn refusal(&self, request: &Message) -> Message {
        Message {
            ciaddr: Ipv4Addr::UNSPECIFIED,
            ..reply_to(request, Kind::NAK)
        }
    }

    fn add_parameters(&self, reply: &mut Message) {
        let mask = u32::MAX
            .checked_shl(32 - u32::from(self.prefix_length))
            .unwrap_or(0);
        reply.set_option(code::SUBNET_MASK, mask.to_be_bytes());
        let addresses = |list: &[Ipv4Addr]| list.iter().flat_map(Ipv4Addr::octets).collect();
        let texts: [(u8, Vec<u8>); 6] = [
            (code::ROUTER, addresses(&self.routers)),
            (code::DNS, addresses(&self.dns)),
            (
                code::DOMAIN,
                self.domain.clone().unwrap_or_default().into_bytes(),
            ),
            (
                code::MTU,
                self.mtu
                    .map(|mtu| mtu.to_be_bytes().to_vec())
                    .unwrap_or_default(),
            ),
            (
                code::SEARCH,
                self.search.iter().flat_map(|name| labels(name)).collect(),
            ),
            (code::CLASSLESS_ROUTES, self.encoded_routes()),
        ];
        reply
            .options
            .extend(texts.into_iter().filter(|(_, value)| !value.is_empty()));
        reply.options.extend(self.further.iter().cloned());
    }

    /// RFC 3442: width, the significant octets of the destination, the router.
    fn encoded_routes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (destination, width, gateway) in &self.classless_routes {
            bytes.push(*width);
            bytes.extend(
                destination
                    .octets()
                    .iter()
                    .take(usize::from(width.div_ceil(8))),
            );
            bytes.extend(gateway.octets());
        }
        bytes
    }
}

fn reply_to(request: &Message, kind: Kind) -> Message {
    Message {
        op: 2,
        secs: 0,
        yiaddr: Ipv4Addr::UNSPECIFIED,
        siaddr: Ipv4Addr::UNSPECIFIED,
        options: vec![
            (code::MESSAGE_TYPE, vec![kind.0]),
            (code::SERVER_IDENTIFIER, SERVER_ADDRESS.octets().to_vec()),
        ],
        ..request.clone()
    }
}

/// A name as RFC 1035 section 3.1 writes it, without compression.
fn labels(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(u8::try_from(label.len()).expect("labels have at most 63 octets"));
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}
