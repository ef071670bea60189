//! What holds of every lease that dhcp-proto makes of a server's message, whatever was in it.

use dhcp_proto::{Lease, Parameter, Route, Value};

/// Whether the lease is what its documentation says, and can be told to priv.
pub(crate) fn check(lease: &Lease) {
    assert!(!lease.address.is_loopback() && !lease.address.is_unspecified());
    assert!((1..=32).contains(&lease.prefix_length));
    let times = [
        Some(lease.acquired_at),
        lease.renew_at,
        lease.rebind_at,
        lease.expires_at,
    ];
    if lease.lease_seconds.is_some() {
        assert!(times.is_sorted() && times.iter().all(Option::is_some));
    } else {
        assert!(times[1..].iter().all(Option::is_none));
    }
    lease.routes.iter().for_each(check_route);
    let names = lease.search.iter().chain(&lease.domain);
    names
        .chain(&lease.host_name)
        .for_each(|name| check_name(name));
    assert!(lease.mtu.is_none_or(|mtu| mtu >= 68));
    let texts = lease.server_name.iter().chain(&lease.boot_file);
    texts.for_each(|text| check_text(text));
    lease.parameters.iter().for_each(check_parameter);
    let codes: Vec<u8> = lease.parameters.iter().map(|it| it.code).collect();
    assert!(codes.is_sorted_by(|one, next| one < next), "{codes:?}");
    check_telling(lease);
}

/// A calf that cannot say what it has got would be no use: whatever fits into a frame fits through the
/// connection to priv, and comes out as it went in.
fn check_telling(lease: &Lease) {
    let told = dhcp_engine::lease_to_rpc(lease);
    let octets = told.to_octets().expect("a lease that can be told");
    assert_eq!(sdk_rpc::Lease::from_octets(&octets), Ok(told));
}

fn check_route(route: &Route) {
    let Route {
        destination,
        prefix_length,
        gateway: _,
    } = *route;
    assert!(prefix_length <= 32, "{route:?}");
    let host_bits = u32::MAX.checked_shr(prefix_length.into()).unwrap_or(0);
    assert_eq!(destination.to_bits() & host_bits, 0, "{route:?}");
}

fn check_name(name: &str) {
    let is_of_name = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet);
    assert!(
        !name.is_empty() && name.len() <= 253 && name.bytes().all(is_of_name),
        "{name:?}"
    );
}

fn check_text(text: &str) {
    assert!(
        !text.is_empty() && !text.chars().any(char::is_control),
        "{text:?}"
    );
}

fn check_parameter(parameter: &Parameter) {
    let Parameter { code, value } = parameter;
    assert!(!matches!(code, 0 | 255), "{code} is no option");
    match value {
        Value::Octets(_) => {}
        Value::Addresses(addresses) => assert!(!addresses.is_empty()),
        Value::Numbers(numbers) => assert!(!numbers.is_empty()),
        Value::Text(text) => check_text(text),
        Value::Names(names) => {
            assert!(!names.is_empty());
            names.iter().for_each(|name| check_name(name));
        }
        Value::Routes(routes) => routes.iter().for_each(check_route),
    }
}
