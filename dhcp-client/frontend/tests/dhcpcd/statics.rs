//! Addresses of the operator's: static ones, those that servers are only told of, and fallbacks.

use std::{net::Ipv4Addr, time::Duration};

use dhcp_frontend::{
    amend::{Amendment, How, amended},
    setup::{Fate, OperatorsAddress, Profile},
};
use sdk_rpc::{Parameter, Subnet, Value};

use crate::bed::{Bed, addresses, fate, is_missing, parameter, profile, route, short_lease};

fn bare(address: &str, prefix_length: u8) -> OperatorsAddress {
    OperatorsAddress {
        address: Some(address.parse().expect("an address")),
        prefix_length,
        broadcast: None,
        routers: Vec::new(),
        routes: Vec::new(),
        dns: Vec::new(),
        domain: None,
        search: Vec::new(),
        mtu: None,
        inform: false,
    }
}

fn of_address(profile: Profile) -> OperatorsAddress {
    profile.address.expect("an address")
}

/// The operator's values, all of which override the server's.
fn overrides(profile: &Profile) -> Vec<Parameter> {
    profile
        .amendments
        .iter()
        .map(|Amendment { code, how, value }| {
            assert_eq!(*how, How::Override);
            parameter(*code, value.clone())
        })
        .collect()
}

#[test]
fn a_static_address_has_all_that_goes_with_it() {
    let lines = "\
static ip_address=192.168.0.10/24
static broadcast_address=192.168.0.63
static routers=192.168.0.1
static routes=10.0.0.0/8 192.168.0.2
static routes=172.16.0.0 192.168.0.3
static domain_name_servers=192.168.0.1 fd51::1
static domain_name_servers=192.168.0.2
static domain_name=example.org
static domain_search=a.example b.example
static mtu=1400
static ntp_servers=192.168.0.4
";
    let bed = Bed::with(lines);
    let setup = bed.run("");
    assert_eq!(
        setup.profile.address,
        Some(OperatorsAddress {
            broadcast: Some(Ipv4Addr::new(192, 168, 0, 63)),
            routers: addresses(&["192.168.0.1"]),
            routes: vec![
                route("10.0.0.0", 8, "192.168.0.2"),
                route("172.16.0.0", 16, "192.168.0.3"),
            ],
            dns: addresses(&["192.168.0.1", "192.168.0.2"]),
            domain: Some("example.org".into()),
            search: vec!["a.example".into(), "b.example".into()],
            mtu: Some(1400),
            ..bare("192.168.0.10", 24)
        })
    );
    let ntp = parameter(42, Value::Addresses(addresses(&["192.168.0.4"])));
    assert!(overrides(&setup.profile).contains(&ntp));
    assert_eq!(setup.profile.settings.link_local_after, None);
    assert!(matches!(
        fate(&setup, "static domain_name_servers=192.168.0.1 fd51::1"),
        Fate::Different(how) if how.contains("IPv6")
    ));
}

#[test]
fn a_static_address_without_a_length_has_that_of_its_class_or_of_a_mask() {
    for (lines, address) in [
        ("static ip_address=10.1.2.3", bare("10.1.2.3", 8)),
        ("static ip_address=172.16.2.3", bare("172.16.2.3", 16)),
        ("static ip_address=192.0.2.3", bare("192.0.2.3", 24)),
        (
            "static subnet_mask=255.255.0.0\nstatic ip_address=10.1.2.3/8",
            bare("10.1.2.3", 16),
        ),
        (
            "static ip_address=10.1.2.3/8\nstatic subnet_mask=255.255.255.0",
            bare("10.1.2.3", 24),
        ),
    ] {
        assert_eq!(of_address(profile(lines)), address, "{lines}");
    }
}

#[test]
fn an_empty_value_takes_back_what_was_said() {
    let lines = "\
static ip_address=192.0.2.3/24
static routers=192.0.2.1
static domain_name_servers=192.0.2.1
static mtu=1400
static subnet_mask=255.255.0.0
static broadcast_address=192.0.2.63
";
    let taken_back = "\
static routers=
static domain_name_servers=
static mtu=
static subnet_mask=
static broadcast_address=
";
    let address = of_address(profile(&format!("{lines}{taken_back}")));
    assert_eq!(address, bare("192.0.2.3", 24));
    let none = profile(&format!("{lines}static ip_address="));
    assert_eq!(none.address, None);
}

#[test]
fn the_address_that_somebody_else_gives_may_be_used() {
    let address = of_address(profile("static ip_address=0.0.0.0"));
    assert_eq!((address.address, address.inform), (None, false));
    let address = of_address(profile("inform"));
    assert_eq!((address.address, address.inform), (None, true));
    assert_eq!(profile("inform").settings.inform, None);
}

#[test]
fn servers_are_told_of_an_address() {
    let told = profile("inform 192.0.2.7/25/192.0.2.100");
    assert_eq!(
        told.settings.inform,
        Some(Subnet {
            address: Ipv4Addr::new(192, 0, 2, 7),
            prefix_length: 25
        })
    );
    assert_eq!(told.settings.link_local_after, None);
    assert_eq!(
        of_address(told),
        OperatorsAddress {
            broadcast: Some(Ipv4Addr::new(192, 0, 2, 100)),
            inform: true,
            ..bare("192.0.2.7", 25)
        }
    );
    let last = profile("inform 192.0.2.7/25\nstatic ip_address=192.0.2.8/26");
    assert_eq!(of_address(last), bare("192.0.2.8", 26));
}

#[test]
fn values_without_an_address_count_instead_of_a_servers() {
    let lines = "\
static domain_name_servers=192.0.2.53
static domain_name=example.org other.example
static domain_search=example.org
static routers=192.0.2.9
static mtu=1400
static host_name=box
static time_offset=3600
static vendor_encapsulated_options=01:02
";
    let setup = Bed::with(lines).run("");
    assert_eq!(setup.profile.address, None);
    assert_eq!(
        overrides(&setup.profile),
        [
            parameter(6, Value::Addresses(addresses(&["192.0.2.53"]))),
            parameter(15, Value::Text("example.org".into())),
            parameter(119, Value::Names(vec!["example.org".into()])),
            parameter(12, Value::Text("box".into())),
            parameter(2, Value::Numbers(vec![3600])),
            parameter(43, Value::Octets(vec![1, 2])),
            parameter(3, Value::Addresses(addresses(&["192.0.2.9"]))),
            parameter(26, Value::Numbers(vec![1400])),
        ]
    );
    assert!(matches!(
        fate(&setup, "static domain_name=example.org other.example"),
        Fate::Different(how) if how.contains("first")
    ));
    let unknown = Bed::with("static foo=bar\nstatic fqdn=x").run("");
    assert!(is_missing(fate(&unknown, "static foo=bar")));
    assert!(is_missing(fate(&unknown, "static fqdn=x")));
    assert!(unknown.profile.amendments.is_empty());
}

#[test]
fn the_operators_routes_take_the_place_of_all_of_a_servers() {
    let lines = "static routes=10.0.0.0/8 192.0.2.8\nstatic routers=192.0.2.9";
    let mut lease = short_lease();
    lease.routes = vec![route("172.16.0.0", 12, "192.168.77.2")];
    lease
        .parameters
        .push(parameter(121, Value::Routes(lease.routes.clone())));
    lease = amended(&lease, &profile(lines).amendments);
    let routes = vec![
        route("10.0.0.0", 8, "192.0.2.8"),
        route("0.0.0.0", 0, "192.0.2.9"),
    ];
    assert_eq!(lease.routes, routes);
    assert!(lease.routers.is_empty());
    let said: Vec<u8> = lease.parameters.iter().map(|known| known.code).collect();
    assert_eq!(said, [51, 53, 54, 121]);
}

#[test]
fn superseded_options_change_the_lease_in_both_places() {
    let lines = "\
static domain_name_servers=192.0.2.53
static domain_name=example.org
static domain_search=a.example
static host_name=box
static ntp_servers=192.0.2.4
static mtu=1400
static routers=192.0.2.9
";
    let mut lease = short_lease();
    lease = amended(&lease, &profile(lines).amendments);
    assert_eq!(lease.dns, addresses(&["192.0.2.53"]));
    assert_eq!(lease.domain.as_deref(), Some("example.org"));
    assert_eq!(lease.search, ["a.example"]);
    assert_eq!(lease.host_name.as_deref(), Some("box"));
    assert_eq!(lease.ntp, addresses(&["192.0.2.4"]));
    assert_eq!(lease.mtu, Some(1400));
    assert_eq!(lease.routers, addresses(&["192.0.2.9"]));
    let said: Vec<u8> = lease.parameters.iter().map(|known| known.code).collect();
    assert_eq!(said, [3, 6, 12, 15, 26, 42, 51, 53, 54, 119]);
    assert_eq!(amended(&short_lease(), &[]), short_lease());
}

#[test]
fn a_profile_is_the_fallback_where_no_server_answers() {
    let lines = "\
interface eth0
fallback static_eth0
profile static_eth0
static ip_address=192.168.1.23/24
static routers=192.168.1.1
static domain_name_servers=192.168.1.1
";
    let setup = Bed::with(lines).run("");
    assert_eq!(setup.profile.fallback, None);
    let (name, own) = &setup.profiles[0];
    assert_eq!(name, "eth0");
    assert_eq!(
        own.fallback,
        Some(OperatorsAddress {
            routers: addresses(&["192.168.1.1"]),
            dns: addresses(&["192.168.1.1"]),
            ..bare("192.168.1.23", 24)
        })
    );
    assert_eq!(own.address, None);
    assert_eq!(own.fallback_after, Some(Duration::from_secs(5)));
    assert_eq!(own.settings.link_local_after, None);
    let later = Bed::with(format!("fallback_time 9\n{lines}"))
        .run("")
        .profiles;
    assert_eq!(later[0].1.fallback_after, Some(Duration::from_secs(9)));
}
