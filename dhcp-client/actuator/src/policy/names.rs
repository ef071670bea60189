//! Names from a lease: they end up in files that other programs read, so nothing but host and domain
//! names passes.

use sdk_rpc::Lease;

use super::{Dropped, MOST_SEARCH_DOMAINS};

/// RFC 1035 section 2.3.4 allows labels of 63 octets.
const LONGEST_LABEL: usize = 63;
/// RFC 1035 section 2.3.4 allows names of 255 octets on the wire; as text two less.
const LONGEST_NAME: usize = 253;

/// Drops what is no name from domain, search list and host name.
pub(super) fn check(lease: &mut Lease, dropped: &mut Vec<Dropped>) {
    lease.domain = lease
        .domain
        .take()
        .and_then(|name| keep(name, Dropped::Domain, dropped));
    lease.host_name = lease
        .host_name
        .take()
        .and_then(|name| keep(name, Dropped::HostName, dropped));

    let mut kept: Vec<String> = Vec::new();
    let mut surplus = 0_usize;
    for name in core::mem::take(&mut lease.search) {
        if kept.len() == MOST_SEARCH_DOMAINS {
            surplus = surplus.saturating_add(1);
            continue;
        }
        if let Some(name) = keep(name, Dropped::SearchDomain, dropped)
            && !kept.contains(&name)
        {
            kept.push(name);
        }
    }
    if surplus > 0 {
        dropped.push(Dropped::Surplus {
            what: "search domains",
            kept: MOST_SEARCH_DOMAINS,
            surplus,
        });
    }
    lease.search = kept;
}

/// The name without a final dot, if it is one.
fn keep(
    mut name: String,
    reason: fn(String) -> Dropped,
    dropped: &mut Vec<Dropped>,
) -> Option<String> {
    if name.ends_with('.') {
        name.pop();
    }
    if is_name(&name) {
        return Some(name);
    }
    dropped.push(reason(name));
    None
}

/// Whether it is a host or domain name, without a final dot.
pub(crate) fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME && name.split('.').all(is_label)
}

/// RFC 1123 section 2.1: letters, digits and, inside, hyphens. The underscore is beyond it and in use.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= LONGEST_LABEL
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        && !label.starts_with('-')
        && !label.ends_with('-')
}
