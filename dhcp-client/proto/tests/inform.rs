//! An address of the operator's, and what servers have to say about it (DHCPINFORM).

mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{
    Action, Applied, Command, Config, ConfigureCause, DeconfigureCause, Discard, Duration, Lease,
    Link, MessageType, Origin, Pace, Setback, Start, State, UpdateCause,
};
use support::{
    sent::Carrier,
    server::{Reply, SERVER},
};
use transcript::{
    ADDRESS, Client, MAC, Message, OTHER_SERVER, assert_configure, assert_update, deconfigure,
    kept_lease,
};

const START: Start = Start::Inform {
    address: ADDRESS,
    prefix_length: 20,
};

fn informing() -> Client {
    Client::with(Config::new(MAC), START)
}

/// A server's answer. RFC 2131 section 4.3.5 wants neither yiaddr nor a lease time in it.
fn told(inform: &Message) -> Reply {
    Reply {
        lease_time: None,
        ..Reply::ack(&inform.sent, Ipv4Addr::UNSPECIFIED)
    }
}

/// A client that was told something.
fn informed() -> Client {
    let mut client = informing();
    let inform = client.message();
    client.hear(&told(&inform).with(6, &[192, 0, 2, 53]));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Informed);
    client
}

#[test]
fn case_065_inform_has_the_address_and_asks_for_no_lease() {
    let mut config = Config::new(MAC);
    config.wanted_seconds = Some(60);
    config.wanted_address = Some(Ipv4Addr::new(192, 0, 2, 9));
    let mut client = Client::with(config, START);
    let inform = client.message();
    assert_eq!(inform.sent.message_type, MessageType::Inform);
    assert_eq!(inform.sent.ciaddr, ADDRESS);
    assert_eq!(inform.sent.codes, [53, 61, 57, 55]);
    let carrier = Carrier {
        source_mac: MAC,
        destination_mac: [0xff; 6],
        source: ADDRESS,
        destination: Ipv4Addr::BROADCAST,
    };
    assert_eq!(inform.sent.carrier, Some(carrier));
    assert_eq!(client.machine.state(), State::Informing);
    assert_eq!(client.actions(), []);
}

#[test]
fn case_065_lease_time_and_mask_of_the_answer_mean_nothing() {
    let mut client = informing();
    let inform = client.message();
    client.elapse(700);
    client.hear(&Reply {
        lease_time: Some(60),
        ..told(&inform)
    });
    let Action::Configure { lease, cause } = client.action() else {
        panic!("no Configure");
    };
    assert_eq!(cause, ConfigureCause::Informed);
    assert_eq!(lease.origin, Origin::Inform);
    assert_eq!((lease.address, lease.prefix_length), (ADDRESS, 20));
    assert_eq!((lease.lease_seconds, lease.expires_at), (None, None));
    assert_eq!(lease.routers, [SERVER]);
    assert_eq!(lease.server_identifier, SERVER);
    assert_eq!(client.machine.state(), State::Bound);
    assert_eq!(client.machine.poll_timeout(), None);
}

#[test]
fn without_an_answer_it_is_repeated_by_the_pace_and_told_after_four() {
    let mut client = informing();
    let at: [u64; 5] = std::array::from_fn(|_| client.message().at);
    assert_eq!(at[0], 0);
    for (gap, seconds) in at.windows(2).zip([4, 8, 16, 32]) {
        let gap = gap[1] - gap[0];
        assert!((seconds * 1000 - 1000..=seconds * 1000 + 1000).contains(&gap));
    }
    assert_eq!(client.action(), Action::Setback(Setback::NoAnswer));
    assert_eq!(client.machine.state(), State::Informing);
}

#[test]
fn an_attempt_that_is_over_is_told_and_begins_anew() {
    let mut config = Config::new(MAC);
    config.pace = Pace {
        first: Duration::from_secs(3),
        longest: Duration::from_secs(3),
        jitter: Duration::ZERO,
        attempt: Some(Duration::from_secs(9)),
        pause: Duration::from_secs(20),
    };
    let mut client = Client::with(config, START);
    let at: [u64; 4] = std::array::from_fn(|_| client.message().at);
    assert_eq!(at, [0, 3_000, 6_000, 29_000]);
    assert_eq!(client.action(), Action::Setback(Setback::NoAnswer));
}

#[test]
fn other_answers_are_ignored() {
    let mut client = informing();
    let inform = client.message();
    client.hear(&Reply::offer(&inform.sent, ADDRESS));
    client.hear(&Reply::nak(&inform.sent));
    client.hear(&Reply {
        xid: inform.sent.xid ^ 1,
        ..told(&inform)
    });
    assert_eq!(client.discarded(Discard::UnexpectedInState), 2);
    assert_eq!(client.discarded(Discard::WrongXid), 1);
    assert_eq!(client.actions(), []);
}

#[test]
fn renew_asks_the_known_server_and_then_all() {
    let mut client = informed();
    client.elapse(100_000);
    client.command(Command::Renew);
    let first = client.message();
    assert_eq!((first.at, first.datagram_to), (100_000, Some(SERVER)));
    assert_eq!(first.sent.message_type, MessageType::Inform);
    let second = client.message();
    assert_eq!(second.datagram_to, None);
    assert_eq!(second.sent.xid, first.sent.xid);

    client.hear(&told(&second).from_server(OTHER_SERVER));
    assert_update(client.action(), ADDRESS, UpdateCause::Informed);
    assert!(client.lease().dns.is_empty());
    assert_eq!(client.lease().server_identifier, OTHER_SERVER);
}

#[test]
fn without_an_answer_to_renew_what_was_said_before_holds() {
    let mut client = informed();
    client.command(Command::Renew);
    client.elapse(100_000);
    assert_eq!(client.messages().len(), 4);
    assert_eq!(client.machine.state(), State::Bound);
    assert_eq!(client.actions(), []);
    assert_eq!(client.lease().dns.len(), 1);
}

#[test]
fn renew_while_asking_asks_anew() {
    let mut client = informing();
    let first = client.message();
    client.command(Command::Renew);
    let second = client.message();
    assert_eq!(second.at, first.at);
    assert_ne!(second.sent.xid, first.sent.xid);
}

#[test]
fn after_the_link_was_away_the_servers_are_asked_again() {
    let mut client = informed();
    client.link(Link::Down);
    client.command(Command::Renew);
    client.elapse(100_000);
    assert_eq!(client.messages(), []);
    assert_eq!(client.actions(), []);
    client.link(Link::Up);
    let inform = client.message();
    assert_eq!(inform.sent.message_type, MessageType::Inform);
    client.hear(&told(&inform));
    assert_update(client.action(), ADDRESS, UpdateCause::Informed);
}

#[test]
fn a_new_mac_keeps_the_operators_address_and_asks_again() {
    let mut client = informed();
    client.link(Link::Mac([0x02, 0, 0, 0, 0, 0x22]));
    let inform = client.message();
    assert_eq!(inform.sent.chaddr, [0x02, 0, 0, 0, 0, 0x22]);
    assert_eq!(inform.sent.ciaddr, ADDRESS);
    assert_eq!(client.actions(), []);
}

#[test]
fn release_says_nothing_to_a_server_that_leased_nothing() {
    let mut client = informed();
    client.command(Command::Release);
    assert_eq!(client.messages(), []);
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Released));
    assert_eq!(client.machine.state(), State::Stopped);
}

#[test]
fn parameters_that_the_host_refuses_are_asked_for_again_after_ten_seconds() {
    let mut client = informing();
    let inform = client.message();
    client.host_says = Applied::Refused;
    client.hear(&told(&inform));
    assert_configure(client.action(), ADDRESS, ConfigureCause::Informed);
    assert_eq!(client.machine.lease(), None);
    let again = client.message();
    assert_eq!(again.sent.message_type, MessageType::Inform);
    assert_eq!(again.at, 10_000);
}

#[test]
fn resumed_parameters_hold_in_silence_until_the_operator_asks() {
    let lease = Lease {
        origin: Origin::Inform,
        lease_seconds: None,
        renew_at: None,
        rebind_at: None,
        expires_at: None,
        ..kept_lease()
    };
    let mut client = Client::with(Config::new(MAC), Start::Resume(lease));
    client.elapse(10_000_000);
    assert_eq!(client.messages(), []);
    assert_eq!(client.machine.state(), State::Bound);
    client.command(Command::Rebind);
    let inform = client.message();
    assert_eq!(inform.sent.message_type, MessageType::Inform);
    assert_eq!(inform.datagram_to, Some(SERVER));
}

#[test]
fn the_first_message_may_be_delayed() {
    let mut config = Config::new(MAC);
    config.start_delay = Duration::from_secs(10);
    let at = [1, 2, 3].map(|seed| {
        Client::with_seed(config.clone(), START, [seed; 32])
            .message()
            .at
    });
    assert!(at.iter().all(|at| *at <= 10_000) && at.iter().any(|at| *at > 0));
}
