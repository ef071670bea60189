//! A peer that floods gets no more than its turn.

use std::{
    io::Write,
    net::Shutdown,
    os::{fd::OwnedFd, unix::net::UnixStream},
    thread,
};

use capnp::message::ReaderOptions;
use sdk_rpc::{Limits, Net, connect_net, serve_net};

use crate::{
    local::LocalNet,
    rogue::{MAC, net_call, octets},
    stage::{run, socket_pair},
};

/// Messages of one peer between two turns of the others.
const BATCH: u64 = 64;
/// Turns of the others that a call and its answer take at most: the call is read, the answer is read, and
/// each may come just after the kernel was asked what there is.
const TURNS: u64 = 4;
/// The flooder's calls that are open at once: nearly as many as it may have.
const WINDOW: u32 = 250;

/// Calls as fast as the limits allow, until `stream` is shut down: a window full of calls, and as soon as the
/// last is answered, their ends and the next window in one write.
fn flood(mut stream: UnixStream) {
    let bootstrap = octets(|message| message.init_bootstrap().set_question_id(0));
    let calls: Vec<u8> = (1..WINDOW)
        .flat_map(|question| {
            octets(|message| net_call(message.init_call(), question, MAC, |_params| {}))
        })
        .collect();
    let ends = (1..WINDOW)
        .flat_map(|question| octets(|message| message.init_finish().set_question_id(question)));
    let round: Vec<u8> = ends.chain(calls.iter().copied()).collect();
    let mut next = [bootstrap, calls].concat();
    let mut expected = WINDOW;
    while stream.write_all(&next).is_ok() {
        for _ in 0..expected {
            if capnp::serialize::read_message(&mut stream, ReaderOptions::new()).is_err() {
                return;
            }
        }
        next.clone_from(&round);
        expected = WINDOW - 1;
    }
}

#[test]
fn a_flood_leaves_every_other_session_its_turn() {
    run(async {
        let net = LocalNet::default();
        let (flooder, there) = UnixStream::pair().unwrap();
        let flooded = serve_net(OwnedFd::from(there), net.clone(), Limits::net()).unwrap();
        let (here, there) = socket_pair();
        let _serving = serve_net(there, net.clone(), Limits::net()).unwrap();
        let (honest, _session) = connect_net(here).unwrap();
        honest.mac().await.unwrap();
        let ending = flooder.try_clone().unwrap();
        let flooding = thread::spawn(move || flood(flooder));

        let mut waits = Vec::new();
        while flooded.counters().messages_in < 20_000 {
            let before = flooded.counters().messages_in;
            honest.mac().await.unwrap();
            waits.push(flooded.counters().messages_in - before);
        }
        ending.shutdown(Shutdown::Both).unwrap();
        flooding.join().unwrap();
        let most = waits.iter().copied().max();
        assert!(most <= Some(TURNS * BATCH), "{waits:?}");
    });
}
