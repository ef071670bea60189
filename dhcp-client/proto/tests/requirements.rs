//! What the RFCs require and no numbered case asks for; `docs/compliance.md` says which test is whose.

mod support;
mod transcript;

use std::collections::BTreeSet;

use dhcp_proto::{
    Command, Config, ConfigureCause, ConflictDetection, DeconfigureCause, MessageType, Start, State,
};
use support::{
    arp::Heard,
    server::{Reply, SERVER},
};
use transcript::{ADDRESS, Client, MAC, assert_configure, deconfigure, since_start};

/// A client that says all it can, also what only the operator knows the meaning of.
fn talkative() -> Config {
    let mut config = Config::new(MAC);
    config.vendor_class = b"class".to_vec();
    config.wanted_seconds = Some(7200);
    config.host_name = Some("host".into());
    config.sent = vec![(77, b"user".to_vec()), (224, b"site".to_vec())];
    config
}

/// REBOOTING with a remembered address, and its DHCPREQUEST.
fn rebooting(config: Config) -> (Client, transcript::Message) {
    let mut client = Client::with(config, Start::Reboot { address: ADDRESS });
    let request = client.message();
    assert_eq!(client.machine.state(), State::Rebooting);
    (client, request)
}

#[test]
fn an_identifier_goes_with_a_remembered_address_too() {
    let identifier = [&[255, 0, 0, 0, 1][..], &[0, 3, 0, 1], &MAC].concat();
    let mut config = Config::new(MAC);
    config.client_identifier = identifier.clone();
    let (_, request) = rebooting(config);
    assert_eq!(request.sent.message_type, MessageType::Request);
    assert_eq!(request.sent.client_identifier(), Some(&identifier[..]));
}

#[test]
fn a_remembered_address_that_is_in_use_is_declined() {
    let mut config = Config::new(MAC);
    config.conflict_detection = ConflictDetection::Full;
    let (mut client, request) = rebooting(config);
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    client.hear_arp(Heard::reply(ADDRESS));
    let decline = client.message();
    assert_eq!(decline.sent.message_type, MessageType::Decline);
    assert_eq!(decline.sent.requested_address(), Some(ADDRESS));
    assert_eq!(client.machine.lease(), None);
    // "restarts the configuration process by requesting a new network address."
    let discover = client.message();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.sent.requested_address(), None);
}

#[test]
fn a_decline_says_what_it_must_and_nothing_else() {
    let mut config = talkative();
    config.conflict_detection = ConflictDetection::Full;
    let mut client = Client::with(config, Start::Init);
    client.request_offered(|offer| offer);
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    client.hear_arp(Heard::reply(ADDRESS));
    let decline = client.message().sent;
    assert_eq!(decline.message_type, MessageType::Decline);
    assert_eq!(decline.requested_address(), Some(ADDRESS));
    assert_eq!(decline.server_identifier(), Some(SERVER));
    assert_eq!(decline.codes, [53, 61, 50, 54, 56]);
}

#[test]
fn no_message_but_the_decline_has_words_in_it() {
    let mut client = Client::with(talkative(), Start::Init);
    let discover = client.message();
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    client.command(Command::Renew);
    let renewal = client.message();
    client.command(Command::Rebind);
    let rebinding = client.message();
    let (_, reboot) = rebooting(talkative());
    for message in [discover, request, renewal, rebinding, reboot] {
        assert_eq!(message.sent.options.get(&56), None);
    }
}

#[test]
fn classless_routes_and_routers_are_asked_for_by_default() {
    let list = Client::new().message().sent.options[&55].clone();
    assert!(list.contains(&121) && list.contains(&3), "{list:?}");
}

#[test]
fn ipv6_only_preferred_is_asked_for_in_every_request_or_in_none() {
    for wanted in [true, false] {
        let mut config = Config::new(MAC);
        if wanted {
            config.parameter_request_list.push(108);
        }
        let mut client = Client::with(config.clone(), Start::Init);
        let discover = client.message();
        client.hear(&Reply::offer(&discover.sent, ADDRESS));
        let request = client.message();
        client.hear(&Reply::ack(&request.sent, ADDRESS));
        client.command(Command::Renew);
        let renewal = client.message();
        client.command(Command::Rebind);
        let rebinding = client.message();
        let (_, reboot) = rebooting(config);
        for message in [discover, request, renewal, rebinding, reboot] {
            assert_eq!(message.sent.options[&55].contains(&108), wanted);
        }
    }
}

#[test]
fn times_are_earlier_by_chance_and_never_later() {
    let times: BTreeSet<(u64, u64)> = (0..20)
        .map(|seed| {
            let mut client = Client::with_seed(Config::new(MAC), Start::Init, [seed; 32]);
            client.request_offered(|offer| offer);
            let request = client.message();
            client.hear(&Reply::ack(&request.sent, ADDRESS));
            let lease = client.lease();
            (since_start(lease.renew_at), since_start(lease.rebind_at))
        })
        .collect();
    // Of a lease of an hour: half of it, seven eighths of it.
    assert!(
        times
            .iter()
            .all(|(t1, t2)| *t1 <= 1_800_000 && *t2 <= 3_150_000)
    );
    let (t1s, t2s): (BTreeSet<u64>, BTreeSet<u64>) = times.iter().copied().unzip();
    assert!(t1s.len() > 15 && t2s.len() > 15, "{times:?}");
}

#[test]
fn an_address_that_is_leased_again_after_its_end_is_used_again() {
    let mut client = Client::bound_for(3600);
    client.sleep(3_600_000);
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Expired));
    client.request_offered(|offer| offer);
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
}
