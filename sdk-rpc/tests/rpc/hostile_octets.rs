//! Octets that are no messages, or messages that are no structures.

use capnp_rpc::rpc_capnp::return_;
use sdk_rpc::{Disconnect, Limit};

use crate::{
    calfkit_capnp as c,
    local::{LocalHost, LocalNet},
    rogue::{MAC, Rogue, WRITE, attach, net_call, octets, octets_in},
    stage::{quiet, resident_octets, run},
};

/// What becomes of a connection on which these octets arrive.
fn fate(octets: &[u8]) -> Disconnect {
    run(async {
        let mut rogue = Rogue::of_net(&LocalNet::default());
        rogue.bootstrap(0).await;
        rogue.write(octets).await;
        rogue.outcome().await.0
    })
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[test]
fn four_billion_segments_are_refused_by_their_number() {
    assert_eq!(
        fate(&words(&[u32::MAX])),
        Disconnect::Limit(Limit::Segments)
    );
    assert_eq!(fate(&words(&[64])), Disconnect::Limit(Limit::Segments));
}

#[test]
fn a_segment_longer_than_a_message_may_be_is_refused_by_its_length() {
    let size = Disconnect::Limit(Limit::MessageSize);
    assert_eq!(fate(&words(&[0, u32::MAX])), size);
    assert_eq!(fate(&words(&[0, 32 * 1024 + 1])), size);
}

#[test]
fn each_interface_has_a_longest_message_of_its_own() {
    run(async {
        // As long as a message of frames may be, and twice what a host is told at once.
        let long = words(&[0, 32 * 1024]);
        let mut to_net = Rogue::of_net(&LocalNet::default());
        to_net.write(&long).await;
        quiet().await;
        assert_eq!(to_net.hang_up().await.0, Disconnect::Truncated);

        let mut to_host = Rogue::of_host(&LocalHost::new());
        to_host.write(&long).await;
        let size = Disconnect::Limit(Limit::MessageSize);
        assert_eq!(to_host.outcome().await.0, size);
    });
}

#[test]
fn segments_that_are_too_long_together_are_refused() {
    let size = Disconnect::Limit(Limit::MessageSize);
    assert_eq!(fate(&words(&[1, 32 * 1024, 1, 0])), size);
    assert_eq!(fate(&words(&[2, u32::MAX, u32::MAX, 2])), size);
}

#[test]
fn an_announced_message_costs_nothing_until_it_arrives() {
    run(async {
        let before = resident_octets();
        let mut rogues = Vec::new();
        // 256 KiB announced by each, 8 octets sent.
        for _ in 0..200 {
            let mut rogue = Rogue::of_net(&LocalNet::default());
            rogue.write(&words(&[0, 32 * 1024])).await;
            rogues.push(rogue);
        }
        quiet().await;
        let grown = resident_octets().saturating_sub(before);

        assert!(grown < 20 << 20, "{grown} octets for 50 MiB announced");
        for rogue in rogues {
            assert_eq!(rogue.hang_up().await.0, Disconnect::Truncated);
        }
    });
}

#[test]
fn a_message_in_single_octets_is_a_message() {
    run(async {
        let mut rogue = Rogue::of_net(&LocalNet::default());
        let message = octets(|message| message.init_bootstrap().set_question_id(0));
        for octet in message {
            rogue.write(&[octet]).await;
            quiet().await;
        }
        let answer = rogue.receive().await;
        let answer: capnp_rpc::rpc_capnp::message::Reader<'_> = answer.get_root().unwrap();
        assert!(matches!(
            answer.which(),
            Ok(capnp_rpc::rpc_capnp::message::Return(_))
        ));
    });
}

#[test]
fn a_message_without_a_root_is_refused() {
    assert!(matches!(fate(&words(&[0, 0])), Disconnect::Protocol(_)));
    // One word: a null root pointer, which reads as a default message: Unimplemented.
    assert!(matches!(
        fate(&words(&[0, 1, 0, 0])),
        Disconnect::Protocol(_)
    ));
}

#[test]
fn pointers_that_lead_nowhere_are_refused() {
    // A far pointer to itself; one out of the segment; one to a segment that is not there.
    for root in [[2, 0], [2 | 77 << 3, 0], [2, 5]] {
        let fate = fate(&words(&[0, 1, root[0], root[1]]));
        assert!(matches!(fate, Disconnect::Protocol(_)), "{fate:?}");
    }
    // A struct beyond the end.
    let fate = fate(&words(&[0, 1, 0, 0xffff_ffff]));
    assert!(matches!(fate, Disconnect::Protocol(_)), "{fate:?}");
}

#[test]
fn a_list_of_half_a_billion_voids_is_refused_by_its_length() {
    run(async {
        let mut rogue = Rogue::of_net(&LocalNet::default());
        rogue.bootstrap(0).await;
        let mut bomb = octets(|message| {
            net_call(message.init_call(), 1, WRITE, |params| {
                drop(
                    params
                        .init_as::<c::net::write_params::Builder<'_>>()
                        .init_frames(0),
                );
            });
        });
        // The last word but one is the pointer to the list, whose tag ends the message: make it a
        // list of 2^29 - 1 elements of no size.
        let pointer = bomb.len() - 16;
        bomb[pointer..pointer + 8].copy_from_slice(&[1, 0, 0, 0, 0xf8, 0xff, 0xff, 0xff]);
        rogue.write(&bomb).await;

        let fate = rogue.outcome().await.0;
        assert!(
            matches!(fate, Disconnect::Value(_) | Disconnect::Protocol(_)),
            "{fate:?}"
        );
    });
}

/// A `write` of 64 frames that are all the same 65 000 octets of the message.
fn overlapping_frames() -> Vec<u8> {
    const LENGTH: usize = 65_000;
    let mut message = octets_in(16 * 1024, |message| {
        net_call(message.init_call(), 1, WRITE, |params| {
            let mut frames = params
                .init_as::<c::net::write_params::Builder<'_>>()
                .init_frames(64);
            frames.reborrow().get(0).set_bytes(&[7; LENGTH]);
        });
    });
    let list_of_octets = (u32::try_from(LENGTH).unwrap() << 3 | 2).to_le_bytes();
    let first = (0..message.len())
        .step_by(8)
        .find(|at| message[at + 4..at + 8] == list_of_octets)
        .unwrap();
    let offset = u32::from_le_bytes(message[first..first + 4].try_into().unwrap()) >> 2;
    for frame in 1..64u32 {
        // A frame has one word of numbers and one pointer; pointers are relative.
        let at = first + 16 * frame as usize;
        let pointer = (offset - 2 * frame) << 2 | 1;
        message[at..at + 4].copy_from_slice(&pointer.to_le_bytes());
        message[at + 4..at + 8].copy_from_slice(&list_of_octets);
    }
    message
}

#[test]
fn frames_that_share_their_octets_are_refused() {
    run(async {
        let net = LocalNet::default();
        let mut rogue = Rogue::of_net(&net);
        rogue.bootstrap(0).await;
        rogue.write(&overlapping_frames()).await;

        let fate = rogue.outcome().await.0;
        assert!(
            matches!(&fate, Disconnect::Value(what) if what.contains("limit")),
            "{fate:?}"
        );
        assert!(net.0.written.borrow().is_empty());
    });
}

#[test]
fn a_cut_message_is_told_from_an_orderly_end() {
    run(async {
        let whole = octets(|message| message.init_bootstrap().set_question_id(0));
        for length in 1..whole.len() {
            let mut rogue = Rogue::of_net(&LocalNet::default());
            rogue.write(&whole[..length]).await;
            assert_eq!(rogue.hang_up().await.0, Disconnect::Truncated, "{length}");
        }
        let mut rogue = Rogue::of_net(&LocalNet::default());
        rogue.write(&whole).await;
        assert_eq!(rogue.hang_up().await.0, Disconnect::Closed);
    });
}

/// A conversation in which every kind of message occurs, as an honest client says it.
fn conversation() -> Vec<u8> {
    let mut said = octets(|message| message.init_bootstrap().set_question_id(0));
    said.extend(octets(|message| attach(message, 1, 0)));
    said.extend(octets(|message| {
        net_call(message.init_call(), 2, WRITE, |params| {
            let mut frames = params
                .init_as::<c::net::write_params::Builder<'_>>()
                .init_frames(2);
            frames.reborrow().get(0).set_bytes(&[1; 60]);
            frames.get(1).set_bytes(&[2; 60]);
        });
    }));
    said.extend(octets(|message| {
        net_call(message.init_call(), 3, MAC, |_params| {})
    }));
    said.extend(octets(|message| message.init_finish().set_question_id(1)));
    said.extend(octets(|message| {
        let mut release = message.init_release();
        release.set_id(0);
        release.set_reference_count(1);
    }));
    said.extend(octets(|message| {
        let mut answer: return_::Builder<'_> = message.init_return();
        answer.set_answer_id(0);
        answer.set_canceled(());
    }));
    said
}

#[test]
fn damaged_conversations_never_panic() {
    let said = conversation();
    // A linear congruential generator: the same damage every time, no seed to report.
    let mut state: u64 = 0x2545_f491_4f6c_dd1d;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    run(async {
        for round in 0..3000 {
            let mut damaged = said.clone();
            for _ in 0..=random(4) {
                let at = random(damaged.len());
                damaged[at] = match random(3) {
                    0 => 0xff,
                    1 => damaged[at] ^ (1 << random(8)),
                    _ => u8::try_from(random(256)).unwrap(),
                };
            }
            let mut rogue = Rogue::of_net(&LocalNet::default());
            rogue.write(&damaged).await;
            quiet().await;
            let (fate, _) = rogue.hang_up().await;
            assert_ne!(fate, Disconnect::Panicked, "round {round}");
        }
    });
}
