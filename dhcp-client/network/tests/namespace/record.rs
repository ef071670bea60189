//! The pcap record has what crossed `Net`, both ways, and nothing else.

use std::{
    cell::RefCell,
    io::{self, Write},
    rc::Rc,
    time::Duration,
};

use dhcp_network::Pcap;
use sdk_rpc::{Datagram, Frame, Net};

use crate::{
    bed::{Bed, CLIENT_MAC, PEER_MAC, in_namespace, ip},
    frames::{CLIENT_ADDRESS, NOBODY, arp, message, reply, udp},
};

#[derive(Clone, Default)]
struct Paper(Rc<RefCell<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The frames of a pcap file.
fn recorded(file: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &file[24..];
    let mut frames = Vec::new();
    while let Some((header, after)) = rest.split_first_chunk::<16>() {
        let length = u32::from_ne_bytes(header[8..12].try_into().unwrap());
        let (frame, after) = after.split_at(length.try_into().unwrap());
        frames.push(frame.to_vec());
        rest = after;
    }
    frames
}

#[test]
fn the_record_has_what_was_received_and_sent_and_nothing_refused() {
    in_namespace(
        the_record_has_what_was_received_and_sent_and_nothing_refused,
        async {
            let paper = Paper::default();
            let pcap = Pcap::new(paper.clone(), || Duration::from_secs(1)).unwrap();
            let bed = Bed::with_pcap(Some(pcap));
            ip("addr add 10.0.0.5/24 dev client0");
            bed.network
                .set_address(Some(CLIENT_ADDRESS.into()))
                .unwrap();
            let mut arrivals = bed.listen().await;

            let offer = reply(b"offer");
            bed.peer.send(&offer);
            arrivals.next().await;
            let probe = arp(CLIENT_MAC, 1, NOBODY);
            let frames = [arp(PEER_MAC, 1, NOBODY), probe.clone()];
            let frames = frames.map(|bytes| Frame {
                bytes,
                checksum_ready: true,
            });
            bed.network.write(frames.to_vec()).await.unwrap();
            let renewal = Datagram {
                destination: [10, 0, 0, 1].into(),
                payload: message(CLIENT_ADDRESS),
            };
            bed.network.send(vec![renewal]).await.unwrap();

            let recorded = recorded(&paper.0.borrow());
            assert_eq!(recorded.len(), 3);
            assert_eq!(recorded[0], offer);
            assert_eq!(recorded[1], probe);
            assert_eq!(recorded[2][6..12], CLIENT_MAC);
            assert_eq!(recorded[2][34..], udp(68, 67, &message(CLIENT_ADDRESS)));
        },
    );
}
