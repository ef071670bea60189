//! A DHCP server that does what a test tells it: right answers by default, and any other on demand.

use std::{
    fmt,
    io::{PipeReader, PipeWriter, pipe},
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, bind, setsockopt, socket, sockopt::BindToDevice,
};

use crate::{
    SOON,
    cable::Cable,
    frame::{BROADCAST_MAC, CLIENT_PORT, Content, Endpoint, Frame, SERVER_PORT, udp},
    journal::Journal,
    message::{Kind, Message, code},
    packet::PacketSocket,
    terms::Terms,
    testbed::Testbed,
};

/// A message that the server received or sent.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// When.
    pub at: Instant,
    /// Whether the server sent it.
    pub sent: bool,
    /// IP source of a received message, IP destination of a sent one.
    pub peer: Ipv4Addr,
    /// The message.
    pub message: Message,
}

/// What a hook ([`Server::hook`]) decides about one message.
#[derive(Debug)]
pub enum Decision {
    /// Answer as if there were no hook.
    Usual,
    /// Send these frames and nothing else; no frame is silence.
    Frames(Vec<Vec<u8>>),
}

/// Sees each received message with the answer that would be sent.
type Hook = Box<dyn FnMut(&Message, Option<&Message>) -> Decision + Send>;

struct Script {
    cable: Cable,
    terms: Terms,
    ignore: usize,
    refuse: usize,
    hook: Option<Hook>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("cable", &self.cable)
            .field("terms", &self.terms)
            .field("ignore", &self.ignore)
            .field("refuse", &self.refuse)
            .field("hook", &self.hook.is_some())
            .finish()
    }
}

/// A running server; stops when dropped.
#[derive(Debug)]
pub struct Server {
    script: Arc<Mutex<Script>>,
    log: Journal<Exchange>,
    socket: Arc<PacketSocket>,
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts to serve one client with these terms.
    ///
    /// # Panics
    /// If another server has the port.
    #[must_use]
    pub fn start(bed: &Testbed, terms: Terms) -> Self {
        Self::start_on(bed, &Cable::FIRST, terms)
    }

    /// Starts to serve one client at a cable's other end with these terms.
    ///
    /// # Panics
    /// If another server has the port there.
    #[must_use]
    pub fn start_on(bed: &Testbed, cable: &Cable, terms: Terms) -> Self {
        let socket = Arc::new(PacketSocket::open_on(&bed.server, cable.server));
        let port = bed.server.run(|| occupy(cable.server));
        let script = Script {
            cable: *cable,
            terms,
            ignore: 0,
            refuse: 0,
            hook: None,
        };
        let script = Arc::new(Mutex::new(script));
        let log = Journal::default();
        let (stopped, stop) = pipe().expect("a pipe can be made");
        let serving = Serving {
            script: Arc::clone(&script),
            log: log.clone(),
            socket: Arc::clone(&socket),
        };
        let thread = thread::spawn(move || {
            serving.serve(&stopped);
            drop(port);
        });
        Self {
            script,
            log,
            socket,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Changes what is granted from the next message on. A client that asks for another address
    /// than the new one gets a DHCPNAK.
    pub fn change(&self, change: impl FnOnce(&mut Terms)) {
        change(&mut lock(&self.script).terms);
    }

    /// Does not answer the next `count` messages; `usize::MAX` is for ever, 0 ends it.
    pub fn ignore_next(&self, count: usize) {
        lock(&self.script).ignore = count;
    }

    /// Answers the next `count` DHCPREQUESTs with DHCPNAK.
    pub fn refuse_next(&self, count: usize) {
        lock(&self.script).refuse = count;
    }

    /// Lets `hook` decide what is sent; it stays until [`Self::unhook`].
    pub fn hook(&self, hook: impl FnMut(&Message, Option<&Message>) -> Decision + Send + 'static) {
        lock(&self.script).hook = Some(Box::new(hook));
    }

    /// Sends each answer as `change` leaves it, until [`Self::unhook`].
    pub fn alter(&self, mut change: impl FnMut(&mut Message) + Send + 'static) {
        self.hook(move |_, usual| {
            let Some(usual) = usual else {
                return Decision::Usual;
            };
            let mut reply = usual.clone();
            change(&mut reply);
            Decision::Frames(vec![reply_frame(&reply)])
        });
    }

    /// Sends, before each answer, the frames that `first` makes of it, until [`Self::unhook`].
    pub fn precede(&self, mut first: impl FnMut(&Message) -> Vec<Vec<u8>> + Send + 'static) {
        self.hook(move |_, usual| {
            let Some(usual) = usual else {
                return Decision::Usual;
            };
            let mut frames = first(usual);
            frames.push(reply_frame(usual));
            Decision::Frames(frames)
        });
    }

    /// Answers as usual again.
    pub fn unhook(&self) {
        lock(&self.script).hook = None;
    }

    /// Puts any frame on the cable.
    ///
    /// # Panics
    /// If the cable is pulled.
    pub fn inject(&self, frame: &[u8]) {
        self.socket.send(frame).expect("the server's link is up");
    }

    /// All messages received and sent, to wait on.
    #[must_use]
    pub fn log(&self) -> &Journal<Exchange> {
        &self.log
    }

    /// Kinds of the messages received at or after a position, in order.
    #[must_use]
    pub fn received_kinds(&self, from: usize) -> Vec<Kind> {
        let entries = self.log.entries();
        let received = entries.iter().skip(from).filter(|seen| !seen.sent);
        received.map(|seen| seen.message.kind()).collect()
    }

    /// The first message of this kind that was received, waited for.
    ///
    /// # Panics
    /// If none comes.
    #[must_use]
    pub fn first(&self, kind: Kind) -> Message {
        let received = self.wait_received(0, kind, SOON);
        let (_, exchange) = received.unwrap_or_else(|| panic!("no {}", kind.name()));
        exchange.message
    }

    /// Waits for a received message of this kind at or after a position.
    pub fn wait_received(
        &self,
        from: usize,
        kind: Kind,
        timeout: Duration,
    ) -> Option<(usize, Exchange)> {
        self.log.wait_from(from, timeout, |seen| {
            !seen.sent && seen.message.kind() == kind
        })
    }

    /// Waits until a message of this kind was sent at or after a position.
    pub fn wait_sent(
        &self,
        from: usize,
        kind: Kind,
        timeout: Duration,
    ) -> Option<(usize, Exchange)> {
        self.log.wait_from(from, timeout, |seen| {
            seen.sent && seen.message.kind() == kind
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// What the server's thread works with.
struct Serving {
    script: Arc<Mutex<Script>>,
    log: Journal<Exchange>,
    socket: Arc<PacketSocket>,
}

impl Serving {
    fn serve(&self, stop: &PipeReader) {
        self.socket.receive(stop, |bytes, outgoing| {
            if outgoing {
                return;
            }
            if let Content::Dhcp {
                source, message, ..
            } = Frame::read(bytes, false).content
            {
                self.answer(source, message);
            }
        });
    }

    fn answer(&self, source: Ipv4Addr, message: Message) {
        let frames = lock(&self.script).frames(&message);
        self.log.push(Exchange {
            at: Instant::now(),
            sent: false,
            peer: source,
            message,
        });
        for frame in frames {
            // The cable may be pulled, which is the client's to notice.
            if self.socket.send(&frame).is_err() {
                continue;
            }
            if let Content::Dhcp {
                destination,
                message,
                ..
            } = Frame::read(&frame, true).content
            {
                self.log.push(Exchange {
                    at: Instant::now(),
                    sent: true,
                    peer: destination,
                    message,
                });
            }
        }
    }
}

impl Script {
    fn frames(&mut self, message: &Message) -> Vec<Vec<u8>> {
        if self.ignore > 0 {
            self.ignore -= 1;
            return Vec::new();
        }
        let mut reply = self.usual(message);
        if let Some(reply) = &mut reply {
            reply.set_option(code::SERVER_IDENTIFIER, self.cable.server_address.octets());
        }
        if let Some(hook) = &mut self.hook
            && let Decision::Frames(frames) = hook(message, reply.as_ref())
        {
            return frames;
        }
        let frame = |reply| reply_frame_from(&self.cable, &reply);
        reply.map(frame).into_iter().collect()
    }

    /// What a right server says (RFC 2131 section 4.3).
    fn usual(&mut self, message: &Message) -> Option<Message> {
        match message.kind() {
            Kind::DISCOVER => Some(self.terms.grant(message, Kind::OFFER)),
            Kind::REQUEST => self.usual_to_request(message),
            Kind::INFORM => Some(self.terms.inform(message)),
            _ => None,
        }
    }

    fn usual_to_request(&mut self, message: &Message) -> Option<Message> {
        let named = message.address_option(code::SERVER_IDENTIFIER);
        if named.is_some_and(|server| server != self.cable.server_address) {
            return None;
        }
        let requested = message
            .address_option(code::REQUESTED_ADDRESS)
            .unwrap_or(message.ciaddr);
        if self.refuse > 0 || requested != self.terms.address {
            self.refuse = self.refuse.saturating_sub(1);
            return Some(self.terms.refusal(message));
        }
        Some(self.terms.grant(message, Kind::ACK))
    }
}

/// Has the port on one link, and never reads: without that the kernel would answer a renewal with "port
/// unreachable".
fn occupy(link: &str) -> UdpSocket {
    let bound = || {
        let socket = socket(
            AddressFamily::Inet,
            SockType::Datagram,
            SockFlag::SOCK_CLOEXEC,
            None,
        )?;
        // First: each cable has a server of its own.
        setsockopt(&socket, BindToDevice, &link.into())?;
        let port = SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, SERVER_PORT));
        bind(socket.as_raw_fd(), &port)?;
        Ok::<_, nix::Error>(UdpSocket::from(socket))
    };
    bound().expect("no other server runs there")
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server's message in a frame that goes where RFC 2131 section 4.1 says.
#[must_use]
pub fn reply_frame(reply: &Message) -> Vec<u8> {
    reply_frame_from(&Cable::FIRST, reply)
}

/// Like [`reply_frame`], from the server of any cable.
#[must_use]
pub fn reply_frame_from(cable: &Cable, reply: &Message) -> Vec<u8> {
    framed(cable, reply, &reply.encode())
}

/// Like [`reply_frame`], with a payload that need not be what `reply` encodes to.
#[must_use]
pub fn reply_frame_of(reply: &Message, payload: &[u8]) -> Vec<u8> {
    framed(&Cable::FIRST, reply, payload)
}

fn framed(cable: &Cable, reply: &Message, payload: &[u8]) -> Vec<u8> {
    // A client with an address is sent it there; one without gets broadcast if it asks for that, and
    // always for a DHCPNAK; else the frame goes to its hardware and the offered address.
    let broadcast = reply.kind() == Kind::NAK || reply.flags & 0x8000 != 0;
    let (mac, address) = match (reply.ciaddr, broadcast) {
        (Ipv4Addr::UNSPECIFIED, true) => (BROADCAST_MAC, Ipv4Addr::BROADCAST),
        (Ipv4Addr::UNSPECIFIED, false) => (reply.chaddr, reply.yiaddr),
        (ciaddr, _) => (reply.chaddr, ciaddr),
    };
    let from = Endpoint {
        mac: cable.server_mac,
        address: cable.server_address,
        port: SERVER_PORT,
    };
    let to = Endpoint {
        mac,
        address,
        port: CLIENT_PORT,
    };
    udp(from, to, payload)
}
