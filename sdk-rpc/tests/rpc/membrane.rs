//! What a membrane keeps back, and the ways round it that there are not. Every attack has its control: without
//! the membrane it succeeds.

use std::{cell::Cell, rc::Rc};

use capnp::capability::FromClientHook;
use futures::future::select;
use sdk_rpc::{
    Error, Limits, Net, NetClient, Session, Transport, connect, connect_net,
    membrane::{self, Everything, Membrane, Only, Revoker},
    serve, serve_net,
};
use tokio::sync::mpsc;

use crate::{
    calfkit_capnp::{frame_sink, net, net_owner},
    local::{LocalNet, LocalSink, MAC, frame},
    rogue::{self, ATTACH},
    rooms::{Callback, House, Room, WAYS, attempt, mac, next, told},
    stage::{quiet, run, socket_pair},
};

/// `offered`, across a connection.
fn across(offered: net::Client) -> (net::Client, Session, Session) {
    let (here, there) = socket_pair();
    let serving = serve(there, offered, Limits::net()).unwrap();
    let (client, session) = connect(here, Limits::net()).unwrap();
    (client, serving, session)
}

/// Only what leads on, not what it leads to.
fn only_attach() -> Only {
    Only::methods::<net::Client>([ATTACH])
}

#[test]
fn no_way_leads_round_a_policy() {
    run(async {
        for way in WAYS {
            let house = Rc::new(House::default());
            let open = Room::client(&house);
            attempt(&open, way).await.unwrap();
            assert_eq!(house.reached.take(), 1, "{way:?} without a membrane");

            let reader = membrane::attenuated(open, only_attach());
            let refused = attempt(&reader, way).await.unwrap_err();
            assert!(
                refused.extra.contains("not allowed: method 3"),
                "{way:?} {refused}"
            );
            assert_eq!(house.reached.get(), 0, "{way:?}");
        }
    });
}

#[test]
fn no_way_leads_round_a_policy_from_another_vat() {
    run(async {
        for way in WAYS {
            let house = Rc::new(House::default());
            let (open, _serving, _session) = across(Room::client(&house));
            attempt(&open, way).await.unwrap();
            assert_eq!(house.reached.take(), 1, "{way:?} without a membrane");

            let reader = membrane::attenuated(Room::client(&house), only_attach());
            let (reader, _serving, _session) = across(reader);
            let refused = attempt(&reader, way).await.unwrap_err();
            assert!(
                refused.extra.contains("not allowed: method 3"),
                "{way:?} {refused}"
            );
            // And where the membrane is on the near side of the connection.
            let reader = membrane::attenuated(open, only_attach());
            let refused = attempt(&reader, way).await.unwrap_err();
            assert!(
                refused.extra.contains("not allowed: method 3"),
                "{way:?} {refused}"
            );
            assert_eq!(house.reached.get(), 0, "{way:?}");
        }
    });
}

#[test]
fn another_interface_of_the_same_object_is_not_a_way() {
    run(async {
        let house = Rc::new(House::default());
        let reader = membrane::attenuated(Room::client(&house), only_attach());
        let owner: net_owner::Client = reader.cast_to();
        let refused = owner.set_address_request().send().promise.await;
        assert!(refused.err().unwrap().extra.contains("not allowed"));
    });
}

fn lent(house: &Rc<House>) -> (net::Client, Revoker) {
    membrane::revocable(Room::client(house))
}

#[test]
fn what_was_obtained_before_is_dead_after_a_revoke() {
    run(async {
        let house = Rc::new(House::default());
        let (net, revoker) = lent(&house);
        let stored = next(&net).await.unwrap();
        let deeper = next(&stored).await.unwrap();
        let callback = told(&net, Callback::default()).await.unwrap();
        let sent = net.attach_request().send();
        let promised: net::Client = sent.pipeline.get_attachment().cast_to();
        // The control: nothing is dead yet.
        for alive in [&net, &stored, &deeper, &callback, &promised] {
            mac(alive).await.unwrap();
        }
        assert_eq!(house.reached.take(), 5);

        revoker.revoke("the lease is over");

        for dead in [&net, &stored, &deeper, &callback, &promised] {
            let refused = mac(dead).await.unwrap_err();
            assert_eq!(refused.extra, "revoked: the lease is over");
        }
        let late: net::Client = sent.pipeline.get_attachment().cast_to();
        assert!(mac(&late).await.is_err());
        assert!(sent.promise.await.is_err());
        assert_eq!(house.reached.get(), 0);
    });
}

#[test]
fn a_revoke_fails_what_is_under_way_and_drops_what_was_called() {
    run(async {
        let house = Rc::new(House::default());
        house.hangs.set(true);
        let (net, revoker) = lent(&house);
        let (far, _serving, _session) = across(net.clone());
        let calls = [net, far].map(|net| tokio::task::spawn_local(async move { mac(&net).await }));
        quiet().await;
        assert_eq!(house.reached.get(), 2);
        assert!(!calls.iter().any(tokio::task::JoinHandle::is_finished));

        revoker.revoke("enough");

        house.dropped.notified().await;
        assert_eq!(Rc::strong_count(&house), 1, "room and calls are gone");
        for call in calls {
            let refused = call.await.unwrap().unwrap_err();
            assert!(refused.extra.contains("revoked: enough"), "{refused}");
        }
    });
}

#[test]
fn a_call_that_nobody_waits_for_is_dropped_by_a_revoke() {
    run(async {
        let house = Rc::new(House::default());
        house.hangs.set(true);
        let (net, revoker) = lent(&house);
        let mut sent = net.mac_request().send();
        let called = std::pin::pin!(house.called.notified());
        drop(select(&mut sent.promise, called).await);
        let before = Rc::strong_count(&house);

        revoker.revoke("enough");

        // The room and its call are gone at once, though the promise is still held.
        assert!(Rc::strong_count(&house) < before);
        assert_eq!(Rc::strong_count(&house), 1);
        assert!(sent.promise.await.is_err());
    });
}

#[test]
fn a_revoke_lets_go_of_every_reference_both_ways() {
    run(async {
        let house = Rc::new(House::default());
        let (net, revoker) = lent(&house);
        let stored = next(&net).await.unwrap();
        let callback = Callback::default();
        let alive = Rc::downgrade(&callback.alive);
        let room = told(&net, callback).await.unwrap();
        assert!(Rc::strong_count(&house) > 1);
        assert!(alive.upgrade().is_some(), "the room keeps the callback");

        drop(revoker);

        assert!(alive.upgrade().is_none());
        let kept = house.kept.borrow().clone().unwrap();
        let refused = kept.start_request().send().promise.await.err().unwrap();
        assert_eq!(refused.extra, "revoked: its owner is gone");
        house.kept.take();
        drop(kept);
        assert_eq!(Rc::strong_count(&house), 1, "no room is left");
        drop((net, stored, room));
    });
}

#[test]
fn what_goes_in_and_comes_back_is_what_it_was() {
    run(async {
        let house = Rc::new(House::default());
        house.echoes.set(true);
        let (net, revoker) = lent(&house);
        let own: net::Client = Room::client(&house);
        let mut request = net.attach_request();
        request.get().set_sink(own.clone().cast_to());
        let sent = request.send();
        let promised: net::Client = sent.pipeline.get_attachment().cast_to();
        let response = sent.promise.await.unwrap();
        let back: net::Client = response.get().unwrap().get_attachment().unwrap().cast_to();
        assert_eq!(back.client.hook.get_ptr(), own.client.hook.get_ptr());
        mac(&promised).await.unwrap();

        revoker.revoke("over");

        // It was never the membrane's.
        mac(&back).await.unwrap();
        assert!(mac(&promised).await.is_err());
    });
}

#[test]
fn one_object_has_one_wrapper_and_several_objects_one_membrane() {
    run(async {
        let house = Rc::new(House::default());
        let both = Membrane::new(Everything);
        let (one, other) = (Room::client(&house), Room::client(&house));
        let guarded = |room: &net::Client| membrane::Guarded::behind(room.clone(), &both);
        let (first, again, second) = (guarded(&one), guarded(&one), guarded(&other));
        let address = |net: &net::Client| net.client.hook.get_ptr();
        assert_eq!(address(&first), address(&again));
        assert_eq!(address(&first), address(&guarded(&first)));
        assert_ne!(address(&first), address(&second));

        both.revoke("both");
        both.revoke("and once more");
        for dead in [&first, &second] {
            assert_eq!(mac(dead).await.unwrap_err().extra, "revoked: both");
        }
    });
}

#[test]
fn a_callback_is_called_through_a_membrane() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalNet::default();
        let _serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, _session) = connect_net(here).unwrap();
        let (net, revoker) =
            membrane::attenuated_and_revocable(net, Only::methods::<NetClient>([ATTACH]));
        let (sender, mut arrived) = mpsc::unbounded_channel();
        let _attachment = net.attach(LocalSink(sender)).await.unwrap();
        local.0.arrive(&[frame(1, 60)]);
        assert_eq!(arrived.recv().await, Some(frame(1, 60)));
        let denied = net.mac().await.unwrap_err();
        assert!(matches!(denied, Error::Refused(why) if why.starts_with("not allowed")));

        revoker.revoke("over");

        local.0.detached.notified().await;
        assert_eq!(arrived.recv().await, None);
        assert_eq!(net.mac().await, Err(Error::Refused("revoked: over".into())));
    });
}

#[test]
fn a_local_object_is_served_attenuated() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalNet::default();
        let only_mac = Only::methods::<NetClient>([rogue::MAC]);
        let there = Transport::from(there).attenuated(only_mac.clone());
        let _serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, _session) = connect_net(here).unwrap();
        assert_eq!(net.mac().await, Ok(MAC));
        let (sender, _arrived) = mpsc::unbounded_channel();
        let refused = net.attach(LocalSink(sender)).await.unwrap_err();
        let why = format!(
            "not allowed: method 0 of interface @0x{:x}",
            rogue::INTERFACE_NET
        );
        assert_eq!(refused, Error::Refused(why));
        assert_eq!(local.0.attached.get(), 0);

        // And what the peer offers, for whoever uses it here.
        let (here, there) = socket_pair();
        let _serving = serve_net(there, local.clone(), Limits::net()).unwrap();
        let (net, _session) = connect_net(Transport::from(here).attenuated(only_mac)).unwrap();
        assert_eq!(net.mac().await, Ok(MAC));
        assert!(net.write(vec![frame(1, 60)]).await.is_err());
        quiet().await;
        assert!(local.0.written.borrow().is_empty());
    });
}

/// Writes that are accepted for a reader that takes nothing.
async fn accepted(guard: impl FnOnce(NetClient) -> NetClient) -> usize {
    let (here, there) = socket_pair();
    let local = LocalNet::default();
    local.0.write_hangs.set(true);
    let _serving = serve_net(there, local, Limits::net()).unwrap();
    let (net, _session) = connect_net(here).unwrap();
    let net = guard(net);
    let accepted = Rc::new(Cell::new(0));
    let count = Rc::clone(&accepted);
    let writer = tokio::task::spawn_local(async move {
        while net.write(vec![frame(0, 1514)]).await.is_ok() {
            count.set(count.get() + 1);
        }
    });
    quiet().await;
    writer.abort();
    accepted.get()
}

#[test]
fn a_stream_through_a_membrane_has_the_window_of_one_without() {
    run(async {
        let without = accepted(|net| net).await;
        let through = accepted(|net| membrane::attenuated(net, Everything)).await;
        assert_eq!(through, without);
        assert!((2..100).contains(&through), "{through}");
    });
}

#[test]
fn a_stream_between_two_connections_stops_at_a_membrane_too() {
    run(async {
        let (here, there) = socket_pair();
        let local = LocalNet::default();
        local.0.write_hangs.set(true);
        let _serving = serve_net(there, local, Limits::net()).unwrap();
        let (middle, _middle_session) = connect::<net::Client>(here, Limits::net()).unwrap();
        let (far, _far_serving, mut far_session) = across(membrane::attenuated(middle, Everything));
        let sent = Rc::new(Cell::new(0));
        let count = Rc::clone(&sent);
        let writer = tokio::task::spawn_local(async move {
            loop {
                let mut request = far.write_request();
                let frames = request.get().init_frames(1);
                frames.get(0).set_bytes(&[0; 1514]);
                if request.send().await.is_err() {
                    return;
                }
                count.set(count.get() + 1);
            }
        });
        quiet().await;
        assert!((2..100).contains(&sent.get()), "{}", sent.get());
        assert!(!writer.is_finished());
        let closed = std::pin::pin!(far_session.closed());
        let quiet = std::pin::pin!(quiet());
        assert!(matches!(
            select(closed, quiet).await,
            futures::future::Either::Right(_)
        ));
        writer.abort();
    });
}

#[test]
fn a_sink_is_a_sink_behind_a_membrane() {
    run(async {
        // Not a promise for the peer: sessions know none, so a wrapper is settled from its beginning.
        let house = Rc::new(House::default());
        let (open, _serving, _session) = across(Room::client(&house));
        let promised: frame_sink::Client = open
            .attach_request()
            .send()
            .pipeline
            .get_attachment()
            .cast_to();
        let (promised, _revoker) = membrane::revocable(promised);
        assert!(promised.client.hook.when_more_resolved().is_none());
        let (far, _far_serving, _far_session) = across(promised.cast_to());
        mac(&far).await.unwrap();
        assert_eq!(house.reached.get(), 1);
    });
}
