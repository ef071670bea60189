//! What dhclient-script(8) is told: a reason, and the lease as variables.

use std::net::Ipv4Addr;

use sdk_rpc::{Lease, Parameter, Value};

use super::{vocabulary::Vocabulary, written};
use crate::{
    script::{Call, Occasion, Reason, Script},
    variables::Variables,
};

/// The option that proves who a server is (RFC 3118, RFC 6704): the secret in it is nobody's business.
pub(super) const AUTHENTICATION: u8 = 90;

/// End of time for a lease without an end, as ISC's client has it.
const NEVER: u64 = 0x7fff_ffff;

/// A run of the script: its reason, and which leases it is told of.
#[derive(Clone, Copy, Debug)]
struct Told {
    reason: &'static str,
    old: bool,
    new: bool,
    requested: bool,
}

/// Without a lease.
const fn bare(reason: &'static str) -> Told {
    Told {
        reason,
        old: false,
        new: false,
        requested: false,
    }
}

/// With a lease that begins or goes on.
const fn gained(reason: &'static str, old: bool) -> Told {
    Told {
        reason,
        old,
        new: true,
        requested: true,
    }
}

/// With a lease that ends.
const fn lost(reason: &'static str) -> Told {
    Told {
        reason,
        old: true,
        new: false,
        requested: true,
    }
}

const PREINIT: Told = bare("PREINIT");
const BOUND: Told = gained("BOUND", true);
const RENEW: Told = gained("RENEW", true);
const REBIND: Told = gained("REBIND", true);
const REBOOT: Told = gained("REBOOT", false);
const TIMEOUT: Told = gained("TIMEOUT", false);
const EXPIRE: Told = lost("EXPIRE");
const RELEASE: Told = lost("RELEASE");
const STOP: Told = lost("STOP");
const FAIL: Told = bare("FAIL");
const V6ONLY: Told = Told {
    requested: true,
    ..bare("V6ONLY")
};

/// The runs of an occasion, in their order.
///
/// | occasion                        | without a lease in force | with one            |
/// |---------------------------------|--------------------------|---------------------|
/// | the interface is to be served   | PREINIT                  | PREINIT             |
/// | a lease                         | BOUND                    | BOUND               |
/// | it is extended by its server    | RENEW                    | RENEW               |
/// | it is extended by another       | REBIND                   | REBIND              |
/// | a remembered lease is confirmed | REBOOT                   | REBOOT              |
/// | the operator's own lease        | TIMEOUT                  | TIMEOUT             |
/// | DHCPNAK, end of time, conflict  |                          | EXPIRE, PREINIT     |
/// | it is given back                |                          | RELEASE             |
/// | the run stops serving           |                          | STOP                |
/// | no server answers               | FAIL                     | FAIL                |
/// | IPv6 only                       | V6ONLY                   | EXPIRE, V6ONLY      |
///
/// PREINIT after EXPIRE brings the interface up again, which scripts may have taken down.
fn told(occasion: &Occasion<'_>) -> &'static [Told] {
    let held = occasion.old.is_some();
    match occasion.reason {
        Reason::Preinit => &[PREINIT],
        Reason::Bound => &[BOUND],
        Reason::Renew => &[RENEW],
        Reason::Rebind => &[REBIND],
        Reason::Reboot => &[REBOOT],
        Reason::Static => &[TIMEOUT],
        Reason::Nak | Reason::Expire | Reason::Conflict if held => &[EXPIRE, PREINIT],
        Reason::Release if held => &[RELEASE],
        Reason::Stop if held => &[STOP],
        Reason::Fail => &[FAIL],
        Reason::Ipv6Only if held => &[EXPIRE, V6ONLY],
        Reason::Ipv6Only => &[V6ONLY],
        Reason::Nak
        | Reason::Expire
        | Reason::Conflict
        | Reason::Release
        | Reason::Stop
        | Reason::Carrier
        | Reason::NoCarrier
        | Reason::Inform
        | Reason::LinkLocal
        | Reason::Stopped
        | Reason::Departed
        | Reason::Test
        | Reason::Dump => &[],
    }
}

/// The runs of the script that tell it of an occasion, one after the other.
///
/// An exit status other than 0 of BOUND, RENEW, REBIND, REBOOT or TIMEOUT is the script's word that the
/// address is in use.
#[must_use]
pub fn calls(script: &Script, vocabulary: &Vocabulary, occasion: &Occasion<'_>) -> Vec<Call> {
    told(occasion)
        .iter()
        .map(|told| call(script, vocabulary, occasion, *told))
        .collect()
}

fn call(script: &Script, vocabulary: &Vocabulary, occasion: &Occasion<'_>, told: Told) -> Call {
    let mut variables = Variables::default();
    variables.put("reason", Some(told.reason.to_owned()));
    variables.put("interface", Some(occasion.interface.name.clone()));
    variables.put("pid", Some(occasion.pid.to_string()));
    let old = occasion.old.filter(|_| told.old);
    let new = occasion.new.filter(|_| told.new);
    for (prefix, told) in [("old_", old), ("new_", new)] {
        if let Some(told) = told {
            lease(&mut variables, prefix, told, vocabulary, occasion);
        }
    }
    if told.requested {
        for code in occasion.requested_options {
            let name = variable("requested_", &vocabulary.by_code(*code).0);
            variables.put(name, Some("1".to_owned()));
        }
    }
    // dhclient tells V6ONLY of no alias.
    let without_alias = told.reason == V6ONLY.reason;
    let operators = script.environment.iter();
    let operators = operators.filter(|(name, _)| !without_alias || !name.starts_with("alias_"));
    variables.into_call(Vec::new(), operators)
}

fn lease(
    variables: &mut Variables,
    prefix: &str,
    lease: &Lease,
    vocabulary: &Vocabulary,
    occasion: &Occasion<'_>,
) {
    let mut put = |name: &str, value| variables.put(variable(prefix, name), value);
    put("ip_address", Some(lease.address.to_string()));
    put("next_server", Some(lease.next_server.to_string()));
    let mask = mask(lease.prefix_length);
    let network = Ipv4Addr::from_bits(lease.address.to_bits() & mask.to_bits());
    put("network_number", Some(network.to_string()));
    for Parameter { code, value } in &lease.parameters {
        let is_empty = matches!(value, Value::Octets(octets) if octets.is_empty());
        if *code == AUTHENTICATION || is_empty {
            continue;
        }
        let (name, format) = vocabulary.by_code(*code);
        put(
            &name,
            written::rows(format, value).map(|rows| written::spaced(&rows)),
        );
    }
    // Where a server gave none, and they follow from what it gave.
    put("subnet_mask", Some(mask.to_string()));
    let broadcast = Ipv4Addr::from_bits(lease.address.to_bits() | !mask.to_bits());
    put("broadcast_address", Some(broadcast.to_string()));
    if let Some(file) = &lease.boot_file {
        put("filename", Some(file.clone()));
    }
    if let Some(name) = &lease.server_name {
        put("server_name", Some(name.clone()));
    }
    let expiry = wall(lease.expires_at, occasion).unwrap_or(NEVER);
    put("expiry", Some(expiry.to_string()));
}

/// A moment of the boot clock on the wall clock, in seconds.
pub(super) fn wall(moment: Option<u64>, occasion: &Occasion<'_>) -> Option<u64> {
    let moment = moment?;
    let ahead = moment.saturating_sub(occasion.now).div_ceil(1000);
    let behind = occasion.now.saturating_sub(moment).div_ceil(1000);
    Some(
        occasion
            .wall_now
            .saturating_add(ahead)
            .saturating_sub(behind),
    )
}

/// The name of a variable: hyphens are not possible in it.
fn variable(prefix: &str, name: &str) -> String {
    format!("{prefix}{}", name.replace('-', "_"))
}

fn mask(prefix_length: u8) -> Ipv4Addr {
    let bits = u32::MAX.checked_shl(32_u32.saturating_sub(prefix_length.into()));
    Ipv4Addr::from_bits(bits.unwrap_or(0))
}
