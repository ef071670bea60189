//! When things are sent, to the millisecond of the injected clock.

mod support;
mod transcript;

use dhcp_proto::{Config, DeconfigureCause, Duration, MessageType, Start, State};
use support::server::Reply;
use transcript::{ADDRESS, Client, MAC, deconfigure};

/// Milliseconds from one message to the next.
fn gaps(sent_at: &[u64]) -> Vec<u64> {
    sent_at.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn sent_at<const N: usize>(client: &mut Client, expected: MessageType) -> [u64; N] {
    std::array::from_fn(|_| {
        let message = client.message();
        assert_eq!(message.sent.message_type, expected);
        message.at
    })
}

#[track_caller]
fn assert_about(gap: u64, seconds: u64) {
    let around = seconds * 1000;
    assert!(
        (around - 1000..=around + 1000).contains(&gap),
        "{gap} ms is not {seconds} s +- 1 s"
    );
}

#[test]
fn case_18_no_server_discovers_at_0_4_12_28_60_then_every_64_s() {
    let mut client = Client::new();

    let at: [u64; 8] = sent_at(&mut client, MessageType::Discover);

    assert_eq!(at[0], 0);
    let gaps = gaps(&at);
    assert_about(gaps[0], 4);
    assert_about(gaps[1], 8);
    assert_about(gaps[2], 16);
    assert_about(gaps[3], 32);
    // "up to a maximum of 64 seconds", jitter included.
    assert!(gaps[4..].iter().all(|gap| (62_000..=64_000).contains(gap)));
    assert_eq!(client.machine.state(), State::Selecting);
}

#[test]
fn case_18_secs_counts_on_and_xid_stays() {
    let mut client = Client::new();
    let first = client.message();
    let second = client.message();
    let third = client.message();
    assert_eq!(first.sent.secs, 0);
    assert_eq!(u64::from(second.sent.secs), second.at / 1000);
    assert_eq!(u64::from(third.sent.secs), third.at / 1000);
    assert_eq!(second.sent.xid, first.sent.xid);
    assert_eq!(third.sent.xid, first.sent.xid);
}

#[test]
fn case_19_two_clients_started_together_drift_apart() {
    let mut one = Client::with_seed(Config::new(MAC), Start::Init, [1; 32]);
    let mut other = Client::with_seed(Config::new(MAC), Start::Init, [2; 32]);
    let one: [u64; 6] = sent_at(&mut one, MessageType::Discover);
    let other: [u64; 6] = sent_at(&mut other, MessageType::Discover);
    assert_ne!(one[1], other[1]);
    assert_ne!(gaps(&one), gaps(&other));
}

#[test]
fn case_19_start_delay_is_random_within_its_bound() {
    let delays = [1, 2, 3, 4].map(|seed| {
        let mut config = Config::new(MAC);
        config.start_delay = Duration::from_secs(10);
        Client::with_seed(config, Start::Init, [seed; 32])
            .message()
            .at
    });
    assert!(delays.iter().all(|delay| *delay <= 10_000));
    assert!(delays.iter().any(|delay| *delay != delays[0]));
}

#[test]
fn case_20_unanswered_request_is_sent_four_times_then_discovery_starts_anew() {
    let mut client = Client::new();
    let discover = client.message();
    client.hear(&Reply::offer(&discover.sent, ADDRESS));

    let at: [u64; 4] = sent_at(&mut client, MessageType::Request);
    let anew = client.message();

    assert_eq!(at[0], 0);
    let gaps = gaps(&at);
    assert_about(gaps[0], 4);
    assert_about(gaps[1], 8);
    assert_about(gaps[2], 16);
    assert_about(anew.at - at[3], 32);
    assert_eq!(anew.sent.message_type, MessageType::Discover);
    assert_ne!(anew.sent.xid, discover.sent.xid);
    // The client still looks for its first address.
    assert_eq!(u64::from(anew.sent.secs), anew.at / 1000);
}

#[test]
fn case_20_late_ack_to_a_repeated_request_counts_from_the_first_sending() {
    let mut client = Client::new();
    client.request_offered(|offer| offer);
    let first = client.message();
    let second = client.message();
    assert!(second.at > first.at);
    client.hear(&Reply::ack(&second.sent, ADDRESS));
    assert_eq!(
        transcript::since_start(client.lease().expires_at),
        first.at + 3_600_000
    );
}

#[test]
fn case_22_new_transactions_have_new_xids() {
    let mut client = Client::new();
    let discover = client.message();
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    let renewal = client.message();
    client.elapse(3_150_000 - client.elapsed());
    let rebinding = client.messages().pop().unwrap();

    assert_eq!(request.sent.xid, discover.sent.xid);
    assert_ne!(renewal.sent.xid, request.sent.xid);
    assert_ne!(rebinding.sent.xid, renewal.sent.xid);
    // Neither the next number nor one near it.
    assert!(renewal.sent.xid.abs_diff(request.sent.xid) > 0xffff);
}

#[test]
fn case_22_another_seed_gives_other_xids() {
    let xids = [1, 2, 3].map(|seed| {
        Client::with_seed(Config::new(MAC), Start::Init, [seed; 32])
            .message()
            .sent
            .xid
    });
    assert!(xids[0] != xids[1] && xids[1] != xids[2] && xids[0] != xids[2]);
}

#[test]
fn case_23_sleep_past_the_end_of_the_lease_expires_it() {
    let mut client = Client::bound_for(3600);
    client.sleep(100_000_000);
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Expired));
    let discover = client.message();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    // T1 and T2 passed unseen: no message uses the lost address.
    assert_eq!(client.messages(), []);
}

#[test]
fn case_23_ack_heard_on_waking_after_the_end_is_of_no_use() {
    let mut client = Client::bound_for(3600);
    client.elapse(1_800_000);
    let renewal = client.messages().pop().unwrap();
    // Nothing wakes the client here: the frame comes first.
    let after_the_end = client.instant().as_millis() + 3_600_000;
    let frame = transcript::extended(&renewal).frame();
    client.machine.handle_frame(
        dhcp_proto::Instant::from_millis(after_the_end),
        &frame,
        true,
    );
    assert_eq!(
        client.machine.poll_action(),
        Some(deconfigure(DeconfigureCause::Expired))
    );
    assert_eq!(client.machine.poll_action(), None);
    assert_eq!(client.machine.state(), State::Selecting);
}
