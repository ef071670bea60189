//! What the operator wants, as the machine's configuration.

use std::{net::Ipv4Addr, time::Duration};

use dhcp_proto::{Config, ConflictDetection, FullName, Legacy, Pace, Start, Subnet};
use sdk_rpc::{Kind, Lease, LinkState, Settings};

use crate::convert;

/// Octets that IPv4 and UDP take of an Ethernet payload: what is left is the largest message that
/// arrives unfragmented (option 57).
const IPV4_AND_UDP: u32 = 28;

/// The smallest value of option 57.
///
/// RFC 2132 section 9.10: "The minimum legal value is 576 octets."
const SMALLEST_MAXIMUM: u16 = 576;

/// The largest value sent, whatever the MTU: what an Ethernet frame of 1500 octets carries, and less
/// than priv's receive buffer takes.
const LARGEST_MAXIMUM: u16 = 1472;

/// The machine's configuration on an interface with this link.
///
/// Both sides are written out in full: a setting that had no effect would not compile.
pub(crate) fn config(settings: Settings, link: LinkState) -> Config {
    let Settings {
        client_identifier,
        host_name,
        full_name,
        vendor_class,
        requested,
        sent,
        required,
        refused,
        ignored,
        wanted_address,
        wanted_seconds,
        allowed_servers,
        denied_servers,
        broadcast,
        require_server,
        rapid_commit,
        forced_renewal,
        legacy,
        conflict_detection,
        link_local_after,
        reboot_timeout,
        start_delay,
        pace,
        // Where the machine starts, not how it goes on.
        inform: _,
        kinds,
        offers_only,
    } = settings;
    Config {
        mac: link.mac.0,
        client_identifier,
        host_name,
        full_name: full_name.map(full_name_from_rpc),
        vendor_class,
        sent,
        wanted_address,
        wanted_seconds,
        broadcast,
        // A server that commits at once would not be asked first.
        rapid_commit: rapid_commit && !offers_only,
        forced_renewal,
        allowed_servers: subnets(&allowed_servers),
        denied_servers: subnets(&denied_servers),
        required,
        refused,
        ignored,
        link_local_after: link_local_after.map(milliseconds),
        conflict_detection: conflict_detection_from_rpc(conflict_detection),
        legacy: legacy_from_rpc(legacy),
        require_server_identifier: require_server,
        parameter_request_list: requested,
        maximum_message_size: maximum_message_size(link.mtu),
        reboot_timeout: milliseconds(reboot_timeout),
        start_delay: milliseconds(start_delay),
        pace: pace_from_rpc(pace),
        kinds: kinds
            .into_iter()
            .map(|(code, kind)| (code, kind_from_rpc(kind)))
            .collect(),
        offers_only,
    }
}

/// Where the machine starts: with what an earlier calf had, else with what the operator gave the
/// interface, else with what a server once did.
pub(crate) fn start(
    resume: Option<Lease>,
    inform: Option<sdk_rpc::Subnet>,
    previous: Option<Ipv4Addr>,
) -> Start {
    match (resume, inform, previous) {
        (Some(lease), _, _) => Start::Resume(convert::lease_from_rpc(lease)),
        (None, Some(subnet), _) => {
            let sdk_rpc::Subnet {
                address,
                prefix_length,
            } = subnet;
            Start::Inform {
                address,
                prefix_length,
            }
        }
        (None, None, Some(address)) => Start::Reboot { address },
        (None, None, None) => Start::Init,
    }
}

fn milliseconds(number: u32) -> Duration {
    Duration::from_millis(number.into())
}

fn subnets(subnets: &[sdk_rpc::Subnet]) -> Vec<Subnet> {
    let subnet = |subnet: &sdk_rpc::Subnet| {
        let sdk_rpc::Subnet {
            address,
            prefix_length,
        } = *subnet;
        Subnet {
            address,
            prefix_length,
        }
    };
    subnets.iter().map(subnet).collect()
}

const fn conflict_detection_from_rpc(detection: sdk_rpc::ConflictDetection) -> ConflictDetection {
    match detection {
        sdk_rpc::ConflictDetection::Off => ConflictDetection::Off,
        sdk_rpc::ConflictDetection::Fast => ConflictDetection::Fast,
        sdk_rpc::ConflictDetection::Full => ConflictDetection::Full,
    }
}

const fn legacy_from_rpc(legacy: sdk_rpc::Legacy) -> Legacy {
    match legacy {
        sdk_rpc::Legacy::Refused => Legacy::Refused,
        sdk_rpc::Legacy::Accepted => Legacy::Accepted,
        sdk_rpc::Legacy::Only => Legacy::Only,
    }
}

fn full_name_from_rpc(full_name: sdk_rpc::FullName) -> FullName {
    let sdk_rpc::FullName { name, flags } = full_name;
    FullName { name, flags }
}

fn pace_from_rpc(pace: sdk_rpc::Pace) -> Pace {
    let sdk_rpc::Pace {
        first,
        longest,
        jitter,
        attempt,
        pause,
    } = pace;
    Pace {
        first: milliseconds(first),
        longest: milliseconds(longest),
        jitter: milliseconds(jitter),
        attempt: (attempt != 0).then(|| milliseconds(attempt)),
        pause: milliseconds(pause),
    }
}

const fn kind_from_rpc(kind: Kind) -> dhcp_proto::Kind {
    match kind {
        Kind::Octets => dhcp_proto::Kind::Octets,
        Kind::Addresses => dhcp_proto::Kind::Addresses,
        Kind::Numbers8 => dhcp_proto::Kind::Numbers8,
        Kind::Numbers16 => dhcp_proto::Kind::Numbers16,
        Kind::Numbers32 => dhcp_proto::Kind::Numbers32,
        Kind::Signed32 => dhcp_proto::Kind::Signed32,
        Kind::Text => dhcp_proto::Kind::Text,
        Kind::Names => dhcp_proto::Kind::Names,
        Kind::Routes => dhcp_proto::Kind::Routes,
        Kind::ClassRoutes => dhcp_proto::Kind::ClassRoutes,
    }
}

/// What one frame carries. RFC 3442, "Requirements to Avoid Sizing Constraints", has it that "the client
/// SHOULD set the value of this option to at least the MTU of the interface", headers included; servers that
/// count the message alone would then answer in fragments, which this client does not put together.
fn maximum_message_size(mtu: u32) -> u16 {
    u16::try_from(mtu.saturating_sub(IPV4_AND_UDP))
        .unwrap_or(u16::MAX)
        .clamp(SMALLEST_MAXIMUM, LARGEST_MAXIMUM)
}

#[cfg(test)]
mod tests;
