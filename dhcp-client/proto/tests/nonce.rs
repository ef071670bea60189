//! How the nonce comes to the client that a DHCPFORCERENEW is signed with, and how long it is kept
//! (RFC 6704 section 3.1).

mod force;
mod support;
mod transcript;

use dhcp_proto::{
    Command, Config, ConfigureCause, Discard, Kind, Lease, MessageType, Start, State, Value,
};
use force::{Force, NONCE, bound, config, option_90, with_nonce};
use support::server::Reply;
use transcript::{ADDRESS, Client, MAC, Message, OTHER_SERVER, assert_configure, extended};

#[test]
fn discover_and_request_say_that_a_nonce_is_understood() {
    let mut client = Client::with(config(), Start::Init);
    let discover = client.message();
    client.hear(&Reply::offer(&discover.sent, ADDRESS).with(145, &[1]));
    let request = client.message();
    client.hear(&with_nonce(Reply::ack(&request.sent, ADDRESS)));
    client.command(Command::Renew);
    let renewal = client.message();
    client.command(Command::Release);
    let release = client.message();
    for message in [discover, request, renewal] {
        assert_eq!(message.sent.options[&145], [1]);
        // RFC 6704 section 3.1.1: no message of a client's has option 90.
        assert_eq!(message.sent.options.get(&90), None);
    }
    assert_eq!(release.sent.options.get(&145), None);
}

#[test]
fn it_is_not_said_by_default() {
    let mut client = Client::new();
    assert_eq!(client.message().sent.options.get(&145), None);
}

#[test]
fn a_resumed_lease_has_its_nonce_and_its_replay_value() {
    let mut client = bound();
    client.hear_frame(&Force::default().frame());
    let renewal = client.message();
    client.hear(&extended(&renewal));
    let lease: Lease = client.lease().clone();

    let mut resumed = Client::with(config(), Start::Resume(lease));
    resumed.hear_frame(&Force::default().frame());
    assert_eq!(resumed.discarded(Discard::Replayed), 1);
    let next = Force {
        replay: 102,
        ..Force::default()
    };
    resumed.hear_frame(&next.frame());
    assert_eq!(resumed.machine.state(), State::Renewing);
}

#[test]
fn a_renewal_with_a_new_nonce_ends_the_old_one() {
    let mut client = bound();
    client.command(Command::Renew);
    let renewal = client.message();
    client.hear(&extended(&renewal).with(90, &option_90(5, 1, [9; 16])));
    client.hear_frame(&Force::default().frame());
    assert_eq!(client.discarded(Discard::WrongSignature), 1);
    let force = Force {
        replay: 6,
        nonce: [9; 16],
        ..Force::default()
    };
    client.hear_frame(&force.frame());
    assert_eq!(client.machine.state(), State::Renewing);
}

#[test]
fn another_servers_lease_does_not_keep_the_nonce() {
    let mut client = bound();
    client.command(Command::Rebind);
    let request = client.message();
    client.hear(&extended(&request).from_server(OTHER_SERVER));
    let force = Force {
        server: OTHER_SERVER,
        ..Force::default()
    };
    client.hear_frame(&force.frame());
    assert_eq!(client.discarded(Discard::NoNonce), 1);
}

#[test]
fn parameters_stay_in_order_when_the_nonce_is_kept() {
    let mut client = bound();
    client.command(Command::Renew);
    let renewal = client.message();
    client.hear(&extended(&renewal).with(121, &[0, 192, 0, 2, 1]));
    let codes: Vec<u8> = client.lease().parameters.iter().map(|it| it.code).collect();
    assert_eq!(codes, [1, 3, 51, 53, 54, 90, 121]);
}

#[test]
fn the_operator_cannot_have_the_nonce_read_otherwise() {
    let mut config = config();
    config.kinds.insert(90, Kind::Addresses);
    let client = Client::bound_with(config, with_nonce);
    let option = client.lease().parameters.iter().find(|it| it.code == 90);
    let expected = Value::Octets(option_90(100, 1, NONCE));
    assert_eq!(option.map(|it| &it.value), Some(&expected));
}

/// A client whose offer promised a nonce, and its DHCPREQUEST.
fn promised(config: Config) -> (Client, Message) {
    let mut client = Client::with(config, Start::Init);
    client.request_offered(|offer| offer.with(145, &[1]));
    let request = client.message();
    (client, request)
}

#[test]
fn a_promised_nonce_that_does_not_come_starts_anew() {
    let (mut client, request) = promised(config());
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_eq!(client.discarded(Discard::NonceWithheld), 1);
    assert_eq!(client.actions(), []);
    let discover = client.message();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_ne!(discover.sent.xid, request.sent.xid);
}

#[test]
fn a_server_that_breaks_its_promise_again_and_again_is_asked_less_and_less() {
    let (mut client, mut request) = promised(config());
    while client.elapsed() < 600_000 {
        client.hear(&Reply::ack(&request.sent, ADDRESS));
        client.request_offered(|offer| offer.with(145, &[1]));
        request = client.message();
    }
    let sent = client.machine.counters().sent(MessageType::Discover);
    assert!((15..=19).contains(&sent), "{sent} DISCOVER in ten minutes");
}

#[test]
fn a_promised_nonce_that_comes_binds() {
    let (mut client, request) = promised(config());
    client.hear(&with_nonce(Reply::ack(&request.sent, ADDRESS)));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
}

#[test]
fn a_promise_that_nobody_asked_for_binds_nobody() {
    let (mut client, request) = promised(Config::new(MAC));
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Bound);
}
