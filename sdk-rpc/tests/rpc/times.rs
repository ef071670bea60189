//! The limits that are times: what a peer does too slowly, too often or not at all.
//!
//! The clock stands still and jumps to the next timer when there is nothing else to do, so that these tests
//! take no time and no other machine's speed changes them.

use std::{os::fd::OwnedFd, time::Duration};

use sdk_rpc::{Disconnect, Limit, Limits, Net, connect_net, serve_net};
use tokio::time::{Instant, pause, sleep, timeout};

use crate::{
    local::{LocalNet, MAC, StuckSink, frame},
    rogue::{Rogue, octets},
    stage::{run, socket_pair},
};

const SECOND: Duration = Duration::from_secs(1);

/// No limit that is a time.
fn timeless() -> Limits {
    Limits {
        messages_per_second: None,
        message_time: None,
        answer_time: None,
        silence: None,
        ..Limits::net()
    }
}

async fn drip(rogue: &mut Rogue, octets: &[u8]) {
    for octet in octets {
        rogue.write(&[*octet]).await;
        sleep(SECOND).await;
    }
}

#[test]
fn a_message_that_drips_in_loses_the_connection_after_its_time() {
    run(async {
        pause();
        let limits = Limits {
            message_time: Some(SECOND * 10),
            ..timeless()
        };
        let mut rogue = Rogue::of_net_within(&LocalNet::default(), limits);
        let begin = Instant::now();
        let message = octets(|message| message.init_bootstrap().set_question_id(0));
        drip(&mut rogue, message.get(..20).unwrap()).await;
        let (fate, _) = rogue.outcome().await;

        assert_eq!(fate, Disconnect::Limit(Limit::MessageTime));
        assert!(begin.elapsed() < SECOND * 21);
    });
}

#[test]
fn without_the_limit_a_message_may_drip_in() {
    run(async {
        pause();
        let mut rogue = Rogue::of_net_within(&LocalNet::default(), timeless());
        let message = octets(|message| message.init_bootstrap().set_question_id(0));
        drip(&mut rogue, message.get(..20).unwrap()).await;
        rogue.write(message.get(20..).unwrap()).await;
        let _answer = rogue.receive().await;
        assert_eq!(rogue.counters().messages_in, 1);
    });
}

#[test]
fn messages_that_each_come_in_time_may_take_long_together() {
    run(async {
        pause();
        let limits = Limits {
            message_time: Some(SECOND * 2),
            ..timeless()
        };
        let mut rogue = Rogue::of_net_within(&LocalNet::default(), limits);
        for question in 0..8 {
            let message = octets(|message| message.init_bootstrap().set_question_id(question));
            let (head, rest) = message.split_at(9);
            rogue.write(head).await;
            sleep(SECOND).await;
            rogue.write(rest).await;
            let _answer = rogue.receive().await;
        }
        assert_eq!(rogue.counters().messages_in, 8);
        assert_eq!(rogue.hang_up().await.0, Disconnect::Closed);
    });
}

#[test]
fn more_messages_in_a_second_than_the_limit_lose_the_connection() {
    run(async {
        pause();
        let limits = Limits {
            messages_per_second: Some(100),
            ..timeless()
        };
        let mut rogue = Rogue::of_net_within(&LocalNet::default(), limits);
        rogue.bootstrap(0).await;
        for _ in 0..100 {
            rogue.bootstrap(1).await;
            rogue.finish(1, true).await;
        }
        let (fate, counters) = rogue.outcome().await;
        assert_eq!(fate, Disconnect::Limit(Limit::MessageRate));
        assert_eq!(counters.messages_in, 100);
    });
}

#[test]
fn a_burst_after_a_pause_and_the_highest_rate_for_long_are_within_the_limit() {
    run(async {
        pause();
        let limits = Limits {
            messages_per_second: Some(100),
            ..timeless()
        };
        let mut rogue = Rogue::of_net_within(&LocalNet::default(), limits);
        for _ in 0..5 {
            for _ in 0..50 {
                rogue.bootstrap(0).await;
                let _answer = rogue.receive().await;
                rogue.finish(0, true).await;
            }
            sleep(SECOND).await;
        }
        for _ in 0..500 {
            rogue.bootstrap(0).await;
            let _answer = rogue.receive().await;
            rogue.finish(0, true).await;
            sleep(SECOND / 50).await;
        }
        assert_eq!(rogue.hang_up().await.0, Disconnect::Closed);
    });
}

#[test]
fn a_peer_that_is_silent_is_asked_and_then_taken_for_gone() {
    run(async {
        pause();
        let limits = Limits {
            silence: Some(SECOND * 10),
            ..timeless()
        };
        let rogue = Rogue::of_net_within(&LocalNet::default(), limits);
        let begin = Instant::now();
        let (fate, counters) = rogue.outcome().await;

        assert_eq!(fate, Disconnect::Limit(Limit::Silence));
        assert_eq!(begin.elapsed().as_secs(), 20);
        // The question, and the farewell.
        assert_eq!(counters.messages_out, 2);
    });
}

#[test]
fn a_peer_that_lives_and_has_nothing_to_say_stays() {
    run(async {
        pause();
        let limits = Limits {
            silence: Some(SECOND),
            ..timeless()
        };
        let (here, there) = socket_pair();
        // It asks, too, and the asking side offers nothing: that is answered all the same.
        let mut serving = serve_net(there, LocalNet::default(), limits).unwrap();
        let (net, _session) = connect_net(here).unwrap();
        assert_eq!(net.mac().await, Ok(MAC));

        let ended = timeout(SECOND * 30, serving.closed()).await;
        assert!(ended.is_err(), "{ended:?}");
        assert_eq!(net.mac().await, Ok(MAC));
        assert!(serving.counters().messages_in > 30);
    });
}

#[test]
fn a_stopped_peer_does_not_keep_its_connection() {
    run(async {
        pause();
        let limits = Limits {
            answer_time: Some(SECOND * 3),
            ..timeless()
        };
        // It takes the sink's capability and never answers what is pushed.
        let local = LocalNet::default();
        let (here, there) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut serving = serve_net(OwnedFd::from(there), local.clone(), limits).unwrap();
        let (net, _session) = connect_net(OwnedFd::from(here)).unwrap();
        let _attachment = net.attach(StuckSink).await.unwrap();
        for _ in 0..200 {
            local.0.arrive(&[frame(0, 1514)]);
        }
        let begin = Instant::now();
        assert_eq!(serving.closed().await, Disconnect::Limit(Limit::AnswerTime));
        assert_eq!(begin.elapsed().as_secs(), 3);
    });
}
