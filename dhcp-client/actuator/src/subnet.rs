//! Arithmetic of one IPv4 prefix, in one place because every check and every route needs it.

use std::net::Ipv4Addr;

/// A network: the address with its host bits cleared, and the prefix length, 0 to 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Subnet {
    network: u32,
    prefix_length: u8,
}

impl Subnet {
    /// The network that `address` is in; `None` where the prefix length is none.
    pub(crate) fn of(address: Ipv4Addr, prefix_length: u8) -> Option<Self> {
        let mask = mask(prefix_length)?;
        Some(Self {
            network: address.to_bits() & mask,
            prefix_length,
        })
    }

    pub(crate) fn network(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.network)
    }

    /// All host bits one.
    pub(crate) fn last(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.network | !mask(self.prefix_length).unwrap_or(u32::MAX))
    }

    pub(crate) fn prefix_length(self) -> u8 {
        self.prefix_length
    }

    pub(crate) fn contains(self, address: Ipv4Addr) -> bool {
        Self::of(address, self.prefix_length) == Some(self)
    }

    /// Whether its first and last address name the network and everybody in it. RFC 3021 section 2.1:
    /// with 31 bits both are hosts; with 32 there is one address.
    pub(crate) fn has_edges(self) -> bool {
        self.prefix_length <= 30
    }

    /// Whether `address` names the network or everybody in it, and so no host.
    pub(crate) fn is_edge(self, address: Ipv4Addr) -> bool {
        self.has_edges() && (address == self.network() || address == self.last())
    }
}

fn mask(prefix_length: u8) -> Option<u32> {
    let host_bits = 32_u32.checked_sub(prefix_length.into())?;
    Some(u32::MAX.checked_shl(host_bits).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_of_a_prefix() {
        let bounds = |address: [u8; 4], length| {
            let subnet = Subnet::of(address.into(), length).unwrap();
            (subnet.network().octets(), subnet.last().octets())
        };
        assert_eq!(bounds([10, 1, 2, 3], 24), ([10, 1, 2, 0], [10, 1, 2, 255]));
        assert_eq!(bounds([10, 1, 2, 3], 32), ([10, 1, 2, 3], [10, 1, 2, 3]));
        assert_eq!(bounds([10, 1, 2, 3], 31), ([10, 1, 2, 2], [10, 1, 2, 3]));
        assert_eq!(
            bounds([200, 1, 2, 3], 0),
            ([0, 0, 0, 0], [255, 255, 255, 255])
        );
        assert_eq!(Subnet::of([10, 1, 2, 3].into(), 33), None);
    }

    #[test]
    fn edges_are_no_hosts_except_where_there_are_none() {
        let subnet = Subnet::of([10, 1, 2, 3].into(), 24).unwrap();
        assert!(subnet.is_edge([10, 1, 2, 0].into()) && subnet.is_edge([10, 1, 2, 255].into()));
        assert!(!subnet.is_edge([10, 1, 2, 1].into()));
        assert!(
            !Subnet::of([10, 1, 2, 3].into(), 31)
                .unwrap()
                .is_edge([10, 1, 2, 2].into())
        );
        assert!(
            !Subnet::of([10, 1, 2, 3].into(), 32)
                .unwrap()
                .is_edge([10, 1, 2, 3].into())
        );
    }
}
