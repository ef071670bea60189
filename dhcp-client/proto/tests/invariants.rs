//! What holds whatever servers, neighbours, links, operators and hosts do, and however long the machine
//! sleeps: random sequences against the model in [`world`].

mod sequences;
mod support;
mod transcript;
mod world;

use dhcp_proto::{Config, Instant, Machine, Start, Transmit};
use proptest::prelude::*;
use sequences::{answers, configs, starts, steps};
use support::arp::is_arp;
use transcript::START;
use world::{World, step::Step};

/// What a run leaves behind.
fn history(config: Config, start: Start, seed: [u8; 32], steps: &[Step]) -> Vec<String> {
    let mut world = World::new(config, start, seed);
    for step in steps {
        world.run(step);
    }
    world.log
}

/// No file is written: a failure prints its input, which then becomes a transcript.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn whatever_happens_the_invariants_hold(
        config in configs(),
        start in starts(),
        seed in any::<[u8; 32]>(),
        steps in steps(),
    ) {
        history(config, start, seed, &steps);
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn same_inputs_and_seed_give_the_same_outputs(
        config in configs(),
        start in starts(),
        seed in any::<[u8; 32]>(),
        steps in steps(),
    ) {
        let once = history(config.clone(), start.clone(), seed, &steps);
        prop_assert_eq!(once, history(config, start, seed, &steps));
    }

    #[test]
    fn a_driver_that_never_comes_finds_one_message_two_arp_packets_and_three_actions_at_most(
        config in configs(),
        start in starts(),
        seed in any::<[u8; 32]>(),
        answers in prop::collection::vec((answers(), 0_u64..100_000), 1..100),
    ) {
        let now = Instant::from_millis(START);
        let mut machine = Machine::new(now, config.clone(), start.clone(), seed);
        // A twin whose driver comes, and which so has the xids that the other one wants to hear.
        let mut twin = World::new(config, start, seed);
        for (answer, milliseconds) in answers {
            if let Some(request) = &twin.last {
                machine.handle_frame(twin.instant(), &answer.reply(request).frame(), true);
            }
            twin.run(&Step::Answer(answer));
            twin.run(&Step::Sleep(milliseconds));
            machine.handle_timeout(twin.instant());
        }
        let now = twin.instant();
        // A DHCPDECLINE comes after its Deconfigure, so the messages are taken once more after the actions.
        let mut sent: Vec<Transmit> = std::iter::from_fn(|| machine.poll_transmit(now)).collect();
        let actions = std::iter::from_fn(|| machine.poll_action()).count();
        sent.extend(std::iter::from_fn(|| machine.poll_transmit(now)));
        let arp = |transmit: &&Transmit| matches!(transmit, Transmit::Frame(frame) if is_arp(frame));
        let arps = sent.iter().filter(arp).count();
        prop_assert!(sent.len() - arps <= 1 && arps <= 2 && actions <= 3);
    }
}
