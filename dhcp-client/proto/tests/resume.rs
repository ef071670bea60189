//! A lease that is in force when the client starts: it goes on as if nothing had been.

#![allow(clippy::unwrap_used, reason = "test code outside of test functions")]

mod support;
mod transcript;

use dhcp_proto::{
    Config, DeconfigureCause, Instant, Lease, MessageType, Start, State, UpdateCause,
};
use support::server::SERVER;
use transcript::{
    ADDRESS, Client, MAC, START, assert_update, deconfigure, extended, kept_lease, since_start,
};

/// A client that starts this many seconds after its lease did.
fn resumed_after(seconds: u64) -> Client {
    let earlier =
        |at: Option<Instant>| at.map(|at| Instant::from_millis(at.as_millis() - seconds * 1000));
    let lease = kept_lease();
    let lease = Lease {
        acquired_at: earlier(Some(lease.acquired_at)).unwrap(),
        renew_at: earlier(lease.renew_at),
        rebind_at: earlier(lease.rebind_at),
        expires_at: earlier(lease.expires_at),
        ..lease
    };
    Client::with(Config::new(MAC), Start::Resume(lease))
}

#[test]
fn before_t1_nothing_is_sent_until_t1() {
    let mut client = resumed_after(600);
    assert_eq!(client.machine.state(), State::Bound);
    assert_eq!(client.messages(), []);
    assert_eq!(client.actions(), []);

    let renewal = client.message();
    assert_eq!((renewal.at, renewal.datagram_to), (1_200_000, Some(SERVER)));
    client.hear(&extended(&renewal));
    assert_update(client.action(), ADDRESS, UpdateCause::Renewed);
}

#[test]
fn between_t1_and_t2_the_server_is_asked() {
    let mut client = resumed_after(2000);
    assert_eq!(client.machine.state(), State::Renewing);
    let renewal = client.message();
    assert_eq!((renewal.at, renewal.datagram_to), (0, Some(SERVER)));
    assert_eq!(client.actions(), []);
}

#[test]
fn after_t2_everyone_is_asked() {
    let mut client = resumed_after(3200);
    assert_eq!(client.machine.state(), State::Rebinding);
    let request = client.message();
    assert_eq!((request.at, request.datagram_to), (0, None));
    assert_eq!(request.sent.ciaddr, ADDRESS);
    assert_eq!(client.actions(), []);
    client.elapse(400_000);
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Expired));
}

#[test]
fn case_047_after_its_end_the_lease_goes_and_discovery_asks_for_its_address() {
    let mut client = resumed_after(3600);
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Expired));
    let discover = client.message();
    assert_eq!(discover.at, 0);
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    assert_eq!(discover.sent.requested_address(), Some(ADDRESS));
    assert_eq!(client.machine.lease(), None);
}

#[test]
fn infinite_lease_is_kept_in_silence() {
    let lease = Lease {
        lease_seconds: None,
        renew_at: None,
        rebind_at: None,
        expires_at: None,
        ..kept_lease()
    };
    let mut client = Client::with(Config::new(MAC), Start::Resume(lease));
    client.sleep(10_000_000_000);
    assert_eq!(client.messages(), []);
    assert_eq!(client.machine.state(), State::Bound);
}

#[test]
fn times_that_contradict_each_other_end_in_a_renewal() {
    let lease = Lease {
        renew_at: Some(Instant::from_millis(START + 900_000)),
        rebind_at: Some(Instant::from_millis(START + 100_000)),
        ..kept_lease()
    };
    let mut client = Client::with(Config::new(MAC), Start::Resume(lease));
    let request = client.message();
    assert_eq!((request.at, request.datagram_to), (100_000, None));
    client.hear(&extended(&request));
    assert_eq!(client.machine.state(), State::Bound);
    assert_eq!(
        since_start(client.lease().expires_at),
        request.at + 3_600_000
    );
}
