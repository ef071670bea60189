//! Who gets frames, and from when on; what a link that goes down does to it.

use sdk_rpc::{Frame, Net};

use crate::{
    bed::{Bed, CLIENT, CLIENT_MAC, PEER, await_carrier, in_namespace, ip},
    frames::{NOBODY, arp, reply},
};

#[test]
fn what_waited_before_the_attachment_is_stale() {
    in_namespace(what_waited_before_the_attachment_is_stale, async {
        let bed = Bed::new();
        bed.peer.send(&reply(b"early"));
        bed.peer.send(&reply(b"early too"));
        let mut arrivals = bed.listen().await;
        let fence = reply(b"fence");
        bed.peer.send(&fence);
        assert_eq!(arrivals.next().await.bytes, fence);
        assert_eq!(bed.network.counters().stale, 2);
    });
}

#[test]
fn frames_stop_when_the_attachment_is_dropped() {
    in_namespace(frames_stop_when_the_attachment_is_dropped, async {
        let bed = Bed::new();
        let mut first = bed.listen().await;
        bed.peer.send(&reply(b"for the first"));
        first.next().await;
        drop(first);
        bed.peer.send(&reply(b"for nobody"));
        tokio::task::yield_now().await;
        let mut second = bed.listen().await;
        let fence = reply(b"fence");
        bed.peer.send(&fence);
        assert_eq!(second.next().await.bytes, fence);
        assert_eq!(bed.network.counters().stale, 1);
        assert_eq!(bed.network.counters().frames_in, 2);
    });
}

#[test]
fn the_newest_sink_is_the_only_one() {
    in_namespace(the_newest_sink_is_the_only_one, async {
        let bed = Bed::new();
        let mut former = bed.listen().await;
        let mut newest = bed.listen().await;
        let frame = reply(b"for one");
        bed.peer.send(&frame);
        assert_eq!(newest.next().await.bytes, frame);
        former.closed().await;
        drop(former);
        bed.peer.send(&frame);
        assert_eq!(newest.next().await.bytes, frame);
    });
}

#[test]
fn a_link_that_was_down_carries_frames_again() {
    in_namespace(a_link_that_was_down_carries_frames_again, async {
        let bed = Bed::new();
        let mut arrivals = bed.listen().await;
        ip("link set client0 down");
        let probe = Frame {
            bytes: arp(CLIENT_MAC, 1, NOBODY),
            checksum_ready: true,
        };
        bed.network.write(vec![probe]).await.unwrap();
        assert_eq!(bed.network.counters().send_errors, 1);
        assert_eq!(
            *bed.lines.borrow(),
            ["client0: outgoing frame not sent: Network is down"]
        );
        ip("link set client0 up");
        await_carrier(CLIENT);
        await_carrier(PEER);
        let fence = reply(b"fence");
        bed.peer.send(&fence);
        assert_eq!(arrivals.next().await.bytes, fence);
        assert_eq!(bed.network.counters().receive_errors, 1);
    });
}
