//! What a compromised peer of `Net` cannot make leave the interface.

use sdk_rpc::{Error, Frame, LinkState, LinkWatcher, Net};

use crate::{
    bed::{Bed, CLIENT_MAC, PEER_MAC, await_carrier, in_namespace, ip},
    frames::{CLIENT_ADDRESS, NOBODY, SERVER_ADDRESS, arp, request, unicast},
};

fn frames(all: impl IntoIterator<Item = Vec<u8>>) -> Vec<Frame> {
    all.into_iter()
        .map(|bytes| Frame {
            bytes,
            checksum_ready: true,
        })
        .collect()
}

#[test]
fn what_an_honest_client_sends_leaves_unchanged() {
    in_namespace(what_an_honest_client_sends_leaves_unchanged, async {
        let bed = Bed::new();
        let sent = [request(NOBODY), arp(CLIENT_MAC, 1, NOBODY)];
        bed.network.write(frames(sent.clone())).await.unwrap();
        let [discover, probe] = sent;
        assert_eq!(bed.peer.receive_from_client(), discover);
        assert_eq!(bed.peer.receive_from_client(), probe);
        assert_eq!(bed.network.counters().frames_out, 2);
        assert_eq!(bed.lines.borrow().len(), 0);
    });
}

/// Is told nothing.
struct Untold;

impl LinkWatcher for Untold {
    async fn link(&self, state: LinkState) -> Result<(), Error> {
        panic!("{state:?}")
    }
}

#[test]
fn a_peer_has_the_counters_of_its_frames_and_no_news_of_the_link() {
    in_namespace(
        a_peer_has_the_counters_of_its_frames_and_no_news_of_the_link,
        async {
            let bed = Bed::new();
            let sent = [request(NOBODY), arp(PEER_MAC, 1, NOBODY)];
            bed.network.write(frames(sent)).await.unwrap();
            let told = Net::counters(&bed.network).await.unwrap();
            let told: Vec<_> = told.iter().map(|c| (c.name.as_str(), c.value)).collect();
            let expected = [
                ("network.frames_out", 1),
                ("network.refused.ethernet_source", 1),
            ];
            assert_eq!(told, expected);

            let refused = bed.network.watch_link(Untold).await.unwrap_err();
            assert!(matches!(refused, Error::Refused(why) if why.ends_with("HostView")));
        },
    );
}

#[test]
fn forged_frames_stay_are_counted_and_logged() {
    in_namespace(forged_frames_stay_are_counted_and_logged, async {
        let bed = Bed::new();
        let fence = arp(CLIENT_MAC, 1, NOBODY);
        let forged = frames([
            arp(PEER_MAC, 1, NOBODY),
            arp(CLIENT_MAC, 2, SERVER_ADDRESS),
            request(CLIENT_ADDRESS),
            unicast(9),
            Vec::new(),
            vec![0; 70_000],
            fence.clone(),
        ]);
        bed.network.write(forged).await.unwrap();
        let first = bed.peer.receive(|frame| frame[12..14] != [0x86, 0xdd]);
        assert_eq!(first, fence);

        let counters = bed.network.counters();
        assert_eq!(counters.frames_out, 1);
        let refused: Vec<_> = counters.refused.into_iter().collect();
        assert_eq!(
            refused,
            [
                ("arp_sender_address", 1),
                ("ethernet_source", 3),
                ("length", 1),
                ("source", 1)
            ]
        );
        assert_eq!(
            bed.lines.borrow()[1],
            "client0: outgoing frame refused: ARP sender address 10.0.0.1 is not ours"
        );
    });
}

#[test]
fn the_address_in_force_may_be_used_only_while_it_is() {
    in_namespace(the_address_in_force_may_be_used_only_while_it_is, async {
        let bed = Bed::new();
        ip("addr add 10.0.0.5/24 dev client0");
        let announcement = arp(CLIENT_MAC, 1, CLIENT_ADDRESS);
        let fence = arp(CLIENT_MAC, 1, NOBODY);
        let both = || frames([announcement.clone(), fence.clone()]);
        bed.network.write(both()).await.unwrap();
        assert_eq!(bed.peer.receive_from_client(), fence);

        bed.network
            .set_address(Some(CLIENT_ADDRESS.into()))
            .unwrap();
        bed.network.write(both()).await.unwrap();
        assert_eq!(bed.peer.receive_from_client(), announcement);
        assert_eq!(bed.peer.receive_from_client(), fence);

        bed.network.set_address(None).unwrap();
        bed.network.write(both()).await.unwrap();
        assert_eq!(bed.peer.receive_from_client(), fence);
        assert_eq!(bed.network.counters().refused["arp_sender_address"], 2);
    });
}

#[test]
fn a_new_mac_address_replaces_the_old_one() {
    in_namespace(a_new_mac_address_replaces_the_old_one, async {
        let bed = Bed::new();
        let changed = [0x02, 0, 0, 0, 0, 0x77];
        bed.network.set_mac(sdk_rpc::MacAddress(changed));
        assert_eq!(bed.network.mac().await.unwrap().0, changed);
        let [old, new] = [CLIENT_MAC, changed].map(|mac| arp(mac, 1, NOBODY));
        bed.network.write(frames([old, new.clone()])).await.unwrap();
        let first = bed.peer.receive(|frame| frame[12..14] == [0x08, 0x06]);
        assert_eq!(first, new);
    });
}

#[test]
fn the_first_frame_after_the_link_was_down_is_sent_and_one_on_a_link_that_is_down_is_not() {
    let name =
        the_first_frame_after_the_link_was_down_is_sent_and_one_on_a_link_that_is_down_is_not;
    in_namespace(name, async {
        let bed = Bed::new();
        ip("link set client0 down");
        let probe = arp(CLIENT_MAC, 1, NOBODY);
        bed.network.write(frames([probe])).await.unwrap();
        assert_eq!(bed.network.counters().send_errors, 1);
        ip("link set client0 up");
        ip("link set client0 down");
        ip("link set client0 up");
        await_carrier("client0");

        let first = request(NOBODY);
        bed.network.write(frames([first.clone()])).await.unwrap();
        assert_eq!(bed.peer.receive_from_client(), first);
        let counters = bed.network.counters();
        assert_eq!((counters.frames_out, counters.send_errors), (1, 1));
    });
}

#[test]
fn ten_frames_of_a_class_leave_in_a_second() {
    in_namespace(ten_frames_of_a_class_leave_in_a_second, async {
        let bed = Bed::new();
        let probe = arp(CLIENT_MAC, 1, NOBODY);
        let fence = request(NOBODY);
        let burst = std::iter::repeat_n(probe.clone(), 30).chain([fence.clone()]);
        bed.network.write(frames(burst)).await.unwrap();
        for _ in 0..10 {
            assert_eq!(bed.peer.receive_from_client(), probe);
        }
        assert_eq!(bed.peer.receive_from_client(), fence);
        let counters = bed.network.counters();
        assert_eq!(counters.frames_out, 11);
        assert_eq!(counters.refused["arp_rate"], 20);
        assert_eq!(bed.lines.borrow().len(), 10, "lines are limited too");
    });
}
