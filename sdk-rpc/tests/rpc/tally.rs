//! Every way to end a session moves exactly its own counter.

use std::{os::fd::OwnedFd, time::Duration};

use capnp_rpc::rpc_capnp::{exception, message};
use futures::future::LocalBoxFuture;
use sdk_rpc::{Disconnect, Limit, Limits, Tally, Transport, connect_net, serve_net};
use tokio::time::pause;

use crate::{
    calfkit_capnp::net::write_params,
    local::{LocalNet, MacBehaviour, frame},
    rogue::{MAC, Rogue, WRITE, attach, net_call, octets},
    stage::{quiet, run, socket_pair},
};

const SECOND: Duration = Duration::from_secs(1);

/// The counters that are not 0.
fn moved(tally: &Tally) -> Vec<(String, u64)> {
    let counters = tally.counters().into_iter();
    let moved = counters.filter(|counter| counter.value > 0);
    moved.map(|counter| (counter.name, counter.value)).collect()
}

/// What a peer does, and what comes of it.
type Attack = fn(Rogue, LocalNet) -> LocalBoxFuture<'static, Disconnect>;

/// How each limit is broken, and within which limits. A new limit does not compile without a line here.
fn attack(limit: Limit) -> (Limits, Attack) {
    let usual = Limits::net();
    match limit {
        Limit::MessageSize => (usual, |mut rogue, _net| {
            Box::pin(async move {
                rogue.write(&[0, 0, 0, 0, 255, 255, 255, 255]).await;
                rogue.outcome().await.0
            })
        }),
        Limit::Segments => (usual, |mut rogue, _net| {
            Box::pin(async move {
                rogue.write(&[255; 8]).await;
                rogue.outcome().await.0
            })
        }),
        Limit::Calls => (usual, |rogue, net| Box::pin(too_many_calls(rogue, net))),
        Limit::Imports => (usual, |mut rogue, _net| {
            Box::pin(async move {
                rogue.bootstrap(0).await;
                rogue.send(hand_over_a_thousand).await;
                rogue.outcome().await.0
            })
        }),
        Limit::Exports => (usual, |mut rogue, _net| {
            Box::pin(async move {
                for question in 0..100 {
                    rogue.bootstrap(question).await;
                }
                rogue.outcome().await.0
            })
        }),
        Limit::HeldOctets => (usual, |rogue, net| Box::pin(too_much_work(rogue, net))),
        Limit::QueuedOctets => {
            let limits = Limits {
                queued_octets: 64,
                ..usual
            };
            (limits, |rogue, _net| Box::pin(one_bootstrap(rogue)))
        }
        Limit::MessageRate => {
            let limits = Limits {
                messages_per_second: Some(1),
                ..usual
            };
            (limits, |mut rogue, _net| {
                Box::pin(async move {
                    rogue.bootstrap(0).await;
                    one_bootstrap(rogue).await
                })
            })
        }
        Limit::MessageTime => (usual, |mut rogue, _net| {
            Box::pin(async move {
                rogue.write(&[0]).await;
                pause();
                rogue.outcome().await.0
            })
        }),
        Limit::AnswerTime => {
            let limits = Limits {
                answer_time: Some(SECOND),
                ..usual
            };
            (limits, |rogue, net| Box::pin(no_answer(rogue, net)))
        }
        Limit::Silence => {
            let limits = Limits {
                silence: Some(SECOND),
                ..usual
            };
            (limits, |rogue, _net| {
                Box::pin(async move {
                    pause();
                    rogue.outcome().await.0
                })
            })
        }
        Limit::Farewell => (usual, |mut rogue, _net| {
            Box::pin(async move {
                rogue.stuff(64 * 1024).await;
                pause();
                rogue.dismissed().await
            })
        }),
    }
}

async fn one_bootstrap(mut rogue: Rogue) -> Disconnect {
    rogue.bootstrap(1).await;
    rogue.outcome().await.0
}

async fn too_many_calls(mut rogue: Rogue, net: LocalNet) -> Disconnect {
    net.0.mac.set(MacBehaviour::Hang);
    rogue.bootstrap(0).await;
    for question in 1..300 {
        rogue.call_net(question, MAC, |_params| {}).await;
    }
    rogue.outcome().await.0
}

async fn too_much_work(mut rogue: Rogue, net: LocalNet) -> Disconnect {
    net.0.write_hangs.set(true);
    rogue.bootstrap(0).await;
    for question in 1..20 {
        rogue
            .call_net(question, WRITE, |params| {
                let params = params.init_as::<write_params::Builder<'_>>();
                params.init_frames(1).get(0).set_bytes(&[0; 60_000]);
            })
            .await;
    }
    rogue.outcome().await.0
}

async fn no_answer(mut rogue: Rogue, net: LocalNet) -> Disconnect {
    rogue.bootstrap(0).await;
    rogue.send(|message| attach(message, 1, 0)).await;
    quiet().await;
    pause();
    // More than its stream's window: the sender waits for an answer.
    for _ in 0..200 {
        net.0.arrive(&[frame(0, 1514)]);
    }
    rogue.outcome().await.0
}

fn hand_over_a_thousand(message: message::Builder<'_>) {
    let mut call = message.init_call();
    net_call(call.reborrow(), 1, MAC, |_params| {});
    let mut table = call.get_params().unwrap().init_cap_table(1000);
    for index in 0..1000 {
        table.reborrow().get(index).set_sender_hosted(index);
    }
}

#[test]
fn each_limit_that_is_broken_once_moves_its_own_counter_and_no_other() {
    for limit in Limit::ALL {
        run(async {
            let (limits, attack) = attack(limit);
            let tally = Tally::default();
            let net = LocalNet::default();
            let rogue = Rogue::of_net_within(&net, limits);
            rogue.count_in(&tally);
            assert_eq!(moved(&tally), []);

            assert_eq!(attack(rogue, net).await, Disconnect::Limit(limit));

            assert_eq!(moved(&tally), [(limit.counter().to_owned(), 1)]);
        });
    }
}

#[test]
fn every_counter_has_a_name_of_its_own_and_is_told_at_0_too() {
    let names: Vec<String> = Tally::default()
        .counters()
        .into_iter()
        .map(|counter| counter.name)
        .collect();
    assert_eq!(names.len(), Limit::ALL.len() + 8);
    for limit in Limit::ALL {
        assert!(names.iter().any(|name| name == limit.counter()), "{limit}");
    }
}

/// How a peer ends, and the counter that is to move.
async fn counted(counter: &str, attack: Attack) {
    let tally = Tally::default();
    let net = LocalNet::default();
    let rogue = Rogue::of_net(&net);
    rogue.count_in(&tally);
    attack(rogue, net).await;
    let names = tally.counters().len();
    assert_eq!(moved(&tally), [(counter.to_owned(), 1)]);
    // The peer's own words have not made another.
    assert_eq!(names, Limit::ALL.len() + 8);
}

#[test]
fn each_other_end_moves_its_own_counter_and_no_other() {
    run(async {
        counted("rpc.closed", |rogue, _net| {
            Box::pin(async { rogue.hang_up().await.0 })
        })
        .await;
        counted("rpc.dropped", |rogue, _net| Box::pin(rogue.dismissed())).await;
        counted("rpc.truncated", |mut rogue, _net| {
            Box::pin(async move {
                rogue.write(&[0; 4]).await;
                rogue.hang_up().await.0
            })
        })
        .await;
        counted("rpc.aborted", |mut rogue, _net| {
            Box::pin(async move {
                rogue
                    .send(|message| {
                        let mut abort = message.init_abort();
                        abort.set_type(exception::Type::Failed);
                        abort.set_reason("rpc.limit.calls");
                    })
                    .await;
                rogue.outcome().await.0
            })
        })
        .await;
        counted("rpc.protocol", |mut rogue, _net| {
            Box::pin(async move {
                rogue.finish(5, true).await;
                rogue.outcome().await.0
            })
        })
        .await;
        counted("rpc.value", |mut rogue, _net| {
            Box::pin(async move {
                rogue.bootstrap(0).await;
                // No sink is handed over.
                rogue.call_net(1, crate::rogue::ATTACH, |_params| {}).await;
                rogue.outcome().await.0
            })
        })
        .await;
        counted("rpc.panicked", |mut rogue, net| {
            Box::pin(async move {
                net.0.mac.set(MacBehaviour::Panic);
                rogue.bootstrap(0).await;
                rogue.call_net(1, MAC, |_params| {}).await;
                rogue.outcome().await.0
            })
        })
        .await;
    });
}

#[test]
fn a_descriptor_that_fails_is_counted() {
    run(async {
        let (reading, mut asking) = std::io::pipe().unwrap();
        // An end that cannot be written, of a pipe that has no other.
        let (unwritable, other) = std::io::pipe().unwrap();
        drop(other);
        let transport = Transport::pipes(reading.into(), unwritable.into());
        let mut serving = serve_net(transport, LocalNet::default(), Limits::net()).unwrap();
        let tally = Tally::default();
        serving.count_in(&tally);
        let bootstrap = octets(|message| message.init_bootstrap().set_question_id(0));
        std::io::Write::write_all(&mut asking, &bootstrap).unwrap();

        assert!(matches!(serving.closed().await, Disconnect::Io(_)));

        assert_eq!(moved(&tally), [("rpc.io".to_owned(), 1)]);
    });
}

#[test]
fn sessions_share_a_tally_that_outlives_them_and_each_counts_once() {
    run(async {
        let tally = Tally::default();
        let ends: Vec<(OwnedFd, OwnedFd)> = (0..3).map(|_| socket_pair()).collect();
        for (here, there) in ends {
            let mut serving = serve_net(there, LocalNet::default(), Limits::net()).unwrap();
            serving.count_in(&tally);
            let (_net, session) = connect_net(here).unwrap();
            session.count_in(&tally.clone());
            session.close().await;
            serving.closed().await;
            // It is over: this counts it at once, elsewhere.
            let late = Tally::default();
            serving.count_in(&late);
            assert_eq!(moved(&late), [("rpc.closed".to_owned(), 1)]);
        }
        let closed_and_dropped = [("rpc.closed".to_owned(), 3), ("rpc.dropped".to_owned(), 3)];
        assert_eq!(moved(&tally), closed_and_dropped);
    });
}
