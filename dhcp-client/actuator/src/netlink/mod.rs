//! One rtnetlink socket for all interfaces of the process, used in the simplest way there is: all
//! requests of a change in one send, then their answers.
//!
//! The kernel works on a request inside the call that sends it, so every answer is there when the send
//! returns and nothing ever waits. That makes a whole lease one system call and one per answer, and lets
//! any number of actuators share the socket and its receive buffer without ever meeting.

mod answer;
mod monitor;

use core::fmt;
use std::{cell::RefCell, io, rc::Rc};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, NetlinkBuffer,
    NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::libc;

pub use answer::Answer;
use answer::{answer, list_end};
pub(crate) use monitor::{Heard, Monitor};

use crate::{
    link_message::LinkFacts,
    messages::{self, Request},
};

/// Requests of one send, so that their answers fit the socket's receive buffer many times over.
const MOST_REQUESTS: usize = 48;
/// Larger than any link message (with every statistic about 2 KiB).
const RECEIVE_BUFFER: usize = 32 * 1024;
/// MSG_DONTWAIT and MSG_TRUNC of recv(2), through what the socket crate takes.
const RECEIVE_FLAGS: i32 = libc::MSG_DONTWAIT | libc::MSG_TRUNC;

/// The way to the kernel's networking configuration, of the network namespace it was opened in. Cheap to
/// clone: all clones use one socket.
#[derive(Clone)]
pub struct Netlink(Rc<RefCell<Kernel>>);

impl fmt::Debug for Netlink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Netlink").finish_non_exhaustive()
    }
}

impl Netlink {
    /// Opens the socket, in the network namespace of the calling thread.
    ///
    /// # Errors
    /// There is no netlink socket to be had.
    pub fn open() -> io::Result<Self> {
        Ok(Self(Rc::new(RefCell::new(Kernel::open()?))))
    }

    /// Lends the socket. Never across a wait, and `work` calls nothing that may ask for it again.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Kernel) -> T) -> T {
        work(&mut self.0.borrow_mut())
    }
}

/// What holds the socket.
pub(crate) struct Kernel {
    socket: Socket,
    sequence: u32,
    received: Vec<u8>,
}

impl fmt::Debug for Kernel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Kernel")
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

impl Kernel {
    fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind(&SocketAddr::new(0, 0))?;
        // Words for the operator, and answers that do not repeat the request.
        socket.set_ext_ack(true)?;
        socket.set_cap_ack(true)?;
        // Lists of what was asked for only. A kernel that knows no such thing lists more, which costs time
        // and is passed over.
        socket.set_netlink_get_strict_chk(true).ok();
        Ok(Self {
            socket,
            sequence: 0,
            received: Vec::with_capacity(RECEIVE_BUFFER),
        })
    }

    /// Makes requests, in order; each is tried whatever became of the one before. One result for each.
    ///
    /// # Errors
    /// The socket itself failed; what became of the requests is not known.
    pub(crate) fn change(&mut self, requests: Vec<Request>) -> io::Result<Vec<Result<(), Answer>>> {
        let mut results = Vec::with_capacity(requests.len());
        let mut requests = requests.into_iter().peekable();
        while requests.peek().is_some() {
            let batch: Vec<Request> = requests.by_ref().take(MOST_REQUESTS).collect();
            results.append(&mut self.change_batch(batch)?);
        }
        Ok(results)
    }

    fn change_batch(&mut self, batch: Vec<Request>) -> io::Result<Vec<Result<(), Answer>>> {
        let first = self.sequence.wrapping_add(1);
        let mut results: Vec<Option<Result<(), Answer>>> = vec![None; batch.len()];
        self.send(batch, NLM_F_ACK)?;
        while results.iter().any(Option::is_none) {
            self.receive(|header, payload| {
                let place = usize::try_from(header.sequence_number.wrapping_sub(first)).ok();
                if let Some(slot) = place.and_then(|place| results.get_mut(place))
                    && header.message_type == NLMSG_ERROR
                {
                    *slot = Some(answer(header.flags, payload));
                }
            })?;
        }
        Ok(results.into_iter().flatten().collect())
    }

    /// The link with `index`; none where there is none.
    pub(crate) fn link_by_index(&mut self, index: u32) -> io::Result<Option<LinkFacts>> {
        self.link(messages::link_by_index(index))
    }

    /// The link called `name`; none where there is none.
    pub(crate) fn link_by_name(&mut self, name: &str) -> io::Result<Option<LinkFacts>> {
        self.link(messages::link_by_name(name))
    }

    fn link(&mut self, request: Request) -> io::Result<Option<LinkFacts>> {
        // Without NLM_F_ACK there is one answer: the link, or why not.
        self.send(vec![request], 0)?;
        let sequence = self.sequence;
        let mut found: Option<Result<LinkFacts, Answer>> = None;
        while found.is_none() {
            self.receive(|header, payload| {
                if header.sequence_number != sequence {
                    return;
                }
                found = if header.message_type == NLMSG_ERROR {
                    answer(header.flags, payload).err().map(Err)
                } else {
                    LinkFacts::parse(payload).map(Ok)
                };
            })?;
        }
        match found {
            Some(Ok(facts)) => Ok(Some(facts)),
            Some(Err(refused)) if refused.errno == libc::ENODEV => Ok(None),
            Some(Err(refused)) => Err(io::Error::from_raw_os_error(refused.errno)),
            None => Ok(None),
        }
    }

    /// Hands over the payload of each entry of a list. True if the list is of one moment: what changed while
    /// it was made may be in it twice or not at all.
    pub(crate) fn list(
        &mut self,
        request: Request,
        each: &mut dyn FnMut(&[u8]),
    ) -> io::Result<bool> {
        self.send(vec![request], NLM_F_DUMP)?;
        let sequence = self.sequence;
        let mut end = None;
        let mut whole = true;
        while end.is_none() {
            self.receive(|header, payload| {
                if header.sequence_number != sequence {
                    return;
                }
                whole &= header.flags & NLM_F_DUMP_INTR == 0;
                match header.message_type {
                    NLMSG_DONE => end = Some(list_end(payload)),
                    NLMSG_ERROR => end = Some(answer(header.flags, payload)),
                    _ => each(payload),
                }
            })?;
        }
        match end {
            Some(Err(refused)) => Err(io::Error::from_raw_os_error(refused.errno)),
            Some(Ok(())) | None => Ok(whole),
        }
    }

    /// The receive buffer, empty.
    fn buffer(&mut self) -> &mut Vec<u8> {
        self.received.clear();
        self.received.reserve(RECEIVE_BUFFER);
        &mut self.received
    }

    fn send(&mut self, batch: Vec<Request>, flags: u16) -> io::Result<()> {
        let mut buffer = Vec::new();
        for (message, more_flags) in batch {
            self.sequence = self.sequence.wrapping_add(1);
            let mut header = NetlinkHeader::default();
            header.flags = NLM_F_REQUEST | flags | more_flags;
            header.sequence_number = self.sequence;
            let mut message = NetlinkMessage::new(header, NetlinkPayload::from(message));
            message.finalize();
            let start = buffer.len();
            // Every attribute is padded to four octets, and so is every message.
            buffer.resize(start.saturating_add(message.buffer_len()), 0);
            if let Some(room) = buffer.get_mut(start..) {
                message.serialize(room);
            }
        }
        self.socket
            .send_to(&buffer, &SocketAddr::new(0, 0), 0)
            .map(drop)
    }

    /// Reads one datagram, which is there already, and hands over each message in it.
    fn receive(&mut self, mut each: impl FnMut(NetlinkHeader, &[u8])) -> io::Result<()> {
        self.buffer();
        let (length, sender) = self.socket.recv_from(&mut self.received, RECEIVE_FLAGS)?;
        if length > self.received.len() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the kernel's message is too long",
            ));
        }
        // Only the kernel has port 0; another process may send here, and is not listened to.
        if sender.port_number() == 0 {
            each_message(&self.received, &mut each);
        }
        Ok(())
    }
}

/// Hands over each message of a datagram.
fn each_message(datagram: &[u8], each: &mut dyn FnMut(NetlinkHeader, &[u8])) {
    let mut rest = datagram;
    while let Ok(message) = NetlinkBuffer::new_checked(rest) {
        let mut header = NetlinkHeader::default();
        header.message_type = message.message_type();
        header.flags = message.flags();
        header.sequence_number = message.sequence_number();
        each(header, message.payload());
        let length = usize::try_from(message.length()).unwrap_or(usize::MAX);
        let Some(next) = length
            .checked_next_multiple_of(4)
            .and_then(|next| rest.get(next..))
        else {
            break;
        };
        rest = next;
    }
}
