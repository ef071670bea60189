//! Every setting arrives where it belongs: each has a value here that no other has.

use sdk_rpc::MacAddress;

use super::*;

const LINK: LinkState = LinkState {
    up: true,
    carrier: true,
    mac: MacAddress([2, 0, 0, 0, 0, 0x10]),
    mtu: 1500,
};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);

#[test]
fn every_setting_is_that_of_the_machine() {
    let settings = Settings {
        client_identifier: vec![255, 1],
        host_name: Some("host".into()),
        full_name: Some(sdk_rpc::FullName {
            name: "host.example".into(),
            flags: 5,
        }),
        vendor_class: vec![2],
        requested: vec![3],
        sent: vec![(4, vec![5])],
        required: vec![6],
        refused: vec![7],
        ignored: vec![8],
        wanted_address: Some(ADDRESS),
        wanted_seconds: Some(9),
        allowed_servers: vec![sdk_rpc::Subnet {
            address: Ipv4Addr::new(198, 51, 100, 0),
            prefix_length: 24,
        }],
        denied_servers: vec![sdk_rpc::Subnet {
            address: Ipv4Addr::new(203, 0, 113, 0),
            prefix_length: 25,
        }],
        broadcast: false,
        require_server: false,
        rapid_commit: false,
        forced_renewal: false,
        legacy: sdk_rpc::Legacy::Accepted,
        conflict_detection: sdk_rpc::ConflictDetection::Full,
        link_local_after: Some(10),
        reboot_timeout: 11,
        start_delay: 12,
        pace: sdk_rpc::Pace {
            first: 13,
            longest: 14,
            jitter: 15,
            attempt: 16,
            pause: 17,
        },
        inform: None,
        kinds: vec![(18, Kind::Text)],
        offers_only: false,
    };
    let expected = Config {
        mac: LINK.mac.0,
        client_identifier: vec![255, 1],
        host_name: Some("host".into()),
        full_name: Some(FullName {
            name: "host.example".into(),
            flags: 5,
        }),
        vendor_class: vec![2],
        parameter_request_list: vec![3],
        sent: vec![(4, vec![5])],
        required: vec![6],
        refused: vec![7],
        ignored: vec![8],
        wanted_address: Some(ADDRESS),
        wanted_seconds: Some(9),
        allowed_servers: vec![Subnet {
            address: Ipv4Addr::new(198, 51, 100, 0),
            prefix_length: 24,
        }],
        denied_servers: vec![Subnet {
            address: Ipv4Addr::new(203, 0, 113, 0),
            prefix_length: 25,
        }],
        broadcast: false,
        require_server_identifier: false,
        rapid_commit: false,
        forced_renewal: false,
        legacy: Legacy::Accepted,
        conflict_detection: ConflictDetection::Full,
        link_local_after: Some(Duration::from_millis(10)),
        reboot_timeout: Duration::from_millis(11),
        start_delay: Duration::from_millis(12),
        pace: Pace {
            first: Duration::from_millis(13),
            longest: Duration::from_millis(14),
            jitter: Duration::from_millis(15),
            attempt: Some(Duration::from_millis(16)),
            pause: Duration::from_millis(17),
        },
        maximum_message_size: 1472,
        kinds: [(18, dhcp_proto::Kind::Text)].into(),
        offers_only: false,
    };
    assert_eq!(config(settings, LINK), expected);
}

#[test]
fn each_switch_is_its_own() {
    /// What one switch does to the settings, and where it shows.
    type Switch = (fn(&mut Settings), fn(&mut Config));
    let switches: [Switch; 5] = [
        (|s| s.broadcast = true, |c| c.broadcast = true),
        (
            |s| s.require_server = true,
            |c| c.require_server_identifier = true,
        ),
        (|s| s.rapid_commit = true, |c| c.rapid_commit = true),
        (|s| s.offers_only = true, |c| c.offers_only = true),
        (|s| s.forced_renewal = true, |c| c.forced_renewal = true),
    ];
    for (of_settings, of_config) in switches {
        let mut settings = Settings::default();
        let mut expected = config(settings.clone(), LINK);
        of_settings(&mut settings);
        of_config(&mut expected);
        assert_eq!(config(settings, LINK), expected);
    }
}

#[test]
fn the_default_settings_are_the_machines_except_that_nothing_is_sent() {
    let expected = Config {
        client_identifier: Vec::new(),
        parameter_request_list: Vec::new(),
        ..Config::new(LINK.mac.0)
    };
    assert_eq!(config(Settings::default(), LINK), expected);
}

#[test]
fn an_attempt_of_no_milliseconds_has_no_end() {
    assert_eq!(pace_from_rpc(sdk_rpc::Pace::default()).attempt, None);
}

#[test]
fn the_largest_message_is_what_the_link_carries_within_the_protocols_limits() {
    for (mtu, expected) in [
        (0, 576),
        (576, 576),
        (1400, 1372),
        (1500, 1472),
        (9000, 1472),
        (u32::MAX, 1472),
    ] {
        let config = config(Settings::default(), LinkState { mtu, ..LINK });
        assert_eq!(config.maximum_message_size, expected, "MTU {mtu}");
    }
}

#[test]
fn the_operators_address_goes_before_a_remembered_one() {
    let subnet = sdk_rpc::Subnet {
        address: ADDRESS,
        prefix_length: 24,
    };
    let remembered = Ipv4Addr::new(192, 0, 2, 8);
    let informing = Start::Inform {
        address: ADDRESS,
        prefix_length: 24,
    };
    assert_eq!(start(None, Some(subnet), Some(remembered)), informing);
    let confirming = Start::Reboot {
        address: remembered,
    };
    assert_eq!(start(None, None, Some(remembered)), confirming);
    assert_eq!(start(None, None, None), Start::Init);
}

#[test]
fn who_accepts_no_offer_asks_for_no_commitment() {
    let settings = Settings {
        rapid_commit: true,
        offers_only: true,
        ..Settings::default()
    };
    assert!(!config(settings, LINK).rapid_commit);
}
