//! When things are sent, to the millisecond of the injected clock.

mod support;
mod transcript;

use dhcp_proto::{
    Action, Config, DeconfigureCause, Duration, Link, MessageType, Pace, Setback, Start, State,
};
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
fn case_018_no_server_discovers_at_0_4_12_28_60_then_every_64_s() {
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
fn case_018_secs_counts_on_and_xid_stays() {
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
fn case_019_two_clients_started_together_drift_apart() {
    let mut one = Client::with_seed(Config::new(MAC), Start::Init, [1; 32]);
    let mut other = Client::with_seed(Config::new(MAC), Start::Init, [2; 32]);
    let one: [u64; 6] = sent_at(&mut one, MessageType::Discover);
    let other: [u64; 6] = sent_at(&mut other, MessageType::Discover);
    assert_ne!(one[1], other[1]);
    assert_ne!(gaps(&one), gaps(&other));
}

#[test]
fn case_019_start_delay_is_random_within_its_bound() {
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
fn case_020_unanswered_request_is_sent_four_times_then_discovery_starts_anew() {
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
fn case_020_late_ack_to_a_repeated_request_counts_from_the_first_sending() {
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
fn case_021_without_a_start_delay_the_first_discover_goes_out_at_once() {
    assert_eq!(Client::new().message().at, 0);
    let mut waiting = Client::new();
    waiting.link(Link::Down);
    waiting.messages();
    waiting.elapse(7_000);
    waiting.link(Link::Up);
    assert_eq!(waiting.message().at, 7_000);
}

#[test]
fn case_022_new_transactions_have_new_xids() {
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
fn case_022_another_seed_gives_other_xids() {
    let xids = [1, 2, 3].map(|seed| {
        Client::with_seed(Config::new(MAC), Start::Init, [seed; 32])
            .message()
            .sent
            .xid
    });
    assert!(xids[0] != xids[1] && xids[1] != xids[2] && xids[0] != xids[2]);
}

#[test]
fn case_023_sleep_past_the_end_of_the_lease_expires_it() {
    let mut client = Client::bound_for(3600);
    client.sleep(100_000_000);
    assert_eq!(client.action(), deconfigure(DeconfigureCause::Expired));
    let discover = client.message();
    assert_eq!(discover.sent.message_type, MessageType::Discover);
    // T1 and T2 passed unseen: no message uses the lost address.
    assert_eq!(client.messages(), []);
}

#[test]
fn case_023_ack_heard_on_waking_after_the_end_is_of_no_use() {
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

/// udhcpc's default: three messages three seconds apart, then a pause of twenty.
const FIXED: Pace = Pace {
    first: Duration::from_secs(3),
    longest: Duration::from_secs(3),
    jitter: Duration::ZERO,
    attempt: Some(Duration::from_secs(9)),
    pause: Duration::from_secs(20),
};

fn paced(pace: Pace) -> Client {
    let mut config = Config::new(MAC);
    config.pace = pace;
    Client::with(config, Start::Init)
}

#[test]
fn case_018_a_fixed_rhythm_without_jitter_is_kept_to_the_millisecond() {
    let mut client = paced(FIXED);
    let at: [u64; 7] = sent_at(&mut client, MessageType::Discover);
    assert_eq!(at, [0, 3_000, 6_000, 29_000, 32_000, 35_000, 58_000]);
    let told = client.actions();
    assert_eq!(told, [const { Action::Setback(Setback::NoAnswer) }; 2]);
}

#[test]
fn case_018_doubling_ends_at_the_longest_wait_of_the_operator() {
    let mut client = paced(Pace {
        first: Duration::from_secs(1),
        longest: Duration::from_secs(10),
        jitter: Duration::ZERO,
        ..Pace::default()
    });
    let at: [u64; 7] = sent_at(&mut client, MessageType::Discover);
    assert_eq!(gaps(&at), [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
}

#[test]
fn case_020_request_keeps_the_rhythm_and_its_four_sendings() {
    let mut client = paced(Pace {
        attempt: None,
        ..FIXED
    });
    let discover = client.message();
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let at: [u64; 4] = sent_at(&mut client, MessageType::Request);
    assert_eq!(at, [0, 3_000, 6_000, 9_000]);
    let anew = client.message();
    assert_eq!(anew.sent.message_type, MessageType::Discover);
    assert_eq!(anew.at, 12_000);
}

#[test]
fn an_attempt_that_is_over_in_requesting_starts_anew_after_the_pause() {
    let mut client = paced(FIXED);
    client.message();
    let discover = client.message();
    client.hear(&Reply::offer(&discover.sent, ADDRESS));
    let requests: [u64; 2] = sent_at(&mut client, MessageType::Request);
    assert_eq!(requests, [3_000, 6_000]);
    let anew = client.message();
    assert_eq!(client.action(), Action::Setback(Setback::NoAnswer));
    assert_eq!(anew.sent.message_type, MessageType::Discover);
    assert_eq!(anew.at, 29_000);
    assert_ne!(anew.sent.xid, discover.sent.xid);
    assert_eq!(anew.sent.secs, 29);
}

#[test]
fn an_attempt_without_a_link_is_over_in_time_too() {
    let mut client = paced(FIXED);
    client.link(Link::Down);
    client.messages();
    client.elapse(8_999);
    assert_eq!(client.actions(), []);
    client.elapse(1);
    assert_eq!(client.action(), Action::Setback(Setback::NoAnswer));
    client.elapse(29_000);
    assert_eq!(client.action(), Action::Setback(Setback::NoAnswer));
    assert_eq!(client.messages(), []);
}

#[test]
fn a_lease_in_time_ends_the_attempt() {
    let mut client = paced(FIXED);
    client.request_offered(|offer| offer);
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    assert!(matches!(client.action(), Action::Configure { .. }));
    client.elapse(100_000);
    assert_eq!(client.actions(), []);
    assert_eq!(client.machine.state(), State::Bound);
}

#[test]
fn an_attempt_to_confirm_a_lease_that_is_kept_is_no_setback() {
    let mut client = paced(FIXED);
    client.request_offered(|offer| offer);
    let request = client.message();
    client.hear(&Reply::ack(&request.sent, ADDRESS));
    client.actions();
    client.link(Link::Down);
    client.link(Link::Up);
    client.elapse(60_000);
    assert_eq!(client.actions(), []);
    // 0 and 3 s in REBOOTING, 5 and 8 s in SELECTING, then twice three after pauses.
    let at: Vec<u64> = client.messages().iter().map(|message| message.at).collect();
    let rhythm = [0, 3_000, 5_000, 8_000, 29_000, 32_000, 35_000, 58_000];
    assert_eq!(at, rhythm);
}

#[test]
fn a_rhythm_without_waits_is_a_tenth_of_a_second() {
    let mut client = paced(Pace {
        first: Duration::ZERO,
        longest: Duration::ZERO,
        jitter: Duration::ZERO,
        attempt: Some(Duration::ZERO),
        pause: Duration::ZERO,
    });
    client.elapse(10_000);
    let sent = client.machine.counters().sent(MessageType::Discover);
    assert!((90..=110).contains(&sent), "{sent} DISCOVER in ten seconds");
}
