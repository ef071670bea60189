//! Directives that change nothing: what of them the run can do without, and what it lacks.

use super::{ignored, missing};
use crate::setup::Fate;

/// What is said of each directive about IPv6.
pub(in crate::dhcpcd) const IPV6: &str =
    "IPv6 is not spoken yet; the kernel's own router advertisement handling is left as it is";

/// The fate of a directive of this kind.
pub(super) fn fate(word: &str) -> Result<Fate, String> {
    match word {
        "slaac" | "ipv6rs" | "noipv6rs" | "ipv6ra_autoconf" | "ipv6ra_noautoconf"
        | "ipv6ra_fork" | "ipv6ra_own" | "ipv6ra_own_default" | "dhcp6" | "nodhcp6" | "vsio6" => {
            ignored(IPV6)
        }
        // Somebody waits for what these ask for.
        "ia_na" | "ia_ta" | "ia_pd" | "inform6" => missing(IPV6),
        "xidhwaddr" => ignored("transaction numbers are drawn by chance"),
        "link_rcvbuf" => {
            ignored("an overflow of the kernel's messages is mended by reading all anew")
        }
        "dev" | "nodev" => ignored("there are no modules for device managers"),
        "noauthrequired" => ignored(
            "a message without authentication is believed in what it may say, and renews nothing",
        ),
        "request_time" => ignored("a request is repeated four times, as RFC 2131 has it"),
        "nolink" => missing("the carrier is watched all the same"),
        "noup" => missing("the interface is brought up all the same"),
        "noalias" => missing("addresses that are there stay"),
        "lastlease" | "lastleaseextend" => {
            missing("without an answer, the last lease is not used on its own")
        }
        "arp_persistdefence" => missing("an address that another host keeps on using is given up"),
        "randomise_hwaddr" => missing("the hardware address stays as it is"),
        "arping" => missing("profiles are not chosen by who answers"),
        "destination" => missing("point-to-point links are not served"),
        "authprotocol" | "authtoken" => {
            missing("messages are not authenticated, but for FORCERENEW by its nonce (RFC 6704)")
        }
        "config" | "reconfigure" | "rebind" | "exit" | "renew" | "printpidfile" | "dumplease"
        | "variables" => ignored("it is for the command line only"),
        _ => missing("it is not understood"),
    }
}
