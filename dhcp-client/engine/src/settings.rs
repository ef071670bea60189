//! What the operator wants, as the machine's configuration.

use std::time::Duration;

use dhcp_proto::{Config, ConflictDetection, FullName, Legacy, Pace, Subnet};
use sdk_rpc::{Kind, LinkState, Settings};

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
pub(crate) fn config(settings: Settings, link: LinkState) -> Config {
    let mut config = Config::new(link.mac.0);
    config.client_identifier = settings.client_identifier;
    config.host_name = settings.host_name;
    config.full_name = settings.full_name.map(full_name);
    config.vendor_class = settings.vendor_class;
    config.sent = settings.sent;
    config.wanted_address = settings.wanted_address;
    config.wanted_seconds = settings.wanted_seconds;
    config.rapid_commit = settings.rapid_commit;
    config.forced_renewal = settings.forced_renewal;
    config.allowed_servers = subnets(&settings.allowed_servers);
    config.denied_servers = subnets(&settings.denied_servers);
    config.required = settings.required;
    config.refused = settings.refused;
    config.ignored = settings.ignored;
    config.link_local_after = settings
        .link_local_after
        .map(|milliseconds| Duration::from_millis(milliseconds.into()));
    config.conflict_detection = conflict_detection(settings.conflict_detection);
    config.legacy = legacy(settings.legacy);
    config.broadcast = settings.broadcast;
    config.require_server_identifier = settings.require_server;
    config.parameter_request_list = settings.requested;
    config.maximum_message_size = maximum_message_size(link.mtu);
    config.reboot_timeout = Duration::from_millis(settings.reboot_timeout.into());
    config.start_delay = Duration::from_millis(settings.start_delay.into());
    config.pace = pace(settings.pace);
    config.kinds = settings
        .kinds
        .into_iter()
        .map(|(code, kind)| (code, kind_from_rpc(kind)))
        .collect();
    config
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

const fn conflict_detection(detection: sdk_rpc::ConflictDetection) -> ConflictDetection {
    match detection {
        sdk_rpc::ConflictDetection::Off => ConflictDetection::Off,
        sdk_rpc::ConflictDetection::Fast => ConflictDetection::Fast,
        sdk_rpc::ConflictDetection::Full => ConflictDetection::Full,
    }
}

const fn legacy(legacy: sdk_rpc::Legacy) -> Legacy {
    match legacy {
        sdk_rpc::Legacy::Refused => Legacy::Refused,
        sdk_rpc::Legacy::Accepted => Legacy::Accepted,
        sdk_rpc::Legacy::Only => Legacy::Only,
    }
}

fn full_name(full_name: sdk_rpc::FullName) -> FullName {
    let sdk_rpc::FullName { name, flags } = full_name;
    FullName { name, flags }
}

fn pace(pace: sdk_rpc::Pace) -> Pace {
    let sdk_rpc::Pace {
        first,
        longest,
        jitter,
        attempt,
        pause,
    } = pace;
    let milliseconds = |number: u32| Duration::from_millis(number.into());
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

fn maximum_message_size(mtu: u32) -> u16 {
    u16::try_from(mtu.saturating_sub(IPV4_AND_UDP))
        .unwrap_or(u16::MAX)
        .clamp(SMALLEST_MAXIMUM, LARGEST_MAXIMUM)
}
