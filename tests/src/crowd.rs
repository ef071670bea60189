//! Many clients that exist only as messages: what keeps a server busy beside the one client under test.

use std::{
    io::{PipeWriter, pipe},
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    frame::{BROADCAST_MAC, CLIENT_PORT, Endpoint, Frame, SERVER_PORT, udp},
    message::{Kind, Message, code},
    namespace::Namespace,
    packet::PacketSocket,
};

/// First octet of the hardware addresses of the crowd: locally administered, and nobody else's.
const CROWD: u8 = 0x0a;

/// Messages counted since the start.
#[derive(Debug, Default)]
struct Counts {
    asked: AtomicU32,
    offered: AtomicU32,
}

/// A crowd that asks until it is dropped.
#[derive(Debug)]
pub struct Crowd {
    counts: Arc<Counts>,
    begun: Instant,
    stop: Option<PipeWriter>,
    threads: Vec<JoinHandle<()>>,
}

impl Crowd {
    /// Starts to ask for leases on a link of `host`, as a new client each time, `rate` times a second; what is offered
    /// is requested.
    ///
    /// # Panics
    /// If there is no such link.
    #[must_use]
    pub fn start(host: &Namespace, link: &str, rate: u32) -> Self {
        let socket = Arc::new(PacketSocket::open_on(host, link));
        let counts = Arc::new(Counts::default());
        let (reader, stop) = pipe().expect("a pipe can be made");
        let stopped = reader.try_clone().expect("a descriptor can be duplicated");
        let asking = {
            let (socket, counts) = (Arc::clone(&socket), Arc::clone(&counts));
            thread::spawn(move || ask(&socket, &counts, rate, &stopped))
        };
        let listening = {
            let counts = Arc::clone(&counts);
            thread::spawn(move || {
                socket.receive(&reader, |bytes, outgoing| {
                    if !outgoing && let Some(request) = answer(bytes) {
                        counts.offered.fetch_add(1, Ordering::Relaxed);
                        // A lost request is one client less.
                        drop(socket.send(&frame_of(&request)));
                    }
                });
            })
        };
        Self {
            counts,
            begun: Instant::now(),
            stop: Some(stop),
            threads: vec![asking, listening],
        }
    }

    /// DHCPDISCOVERs sent and DHCPOFFERs received up to now.
    #[must_use]
    pub fn counts(&self) -> (u32, u32) {
        (
            self.counts.asked.load(Ordering::Relaxed),
            self.counts.offered.load(Ordering::Relaxed),
        )
    }

    /// For how long it has been asking.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.begun.elapsed()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        drop(self.stop.take());
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            drop(thread.join());
        }
    }
}

fn ask(socket: &PacketSocket, counts: &Counts, rate: u32, stop: &std::io::PipeReader) {
    let pause = Duration::from_secs(1) / rate;
    for number in 1.. {
        if PacketSocket::is_stopped(stop, pause) {
            return;
        }
        // ENOBUFS where the server's host is busy: one client less.
        if socket.send(&frame_of(&discover(number))).is_ok() {
            counts.asked.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn discover(number: u32) -> Message {
    let [a, b, c, d] = number.to_be_bytes();
    Message {
        op: 1,
        xid: number,
        secs: 0,
        flags: 0x8000,
        ciaddr: Ipv4Addr::UNSPECIFIED,
        yiaddr: Ipv4Addr::UNSPECIFIED,
        siaddr: Ipv4Addr::UNSPECIFIED,
        giaddr: Ipv4Addr::UNSPECIFIED,
        chaddr: [CROWD, 0, a, b, c, d],
        options: vec![(code::MESSAGE_TYPE, vec![Kind::DISCOVER.0])],
    }
}

/// What a member of the crowd says to a frame.
fn answer(bytes: &[u8]) -> Option<Message> {
    let frame = Frame::read(bytes, true);
    let offer = frame.dhcp().filter(|message| {
        message.chaddr.first() == Some(&CROWD) && message.kind() == Kind::OFFER
    })?;
    let mut request = discover(offer.xid);
    request.set_option(code::MESSAGE_TYPE, [Kind::REQUEST.0]);
    request.set_option(code::REQUESTED_ADDRESS, offer.yiaddr.octets());
    let server = offer.option(code::SERVER_IDENTIFIER)?.to_vec();
    request.set_option(code::SERVER_IDENTIFIER, server);
    Some(request)
}

fn frame_of(message: &Message) -> Vec<u8> {
    let from = Endpoint {
        mac: message.chaddr,
        address: Ipv4Addr::UNSPECIFIED,
        port: CLIENT_PORT,
    };
    let to = Endpoint {
        mac: BROADCAST_MAC,
        address: Ipv4Addr::BROADCAST,
        port: SERVER_PORT,
    };
    udp(from, to, &message.encode())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_to_the_crowd_is_requested_from_its_server_and_others_are_not() {
        let server = [10, 0, 0, 1];
        let mut offer = discover(7);
        offer.op = 2;
        offer.yiaddr = Ipv4Addr::new(10, 0, 0, 9);
        offer.set_option(code::MESSAGE_TYPE, [Kind::OFFER.0]);
        offer.set_option(code::SERVER_IDENTIFIER, server);
        let request = answer(&frame_of(&offer)).expect("a request");
        assert_eq!(request.kind(), Kind::REQUEST);
        assert_eq!(
            request.address_option(code::REQUESTED_ADDRESS),
            Some(offer.yiaddr)
        );
        assert_eq!(request.chaddr, offer.chaddr);
        offer.chaddr[0] = 2;
        assert_eq!(answer(&frame_of(&offer)), None);
    }
}
