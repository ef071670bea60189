//! Messages that hold together and do harm: floods, ids that are none, and the parts of the protocol
//! that nobody honest uses here.

use capnp_rpc::rpc_capnp::{exception, message, return_};
use sdk_rpc::{Disconnect, Limit};

use crate::{
    calfkit_capnp::net::write_params,
    local::{LocalNet, MacBehaviour, frame},
    rogue::{BOOTSTRAP, INTERFACE_NET, MAC, Rogue, WRITE, attach, net_call},
    stage::{quiet, resident_octets, run},
};

/// Far beyond every limit.
const FLOOD: u32 = 100_000;

fn fate(build: impl FnOnce(message::Builder<'_>)) -> Disconnect {
    run(async {
        let mut rogue = Rogue::of_net(&LocalNet::default());
        rogue.bootstrap(0).await;
        rogue.send(build).await;
        rogue.outcome().await.0
    })
}

fn protocol(what: &str) -> Disconnect {
    Disconnect::Protocol(what.into())
}

#[test]
fn calls_that_are_never_finished_are_capped() {
    run(async {
        let net = LocalNet::default();
        net.0.mac.set(MacBehaviour::Hang);
        let before = resident_octets();
        let mut rogue = Rogue::of_net(&net);
        rogue.bootstrap(0).await;
        for question in 1..FLOOD {
            rogue.call_net(question, MAC, |_params| {}).await;
        }
        let (fate, counters) = rogue.outcome().await;

        assert_eq!(fate, Disconnect::Limit(Limit::Calls));
        assert_eq!(counters.open_calls_peak, 256);
        assert!(resident_octets().saturating_sub(before) < 32 << 20);
    });
}

#[test]
fn calls_with_low_numbers_are_capped_too() {
    run(async {
        let net = LocalNet::default();
        net.0.mac.set(MacBehaviour::Hang);
        let mut rogue = Rogue::of_net(&net);
        rogue.bootstrap(0).await;
        // Finished before they are answered: the calls go on, and their ids are not free.
        for question in 1..FLOOD {
            rogue.call_net(question % 256, MAC, |_params| {}).await;
            rogue.finish(question % 256, true).await;
        }
        let (fate, _) = rogue.outcome().await;
        assert_eq!(fate, Disconnect::Limit(Limit::Calls));
    });
}

#[test]
fn bootstraps_that_are_never_finished_are_capped() {
    run(async {
        let mut rogue = Rogue::of_net(&LocalNet::default());
        for question in 0..FLOOD {
            rogue.bootstrap(question).await;
        }
        let (fate, counters) = rogue.outcome().await;
        assert_eq!(fate, Disconnect::Limit(Limit::Exports));
        assert!(counters.open_calls_peak <= 65);
    });
}

#[test]
fn capabilities_that_are_never_released_are_capped() {
    run(async {
        let net = LocalNet::default();
        let mut rogue = Rogue::of_net(&net);
        for _ in 0..FLOOD {
            rogue.bootstrap(0).await;
            rogue.finish(0, false).await;
        }
        assert_eq!(rogue.outcome().await.0, Disconnect::Limit(Limit::Exports));
    });
}

#[test]
fn subscriptions_that_are_never_released_are_capped_and_end_with_the_session() {
    run(async {
        let net = LocalNet::default();
        let mut rogue = Rogue::of_net(&net);
        rogue.bootstrap(0).await;
        for question in 1..200 {
            rogue.send(|message| attach(message, question, 0)).await;
            quiet().await;
            rogue.finish(question, false).await;
        }
        assert_eq!(rogue.outcome().await.0, Disconnect::Limit(Limit::Imports));
        quiet().await;
        assert_eq!(net.0.attached.get(), 0);
    });
}

#[test]
fn messages_that_are_never_done_with_are_capped() {
    run(async {
        let net = LocalNet::default();
        net.0.write_hangs.set(true);
        let before = resident_octets();
        let mut rogue = Rogue::of_net(&net);
        rogue.bootstrap(0).await;
        for question in 1..200 {
            rogue
                .call_net(question, WRITE, |params| {
                    let params = params.init_as::<write_params::Builder<'_>>();
                    params.init_frames(1).get(0).set_bytes(&[0; 60_000]);
                })
                .await;
        }
        let (fate, counters) = rogue.outcome().await;

        assert_eq!(fate, Disconnect::Limit(Limit::HeldOctets));
        assert!(counters.held_octets_peak <= 512 * 1024);
        assert!(resident_octets().saturating_sub(before) < 32 << 20);
    });
}

#[test]
fn capabilities_handed_over_in_one_message_are_capped() {
    let fate = fate(|message| {
        let mut call = message.init_call();
        net_call(call.reborrow(), 1, MAC, |_params| {});
        let mut table = call.get_params().unwrap().init_cap_table(1000);
        for index in 0..1000 {
            table.reborrow().get(index).set_sender_hosted(index);
        }
    });
    assert_eq!(fate, Disconnect::Limit(Limit::Imports));
}

#[test]
fn a_peer_that_never_reads_bounds_the_queue_and_then_loses_the_connection() {
    run(async {
        let before = resident_octets();
        let mut rogue = Rogue::of_net(&LocalNet::default());
        for _ in 0..FLOOD {
            rogue.bootstrap(0).await;
            rogue.finish(0, true).await;
        }
        let (fate, counters) = rogue.outcome_unread().await;

        assert_eq!(fate, Disconnect::Limit(Limit::QueuedOctets));
        // The limit, and the farewell on top of it.
        assert!(counters.queued_octets_peak <= 512 * 1024 + 1024);
        assert!(resident_octets().saturating_sub(before) < 32 << 20);
    });
}

#[test]
fn frames_for_a_peer_that_never_reads_wait_at_their_source() {
    run(async {
        let net = LocalNet::default();
        let mut rogue = Rogue::of_net(&net);
        rogue.bootstrap(0).await;
        rogue.send(|message| attach(message, 1, 0)).await;
        quiet().await;
        assert_eq!(net.0.attached.get(), 1);

        for _ in 0..2000 {
            net.0.arrive(&[frame(0, 1514)]);
        }
        quiet().await;

        assert!(net.0.delivered.get() < 50, "{}", net.0.delivered.get());
        assert!(rogue.counters().queued_octets_peak < 128 * 1024);
        assert_eq!(rogue.hang_up().await.0, Disconnect::Closed);
        quiet().await;
        assert_eq!(net.0.attached.get(), 0);
    });
}

#[test]
fn a_connection_that_goes_in_the_middle_of_a_call_drops_the_call() {
    run(async {
        let net = LocalNet::default();
        net.0.mac.set(MacBehaviour::Hang);
        let mut rogue = Rogue::of_net(&net);
        rogue.bootstrap(0).await;
        rogue.call_net(1, MAC, |_params| {}).await;
        net.0.mac_called.notified().await;

        assert_eq!(rogue.hang_up().await.0, Disconnect::Closed);
        net.0.mac_dropped.notified().await;
    });
}

#[test]
fn a_release_of_what_was_not_given_is_refused() {
    let fate_of = |id: u32, count: u32| {
        fate(move |message| {
            let mut release = message.init_release();
            release.set_id(id);
            release.set_reference_count(count);
        })
    };
    let expected = protocol("Release of more references than there are");
    assert_eq!(fate_of(77, 1), expected);
    assert_eq!(fate_of(u32::MAX, u32::MAX), expected);
    assert_eq!(fate_of(BOOTSTRAP, 2), expected);
}

#[test]
fn a_finish_of_what_was_not_asked_is_refused() {
    let fate = fate(|message| message.init_finish().set_question_id(5));
    assert_eq!(fate, protocol("Finish of an unknown question"));
}

#[test]
fn a_second_finish_is_refused() {
    run(async {
        let mut rogue = Rogue::of_net(&LocalNet::default());
        rogue.bootstrap(0).await;
        rogue.finish(0, true).await;
        rogue.finish(0, true).await;
        let fate = rogue.outcome().await.0;
        assert_eq!(fate, protocol("Finish of an unknown question"));
    });
}

#[test]
fn a_second_finish_of_an_open_call_is_refused() {
    run(async {
        let net = LocalNet::default();
        net.0.mac.set(MacBehaviour::Hang);
        let mut rogue = Rogue::of_net(&net);
        rogue.bootstrap(0).await;
        rogue.call_net(1, MAC, |_params| {}).await;
        rogue.finish(1, true).await;
        rogue.finish(1, true).await;
        let fate = rogue.outcome().await.0;
        assert_eq!(fate, protocol("second Finish of one question"));
    });
}

#[test]
fn a_question_number_in_use_is_refused() {
    run(async {
        let mut rogue = Rogue::of_net(&LocalNet::default());
        rogue.bootstrap(3).await;
        rogue.bootstrap(3).await;
        assert_eq!(rogue.outcome().await.0, protocol("question id is in use"));
    });
}

#[test]
fn a_return_to_what_was_not_asked_is_refused() {
    let fate = fate(|message| {
        let mut answer = message.init_return();
        answer.set_answer_id(9);
        answer.set_canceled(());
    });
    assert_eq!(fate, protocol("Return to an unknown question"));
}

/// What becomes of a rogue that answers the first frame it is given with these Returns.
fn fate_of_returns(returns: &[fn(return_::Builder<'_>)]) -> Disconnect {
    run(async {
        let net = LocalNet::default();
        let mut rogue = Rogue::of_net(&net);
        rogue.bootstrap(0).await;
        rogue.send(|message| attach(message, 1, 0)).await;
        quiet().await;
        net.0.arrive(&[frame(0, 60)]);
        quiet().await;
        for fill in returns {
            rogue
                .send(|message| {
                    let mut answer = message.init_return();
                    answer.set_answer_id(0);
                    fill(answer);
                })
                .await;
        }
        rogue.outcome().await.0
    })
}

#[test]
fn a_second_return_is_refused() {
    let failed = |answer: return_::Builder<'_>| {
        answer.init_exception().set_type(exception::Type::Failed);
    };
    let fate = fate_of_returns(&[failed, failed]);
    assert!(
        fate == protocol("second Return to one question")
            || fate == protocol("Return to an unknown question"),
        "{fate:?}"
    );
}

#[test]
fn returns_of_results_that_are_elsewhere_are_refused() {
    let elsewhere = protocol("Return of results that are elsewhere");
    assert_eq!(
        fate_of_returns(&[|mut answer| answer.set_take_from_other_question(1)]),
        elsewhere
    );
    assert_eq!(
        fate_of_returns(&[|mut answer| answer.set_results_sent_elsewhere(())]),
        elsewhere
    );
    assert_eq!(
        fate_of_returns(&[|answer| drop(answer.init_accept_from_third_party())]),
        elsewhere
    );
    assert_eq!(
        fate_of_returns(&[|mut answer| answer.set_canceled(())]),
        protocol("Return of a call as cancelled that was not")
    );
}

#[test]
fn results_with_too_many_capabilities_are_refused() {
    let fate = fate_of_returns(&[|answer| {
        let mut table = answer.init_results().init_cap_table(1000);
        for index in 0..1000 {
            table.reborrow().get(index).set_sender_hosted(index);
        }
    }]);
    assert_eq!(fate, Disconnect::Limit(Limit::Imports));
}

#[test]
fn promises_and_embargoes_are_not_spoken() {
    assert_eq!(
        fate(|message| message.init_resolve().set_promise_id(0)),
        protocol("Resolve without a promise")
    );
    let loopback = |message: message::Builder<'_>| {
        let mut disembargo = message.init_disembargo();
        disembargo.reborrow().init_context().set_sender_loopback(0);
        disembargo.init_target().set_imported_cap(BOOTSTRAP);
    };
    assert_eq!(fate(loopback), protocol("Disembargo without a promise"));
}

#[test]
fn capabilities_that_their_sender_does_not_host_are_refused() {
    let with_descriptor = |fill: fn(capnp_rpc::rpc_capnp::cap_descriptor::Builder<'_>)| {
        fate(|message| {
            let mut call = message.init_call();
            net_call(call.reborrow(), 1, MAC, |_params| {});
            fill(call.get_params().unwrap().init_cap_table(1).get(0));
        })
    };
    let expected = protocol("capability not hosted by its sender");
    assert_eq!(
        with_descriptor(|mut cap| cap.set_sender_promise(3)),
        expected
    );
    assert_eq!(
        with_descriptor(|mut cap| cap.set_receiver_hosted(u32::MAX)),
        expected
    );
    assert_eq!(
        with_descriptor(|cap| drop(cap.init_receiver_answer())),
        expected
    );
    assert_eq!(
        with_descriptor(|cap| drop(cap.init_third_party_hosted())),
        expected
    );
}

#[test]
fn results_to_someone_else_are_refused() {
    let fate = fate(|message| {
        let mut call = message.init_call();
        net_call(call.reborrow(), 1, MAC, |_params| {});
        call.get_send_results_to().set_yourself(());
    });
    assert_eq!(fate, protocol("results to someone else"));
}

#[test]
fn messages_of_other_levels_are_refused() {
    let level = protocol("message of a level that is not spoken");
    assert_eq!(fate(|message| drop(message.init_provide())), level);
    assert_eq!(fate(|message| drop(message.init_accept())), level);
    assert_eq!(fate(|message| drop(message.init_join())), level);
    assert_eq!(
        fate(|message| drop(message.init_unimplemented())),
        protocol("Unimplemented")
    );
}

#[test]
fn calls_to_what_was_not_given_are_refused() {
    let unknown = fate(|message| {
        let mut call = message.init_call();
        net_call(call.reborrow(), 1, MAC, |_params| {});
        call.get_target().unwrap().set_imported_cap(1);
    });
    assert_eq!(unknown, protocol("call to an unknown capability"));
    let unasked = fate(|message| {
        let mut call = message.init_call();
        net_call(call.reborrow(), 1, MAC, |_params| {});
        let target = call.get_target().unwrap();
        target.init_promised_answer().set_question_id(7);
    });
    assert_eq!(
        unasked,
        protocol("call to a capability of an unknown answer")
    );
}

#[test]
fn a_reason_for_ending_is_told_cut_and_cleaned() {
    let fate = fate(|message| {
        let mut abort = message.init_abort();
        abort.set_type(exception::Type::Failed);
        abort.set_reason(format!("a\nb{}", "x".repeat(4000)));
    });
    let Disconnect::Aborted(reason) = fate else {
        panic!("{fate:?}");
    };
    assert!(reason.starts_with("a bxxx"));
    assert_eq!(reason.len(), 512);
}

#[test]
fn an_unknown_method_or_interface_is_an_error_of_the_call_alone() {
    run(async {
        let mut rogue = Rogue::of_net(&LocalNet::default());
        rogue.bootstrap(0).await;
        drop(rogue.receive().await);
        for (question, interface, method) in [(1, INTERFACE_NET, 99), (2, 0x1234, 0)] {
            rogue
                .send(|message| {
                    let mut call = message.init_call();
                    net_call(call.reborrow(), question, method, |_params| {});
                    call.set_interface_id(interface);
                })
                .await;
            let answer = rogue.receive().await;
            let answer: message::Reader<'_> = answer.get_root().unwrap();
            let Ok(message::Return(Ok(answer))) = answer.which() else {
                panic!("no Return");
            };
            let Ok(return_::Exception(Ok(exception))) = answer.which() else {
                panic!("no exception");
            };
            assert_eq!(exception.get_type(), Ok(exception::Type::Unimplemented));
        }
        assert_eq!(rogue.hang_up().await.0, Disconnect::Closed);
    });
}
