//! Where the address comes from, and what of a lease the host takes.

use std::net::Ipv4Addr;

use super::{DONE, different, ignored, missing, statics, without_effect::IPV6};
use crate::{
    dhcpcd::{
        draft::{Addressing, Draft, Source},
        text,
    },
    setup::Fate,
};

/// The largest metric that dhcpcd takes.
const LARGEST_METRIC: u32 = i32::MAX.unsigned_abs();

/// Applies a word of this kind; `None` if it is of another.
pub(super) fn apply(draft: &mut Draft, word: &str, value: &str) -> Option<Result<Fate, String>> {
    let addressing = &mut draft.addressing;
    Some(match word {
        "static" => statics::apply(addressing, value),
        "inform" => inform(addressing, value),
        "fallback" => {
            addressing.fallback = Some(value.to_owned());
            DONE
        }
        "fallback_time" => text::seconds(value).map(|seconds| {
            addressing.fallback_seconds = Some(seconds);
            Fate::Honoured
        }),
        "ipv4ll_time" => text::seconds(value).map(|seconds| {
            addressing.link_local_seconds = Some(seconds);
            Fate::Honoured
        }),
        "noarp" => {
            addressing.arp = false;
            // A link-local address cannot be had without ARP.
            addressing.link_local = false;
            DONE
        }
        "noipv4ll" => {
            addressing.link_local = false;
            DONE
        }
        "gateway" => {
            addressing.gateway = true;
            DONE
        }
        "nogateway" => {
            addressing.gateway = false;
            DONE
        }
        "metric" => text::unsigned(value)
            .filter(|metric| *metric <= LARGEST_METRIC)
            .ok_or_else(|| "takes a number from 0 to 2147483647".to_owned())
            .map(|metric| {
                addressing.metric = Some(metric);
                Fate::Honoured
            }),
        "ipv4" => {
            addressing.ipv4 = true;
            DONE
        }
        "ipv4only" => {
            addressing.ipv4 = true;
            addressing.ipv6 = false;
            DONE
        }
        "ipv6" | "noipv6" => {
            addressing.ipv6 = word == "ipv6";
            ignored(IPV6)
        }
        "noipv4" => {
            addressing.ipv4 = false;
            different("the interface is left alone")
        }
        "ipv6only" => {
            addressing.ipv4 = false;
            missing(IPV6)
        }
        "dhcp" => {
            addressing.ipv4 = true;
            addressing.dhcp = true;
            DONE
        }
        "nodhcp" => {
            addressing.dhcp = false;
            different(
                "without a static address the interface is left alone: none is made up without DHCP",
            )
        }
        _ => return None,
    })
}

/// `[ADDRESS[/LENGTH[/BROADCAST]]]`
fn inform(addressing: &mut Addressing, value: &str) -> Result<Fate, String> {
    if value.is_empty() {
        addressing.source = Source::Inform;
        addressing.address = Ipv4Addr::UNSPECIFIED;
        return DONE;
    }
    let mut parts = value.splitn(3, '/');
    let mut network = parts.next().unwrap_or_default().to_owned();
    if let Some(length) = parts.next() {
        network = format!("{network}/{length}");
    }
    let (address, length) = text::network(&network)?;
    let broadcast = parts.next().map(text::address).transpose()?;
    addressing.prefix_length = text::prefix_length(address, length)?;
    addressing.mask_length = None;
    addressing.address = address;
    addressing.source = Source::Inform;
    addressing.broadcast = broadcast.or(addressing.broadcast);
    DONE
}
