//! Offers that are told of and not accepted: what a test of a network asks for.

mod support;
mod transcript;

use dhcp_proto::{Action, Applied, Config, ConfigureCause, Discard, MessageType, Start, State};
use support::server::Reply;
use transcript::{ADDRESS, Client, MAC, assert_configure};

fn curious() -> Client {
    let mut config = Config::new(MAC);
    config.offers_only = true;
    Client::with(config, Start::Init)
}

#[test]
fn each_offer_is_told_of_with_all_its_options_and_none_is_requested() {
    let mut client = curious();
    for _ in 0..2 {
        let discover = client.message();
        let offer = Reply::offer(&discover.sent, ADDRESS).with(15, b"example.org");
        client.hear(&offer);
        let action = client.action();
        let Action::Configure { lease, .. } = &action else {
            panic!("{action:?}");
        };
        assert_eq!(lease.domain.as_deref(), Some("example.org"));
        assert_configure(action, ADDRESS, ConfigureCause::Offered);
        assert_eq!(client.machine.state(), State::Selecting);
    }
    assert_eq!(client.machine.counters().sent(MessageType::Request), 0);
    assert_eq!(client.machine.counters().sent(MessageType::Decline), 0);
}

#[test]
fn an_offer_that_the_host_does_not_want_changes_nothing() {
    for applied in [Applied::Refused, Applied::InUse] {
        let mut client = curious();
        let discover = client.message();
        client.hear(&Reply::offer(&discover.sent, ADDRESS));
        drop(client.action());
        let now = client.instant();
        client.machine.handle_applied(now, applied);
        assert_eq!(client.actions(), []);
        assert_eq!(client.machine.state(), State::Selecting);
        assert_eq!(client.message().sent.message_type, MessageType::Discover);
    }
}

#[test]
fn an_offer_that_is_no_offer_is_discarded_as_ever() {
    let mut client = curious();
    let discover = client.message();
    client.hear(&Reply::offer(&discover.sent, "0.0.0.0".parse().unwrap()));
    assert_eq!(client.discarded(Discard::UnusableYiaddr), 1);
    assert_eq!(client.actions(), []);
}
