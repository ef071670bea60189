//! From nothing to a lease: the messages field by field, and what becomes of the answer.

mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{
    Action, Applied, Config, ConfigureCause, Discard, MessageType, Route, Start, State, Value,
};
use support::{
    sent::Carrier,
    server::{Reply, SERVER},
};
use transcript::{ADDRESS, Client, MAC, assert_configure, extended, since_start};

/// How every broadcast of a client without an address travels.
const FROM_NOWHERE: Carrier = Carrier {
    source_mac: MAC,
    destination_mac: [0xff; 6],
    source: Ipv4Addr::UNSPECIFIED,
    destination: Ipv4Addr::BROADCAST,
};

#[test]
fn case_001_discover_goes_from_0_0_0_0_to_everyone() {
    let mut client = Client::new();

    let discover = client.message();

    assert_eq!(discover.at, 0);
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.sent.carrier, Some(FROM_NOWHERE));
    assert_eq!(discover.sent.ciaddr, Ipv4Addr::UNSPECIFIED);
    assert_eq!(discover.sent.chaddr, MAC);
    assert_eq!(discover.sent.server_identifier(), None);
    assert_eq!(discover.sent.requested_address(), None);
    assert_eq!(client.machine.state(), State::Selecting);
}

#[test]
fn case_002_flags_are_zero_by_default() {
    let mut client = Client::new();
    assert_eq!(client.message().sent.flags, 0);
}

#[test]
fn case_002_broadcast_sets_its_bit_and_no_other() {
    let mut config = Config::new(MAC);
    config.broadcast = true;
    let mut client = Client::with(config, Start::Init);
    assert_eq!(client.message().sent.flags, 0x8000);
}

#[test]
fn case_003_request_after_offer_is_broadcast_with_server_and_address() {
    let mut client = Client::new();
    client.request_offered(|offer| offer);

    let request = client.message();

    assert_eq!(request.sent.message_type, MessageType::Request);
    assert_eq!(request.sent.carrier, Some(FROM_NOWHERE));
    assert_eq!(request.sent.server_identifier(), Some(SERVER));
    assert_eq!(request.sent.requested_address(), Some(ADDRESS));
    assert_eq!(request.sent.ciaddr, Ipv4Addr::UNSPECIFIED);
    assert_eq!(client.machine.state(), State::Requesting);
}

#[test]
fn case_004_every_message_carries_the_same_client_identifier() {
    let identifier = [1, 0x02, 0, 0, 0, 0, 0x10];
    let mut client = Client::new();

    let discover = client.message();
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    let renewal = client.message();
    let rebinding = client.message();

    assert_eq!(discover.sent.client_identifier(), Some(&identifier[..]));
    assert_eq!(request.sent.client_identifier(), Some(&identifier[..]));
    assert_eq!(renewal.sent.client_identifier(), Some(&identifier[..]));
    assert_eq!(rebinding.sent.client_identifier(), Some(&identifier[..]));
}

#[test]
fn case_005_parameter_request_list_is_repeated_in_every_request() {
    let list = Config::new(MAC).parameter_request_list;
    let mut client = Client::new();

    let discover = client.message();
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    let renewal = client.message();

    assert_eq!(discover.sent.parameter_request_list(), Some(&list[..]));
    assert_eq!(request.sent.parameter_request_list(), Some(&list[..]));
    assert_eq!(renewal.sent.parameter_request_list(), Some(&list[..]));
}

#[test]
fn case_006_secs_of_request_is_that_of_the_discover_it_follows() {
    let mut client = Client::new();
    client.message();
    let discover = client.message();
    // Longer than a second, so that counting on would show.
    client.elapse(2_500);
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    let again = client.message();

    assert_eq!(u64::from(discover.sent.secs), discover.at / 1000);
    assert!(discover.sent.secs >= 3);
    assert_eq!(request.sent.secs, discover.sent.secs);
    assert_eq!(again.sent.secs, discover.sent.secs);
}

#[test]
fn case_007_request_has_the_xid_of_the_offer() {
    let mut client = Client::new();
    let discover = client.message();
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    assert_eq!(client.message().sent.xid, discover.sent.xid);
}

#[test]
fn case_008_ack_configures_address_mask_routes_and_resolvers() {
    let mut client = Client::new();
    client.request_offered(|offer| offer.with(15, b"offer.example"));
    let request = client.message();
    // Not zero, so that counting from the DHCPACK would show.
    client.elapse(700);
    client.hear(
        &Reply::ack(&request.sent, ADDRESS)
            .with(6, &[192, 0, 2, 2, 192, 0, 2, 3])
            .with(28, &[192, 0, 2, 255])
            .with(26, &[0x05, 0x78])
            .with(42, &[192, 0, 2, 4])
            .with(12, b"guest"),
    );

    let Action::Configure { lease, cause } = client.action() else {
        panic!("no Configure");
    };
    assert_eq!(cause, ConfigureCause::Bound);
    assert_eq!((lease.address, lease.prefix_length), (ADDRESS, 24));
    assert_eq!(lease.broadcast, Some(Ipv4Addr::new(192, 0, 2, 255)));
    assert_eq!(lease.server_identifier, SERVER);
    assert_eq!(lease.routers, [SERVER]);
    assert_eq!(
        lease.dns,
        [[192, 0, 2, 2], [192, 0, 2, 3]].map(Ipv4Addr::from)
    );
    assert_eq!(lease.ntp, [Ipv4Addr::new(192, 0, 2, 4)]);
    assert_eq!(lease.mtu, Some(1400));
    assert_eq!(lease.host_name.as_deref(), Some("guest"));
    // What only the DHCPOFFER had is not part of the lease.
    assert_eq!(lease.domain, None);
    assert_eq!(lease.lease_seconds, Some(3600));
    assert_eq!(since_start(Some(lease.acquired_at)), request.at);
    assert_eq!(since_start(lease.expires_at), request.at + 3_600_000);
    assert_eq!(client.machine.lease(), Some(&*lease));
    assert_eq!(client.machine.state(), State::Bound);
}

#[test]
fn case_009_unicast_ack_to_the_address_to_be_is_accepted() {
    let mut client = Client::new();
    client.request_offered(|offer| Reply {
        broadcast: false,
        ..offer
    });
    let request = client.message();
    client.hear(&Reply {
        broadcast: false,
        ..Reply::ack(&request.sent, ADDRESS)
    });
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
}

#[test]
fn case_010_broadcast_ack_is_accepted() {
    let mut client = Client::new();
    client.request_offered(|offer| offer);
    let request = client.message();
    client.hear(&Reply {
        broadcast: true,
        ..Reply::ack(&request.sent, ADDRESS)
    });
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
}

#[test]
fn case_013_maximum_message_size_is_sent_and_at_least_576() {
    let mut client = Client::new();
    let discover = client.message();
    let size = discover.sent.options[&57].clone();
    assert_eq!(size, 1472_u16.to_be_bytes());
}

#[test]
fn case_066_classless_routes_replace_routers_and_static_routes() {
    let mut client = Client::new();
    client.request_offered(|offer| offer);
    let request = client.message();
    client.hear(
        &Reply::ack(&request.sent, ADDRESS)
            .with(33, &[198, 51, 100, 7, 192, 0, 2, 5])
            .with(121, &[24, 198, 51, 100, 192, 0, 2, 6]),
    );
    let lease = client.lease();
    assert!(lease.routers.is_empty());
    assert_eq!(
        lease.routes,
        [Route {
            destination: Ipv4Addr::new(198, 51, 100, 0),
            prefix_length: 24,
            gateway: Ipv4Addr::new(192, 0, 2, 6),
        }]
    );
}

#[test]
fn case_068_static_routes_stand_beside_routers_where_there_are_no_classless_ones() {
    let client = Client::bound(|ack| ack.with(33, &[198, 51, 100, 7, 192, 0, 2, 5]));
    let lease = client.lease();
    assert_eq!(lease.routers, [SERVER]);
    assert_eq!(lease.routes[0].destination, Ipv4Addr::new(198, 51, 100, 7));
}

#[test]
fn case_069_address_of_a_32_and_its_distant_gateway_are_given_as_they_came() {
    let client = Client::bound(|ack| {
        ack.with(1, &[255, 255, 255, 255])
            .with(3, &[203, 0, 113, 1])
    });
    assert_eq!(client.lease().prefix_length, 32);
    assert_eq!(client.lease().routers, [Ipv4Addr::new(203, 0, 113, 1)]);
}

#[test]
fn case_073_mtu_of_the_ack_is_part_of_the_lease_and_an_illegal_one_is_not() {
    let client = Client::bound(|ack| ack.with(26, &1400_u16.to_be_bytes()));
    assert_eq!(client.lease().mtu, Some(1400));
    let client = Client::bound(|ack| ack.with(26, &67_u16.to_be_bytes()));
    assert_eq!(client.lease().mtu, None);
}

#[test]
fn case_076_captive_portal_is_exported_and_nothing_else() {
    let uri = b"https://portal.example/?a=b";
    let client = Client::bound(|ack| ack.with(114, uri));
    let plain = Client::bound(|ack| ack);
    let exported = client.lease().parameters.iter().find(|it| it.code == 114);
    let text = Value::Text("https://portal.example/?a=b".into());
    assert_eq!(exported.map(|it| &it.value), Some(&text));
    let rest = dhcp_proto::Lease {
        parameters: plain.lease().parameters.clone(),
        ..client.lease().clone()
    };
    assert_eq!(rest, *plain.lease());
}

#[test]
fn lease_refused_by_the_host_is_forgotten_and_not_asked_for_in_ten_seconds() {
    let mut client = Client::new();
    client.request_offered(|offer| offer);
    let request = client.message();
    client.host_says = Applied::Refused;
    client.elapse(300);
    client.hear(&Reply::ack(&request.sent, ADDRESS));

    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
    assert_eq!(client.machine.state(), State::Init);
    assert_eq!(client.machine.lease(), None);
    let discover = client.message();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.at, 300 + 10_000);
    assert_eq!(client.actions(), []);
}

#[test]
fn update_refused_by_the_host_keeps_the_former_parameters_with_the_new_times() {
    let mut client = Client::bound(|ack| ack.with(15, b"former.example"));
    let renewal = client.message();
    client.host_says = Applied::Refused;
    client.hear(&extended(&renewal).with(15, b"refused.example"));

    let actions = client.actions();
    assert_eq!(
        actions.len(),
        2,
        "the update, and the former with new times"
    );
    assert!(matches!(&actions[1], Action::Update { lease, .. } if **lease == *client.lease()));
    assert_eq!(client.lease().domain.as_deref(), Some("former.example"));
    assert_eq!(
        since_start(client.lease().expires_at),
        renewal.at + 3_600_000
    );
    assert_eq!(client.machine.state(), State::Bound);
}

#[test]
fn ack_in_init_waiting_for_its_delay_is_unexpected() {
    let mut config = Config::new(MAC);
    config.start_delay = dhcp_proto::Duration::from_secs(10);
    let mut waiting = Client::with(config, Start::Init);
    assert_eq!(waiting.messages(), []);
    let mut other = Client::new();
    let discover = other.message();
    waiting.hear(&Reply::ack(&discover.sent, ADDRESS));
    assert_eq!(waiting.discarded(Discard::UnexpectedInState), 1);
    assert_eq!(waiting.actions(), []);
    assert!(waiting.message().at <= 10_000);
}
