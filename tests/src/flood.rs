//! Many frames that nobody asked for: what a hostile neighbour can put on a cable, at a rate.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    frame::{BROADCAST_MAC, CLIENT_PORT, Endpoint, SERVER_PORT, udp},
    message::{Kind, Message, code},
    packet::PacketSocket,
    testbed::{CLIENT_MAC, Testbed},
};

/// Frames in one system call.
const BATCH: u32 = 100;

/// Different frames; a multiple of [`BATCH`] and of the kinds there are.
const VARIETY: u32 = 4500;

/// A network of which no test's server gives an address.
const ELSEWHERE: [u8; 2] = [10, 99];

/// A flood that goes on in a thread of its own.
#[derive(Debug)]
pub struct Flood {
    enough: Arc<AtomicBool>,
    thread: JoinHandle<Sent>,
}

/// What a flood was in the end.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Frames that are on the cable.
    pub frames: u32,
    /// How long that took.
    pub time: Duration,
}

impl Sent {
    /// Frames a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        f64::from(self.frames) / self.time.as_secs_f64()
    }
}

impl Flood {
    /// Sends hostile frames from the server's end of the cable for `time` at least, and until [`Self::end`], `rate` a
    /// second or as many as the machine can.
    ///
    /// # Panics
    /// If the server's host has no link.
    #[must_use]
    pub fn start(bed: &Testbed, rate: u32, time: Duration) -> Self {
        let socket = PacketSocket::open(&bed.server);
        let frames = hostile_frames();
        let enough = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&enough);
        Self {
            enough,
            thread: thread::spawn(move || send(&socket, &frames, rate, time, &told)),
        }
    }

    /// Ends it when its time is over.
    ///
    /// # Panics
    /// If it could not send.
    #[must_use]
    pub fn end(self) -> Sent {
        self.enough.store(true, Ordering::Relaxed);
        self.thread
            .join()
            .expect("the flood's thread ends by itself")
    }
}

fn send(
    socket: &PacketSocket,
    frames: &[Vec<u8>],
    rate: u32,
    time: Duration,
    enough: &AtomicBool,
) -> Sent {
    let begun = Instant::now();
    let mut sent = 0;
    let batches = frames.chunks(usize::try_from(BATCH).unwrap_or(1)).cycle();
    for batch in batches {
        // The time at which this batch is due; what the machine could not send in time is not made up for.
        let due = Duration::from_secs(1) * sent / rate;
        let now = begun.elapsed();
        if now >= time && enough.load(Ordering::Relaxed) {
            break;
        }
        if let Some(early) = due.checked_sub(now) {
            thread::sleep(early);
        }
        let went = socket.send_all(batch).expect("the cable is plugged in");
        sent += u32::try_from(went).unwrap_or(0);
    }
    Sent {
        frames: sent,
        time: begun.elapsed(),
    }
}

/// The mix: octets without meaning, DHCP with each thing wrong that a client looks at, offers that would be right if
/// somebody had asked, ARP, fragments.
fn hostile_frames() -> Vec<Vec<u8>> {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    (0..VARIETY)
        .map(|number| hostile_frame(number % 9, &mut chance))
        .collect()
}

fn hostile_frame(kind: u32, chance: &mut Chance) -> Vec<u8> {
    let mut offer = offer(chance);
    match kind {
        0 => {
            let length = 60 + chance.below(1400);
            let mut frame = chance.octets(length);
            frame.splice(..6, BROADCAST_MAC);
            frame
        }
        // From one of many servers, for this client, in a transaction of nobody's.
        1 | 2 => datagram(chance, &offer.encode()),
        3 => {
            offer.chaddr = chance.mac();
            datagram(chance, &offer.encode())
        }
        4 => {
            let mut payload = offer.encode();
            payload.splice(236..240, chance.octets(4));
            datagram(chance, &payload)
        }
        5 => {
            // A right beginning, and options without end or sense.
            let mut payload = offer.encode();
            payload.truncate(240);
            let length = chance.below(1000);
            payload.extend(chance.octets(length));
            datagram(chance, &payload)
        }
        6 => arp(chance, 1, BROADCAST_MAC),
        7 => arp(chance, 2, CLIENT_MAC),
        _ => {
            // "More fragments" of a datagram to the right port.
            let mut frame = datagram(chance, &offer.encode());
            frame.splice(20..22, [0x20, 0]);
            frame
        }
    }
}

fn offer(chance: &mut Chance) -> Message {
    let server = chance.address();
    let kind = [Kind::OFFER, Kind::ACK, Kind::NAK][chance.below(3)];
    Message {
        op: 2,
        xid: u32::from(chance.address()),
        secs: 0,
        flags: 0,
        ciaddr: Ipv4Addr::UNSPECIFIED,
        yiaddr: chance.address(),
        siaddr: Ipv4Addr::UNSPECIFIED,
        giaddr: Ipv4Addr::UNSPECIFIED,
        chaddr: CLIENT_MAC,
        options: vec![
            (code::MESSAGE_TYPE, vec![kind.0]),
            (code::SERVER_IDENTIFIER, server.octets().to_vec()),
            (code::LEASE_TIME, 3600_u32.to_be_bytes().to_vec()),
            (code::SUBNET_MASK, vec![255, 255, 0, 0]),
            (code::ROUTER, server.octets().to_vec()),
        ],
    }
}

fn datagram(chance: &mut Chance, payload: &[u8]) -> Vec<u8> {
    let from = Endpoint {
        mac: chance.mac(),
        address: chance.address(),
        port: SERVER_PORT,
    };
    let to = Endpoint {
        mac: [BROADCAST_MAC, CLIENT_MAC][chance.below(2)],
        address: Ipv4Addr::BROADCAST,
        port: CLIENT_PORT,
    };
    udp(from, to, payload)
}

fn arp(chance: &mut Chance, operation: u8, to: [u8; 6]) -> Vec<u8> {
    let mac = chance.mac();
    let mut frame = [to, mac].concat();
    frame.extend([0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, operation]);
    frame.extend(mac);
    frame.extend(chance.address().octets());
    frame.extend(to);
    frame.extend(chance.address().octets());
    frame.resize(60, 0);
    frame
}

/// Numbers that look like chance and are the same in every run (Marsaglia's xorshift).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % limit
    }

    fn octets(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_be_bytes()[0]).collect()
    }

    /// Of a station that administers its own addresses.
    fn mac(&mut self) -> [u8; 6] {
        let [a, b, c, d, e, ..] = self.next().to_be_bytes();
        [0x06, a, b, c, d, e]
    }

    fn address(&mut self) -> Ipv4Addr {
        let [a, b, ..] = self.next().to_be_bytes();
        let [first, second] = ELSEWHERE;
        Ipv4Addr::new(first, second, a, b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Content, Frame};

    #[test]
    fn the_mix_has_wrong_and_right_messages_arp_fragments_and_noise() {
        let frames: Vec<Frame> = hostile_frames()
            .iter()
            .map(|bytes| Frame::read(bytes, true))
            .collect();
        let count = |wanted: fn(&Frame) -> bool| frames.iter().filter(|f| wanted(f)).count();
        assert!(count(|f| f.dhcp().is_some_and(|m| m.chaddr == CLIENT_MAC)) >= 1000);
        assert!(count(|f| f.dhcp().is_some_and(|m| m.chaddr != CLIENT_MAC)) >= 500);
        assert!(count(|f| matches!(f.content, Content::Arp { .. })) >= 1000);
        assert!(count(|f| f.content == Content::Other) >= 500);
    }
}
