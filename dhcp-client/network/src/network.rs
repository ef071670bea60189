//! [`Network`]: the two sockets of one interface as a `Net`.

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    fmt,
    net::Ipv4Addr,
    rc::Rc,
    time::Instant,
};

use nix::errno::Errno;
use sdk_rpc::{Counter, Datagram, Error, Frame, FrameSink, LinkWatcher, MacAddress, Net};
use tokio::task::AbortHandle;

use crate::{
    Attachment, Counters, Interface, OpenError, Pcap, Refusal, UnicastError,
    egress::Egress,
    packet_socket::PacketSocket,
    pcap::datagram_frame,
    receive::{carry, drain},
    record::Record,
    unicast::UnicastSocket,
};

/// Frames of one interface, for a peer that is not trusted. Clones are the same network: what the
/// owner sets on one holds for all.
///
/// The owner, on the privileged side, sets the [address](Self::set_address) and the
/// [MAC address](Self::set_mac) by which the peer is judged; the peer has the [`Net`] part only.
#[derive(Clone)]
pub struct Network {
    shared: Rc<Shared>,
}

struct Shared {
    interface: Interface,
    packet: Rc<PacketSocket>,
    unicast: RefCell<Option<UnicastSocket>>,
    egress: RefCell<Egress>,
    record: Rc<Record>,
    carrying: Cell<Option<AbortHandle>>,
}

impl fmt::Debug for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Network")
            .field("interface", &self.shared.interface)
            .finish_non_exhaustive()
    }
}

impl Network {
    /// Opens the packet socket of `interface`, in the current network namespace. Needs CAP_NET_RAW,
    /// and a tokio runtime with I/O enabled around it.
    ///
    /// `log` takes lines for the operator, at most ten in ten seconds; `pcap` records each frame that
    /// crosses [`Net`], both ways.
    pub fn open(
        interface: &Interface,
        log: Rc<dyn Fn(&str)>,
        pcap: Option<Pcap>,
    ) -> Result<Self, OpenError> {
        let packet = Rc::new(PacketSocket::open(interface)?);
        Ok(Self {
            shared: Rc::new(Shared {
                interface: interface.clone(),
                packet,
                unicast: RefCell::new(None),
                egress: RefCell::new(Egress::new(interface.mac)),
                record: Rc::new(Record::new(interface.name.clone(), log, pcap)),
                carrying: Cell::new(None),
            }),
        })
    }

    /// The leased address that is on the interface from now on, or that none is. With one, frames may
    /// be sent from it, and the UDP socket is opened; without, the socket is closed.
    ///
    /// If the socket cannot be opened, the address is in force all the same: frames and ARP work, and
    /// datagrams are discards.
    pub fn set_address(&self, address: Option<Ipv4Addr>) -> Result<(), UnicastError> {
        let shared = &self.shared;
        let unchanged = shared.egress.borrow().identity.address == address;
        let has_socket = shared.unicast.borrow().is_some();
        if unchanged && has_socket == address.is_some() {
            return Ok(());
        }
        shared.egress.borrow_mut().identity.address = address;
        // Closed first: the old address must not be sent from any more, whatever comes of the new one.
        shared.unicast.replace(None);
        if let Some(address) = address {
            let socket = UnicastSocket::open(&shared.interface, address)?;
            shared.unicast.replace(Some(socket));
        }
        Ok(())
    }

    /// The interface's own address from now on.
    pub fn set_mac(&self, mac: MacAddress) {
        self.shared.egress.borrow_mut().identity.mac = mac;
    }

    /// What happened since [`Network::open`].
    pub fn counters(&self) -> Counters {
        let Shared { packet, record, .. } = &*self.shared;
        // The kernel forgets its count when it is read, so it is added here. That it cannot be read
        // does not happen on a packet socket, and must not hide the other counters.
        if let Ok(statistics) = packet.take_statistics() {
            record.count(|counters| {
                counters.kernel_drops = counters
                    .kernel_drops
                    .saturating_add(u64::from(statistics.drops));
            });
        }
        record.counters()
    }

    fn write_one(&self, now: Instant, frame: &[u8]) {
        let Shared {
            packet,
            egress,
            record,
            ..
        } = &*self.shared;
        let verdict = egress.borrow_mut().admit_frame(now, frame);
        if let Err(refusal) = verdict {
            return record.refused(now, "frame", refusal);
        }
        match packet.send(frame) {
            Ok(()) => {
                record
                    .count(|counters| counters.frames_out = counters.frames_out.saturating_add(1));
                record.capture(now, frame);
            }
            Err(errno) => self.not_sent(now, "frame", errno),
        }
    }

    fn send_one(&self, now: Instant, datagram: &Datagram) {
        let Shared {
            unicast,
            egress,
            record,
            ..
        } = &*self.shared;
        let Datagram {
            destination,
            payload,
        } = datagram;
        let unicast = unicast.borrow();
        let Some(socket) = unicast.as_ref() else {
            return record.refused(now, "datagram", Refusal::NoUnicastSocket);
        };
        let verdict = egress
            .borrow_mut()
            .admit_datagram(now, *destination, payload);
        if let Err(refusal) = verdict {
            return record.refused(now, "datagram", refusal);
        }
        match socket.send(*destination, payload) {
            Ok(()) => {
                record.count(|counters| {
                    counters.datagrams_out = counters.datagrams_out.saturating_add(1);
                });
                self.capture_datagram(now, datagram);
            }
            Err(errno) => self.not_sent(now, "datagram", errno),
        }
    }

    fn capture_datagram(&self, now: Instant, datagram: &Datagram) {
        let Shared { egress, record, .. } = &*self.shared;
        if !record.captures() {
            return;
        }
        let identity = egress.borrow().identity;
        let Datagram {
            destination,
            payload,
        } = datagram;
        let frame = identity
            .address
            .and_then(|source| datagram_frame(identity.mac, source, *destination, payload));
        if let Some(frame) = frame {
            record.capture(now, &frame);
        }
    }

    /// The link may be down, the queue full, the route missing: the machine behind `Net` retransmits,
    /// so this is counted and said, and not an error of the call.
    fn not_sent(&self, now: Instant, what: &str, errno: Errno) {
        let record = &self.shared.record;
        record.count(|counters| counters.send_errors = counters.send_errors.saturating_add(1));
        let reason = errno.desc();
        record.say(now, format_args!("outgoing {what} not sent: {reason}"));
    }
}

impl Net for Network {
    type Attachment = Attachment;
    type Watch = Infallible;

    /// Must be called inside a [`tokio::task::LocalSet`]. What arrived before is discarded. The newest
    /// sink is the only one: a peer that comes back need not wait until its former self is gone.
    async fn attach<S: FrameSink + 'static>(&self, sink: S) -> Result<Attachment, Error> {
        let Shared {
            packet,
            record,
            carrying,
            ..
        } = &*self.shared;
        if let Some(former) = carrying.take() {
            former.abort();
        }
        drain(packet, record);
        let task = tokio::task::spawn_local(carry(Rc::clone(packet), Rc::clone(record), sink))
            .abort_handle();
        carrying.set(Some(task.clone()));
        Ok(Attachment::new(task))
    }

    async fn write(&self, frames: Vec<Frame>) -> Result<(), Error> {
        for frame in &frames {
            self.write_one(Instant::now(), &frame.bytes);
        }
        Ok(())
    }

    async fn send(&self, datagrams: Vec<Datagram>) -> Result<(), Error> {
        for datagram in &datagrams {
            self.send_one(Instant::now(), datagram);
        }
        Ok(())
    }

    async fn mac(&self) -> Result<MacAddress, Error> {
        Ok(self.shared.egress.borrow().identity.mac)
    }

    async fn counters(&self) -> Result<Vec<Counter>, Error> {
        Ok(Self::counters(self).named())
    }

    /// Refused: a packet socket is told that the link went down, and not that it came up.
    async fn watch_link<W: LinkWatcher + 'static>(&self, _watcher: W) -> Result<Infallible, Error> {
        let why = "the network role does not follow the link; watch it by HostView";
        Err(Error::Refused(why.to_owned()))
    }
}
