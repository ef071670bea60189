//! The client machine: RFC 2131's states, one file each, behind one calling convention.
//!
//! ```text
//!  surface, config   what goes in and comes out        timer, backoff, lifetimes   when
//!  inputs, phase     which state answers what          draft, acceptance, choice   what is said and heard
//!  init ... stopped  the states, which decide          acquisition, held           what they carry along
//!  transition        the one place that applies        outbox                      what waits to be taken
//!  probes, guard     ARP before and while an address   link_local                  an own address
//!  contest           is used; who has it if two do     forced_renewal              asked for by a server
//! ```

mod acceptance;
mod acquisition;
mod backoff;
mod bound;
mod choice;
mod config;
mod conflicts;
mod contest;
mod context;
mod decline_wait;
mod draft;
mod extension;
mod forced_renewal;
mod guard;
mod held;
mod informing;
mod init;
mod init_reboot;
mod inputs;
mod ipv6_only;
mod lifetimes;
mod link_local;
mod outbox;
mod phase;
mod probes;
mod probing;
mod random;
mod rebinding;
mod rebooting;
mod renewing;
mod requesting;
mod selecting;
mod stopped;
mod surface;
mod timer;
mod transition;

use alloc::string::String;
use core::net::Ipv4Addr;

pub use config::{Config, ConflictDetection, Legacy, Pace, Subnet};
pub use surface::{
    Action, Applied, Command, ConfigureCause, DeconfigureCause, Link, Setback, Start, State,
    Transmit, UpdateCause,
};

use self::{
    choice::check_server, conflicts::Conflicts, context::Context, link_local::Candidates,
    outbox::Outbox, phase::Phase, random::Random, stopped::Stopped, timer::Timers,
};
use crate::{
    discard::{Counters, Discard},
    lease::Lease,
    message::{MessageType, Received},
    time::Instant,
    wire::{self, Arp, Heard, MalformedOptions},
};

/// How many timers one input may fire. The longest chain is shorter (a lease ends, the address is given
/// up, the attempt is over, INIT is over, DHCPDISCOVER goes out); what is left would be due at once and is
/// fired by the next call.
const CHAIN: usize = 8;

/// The DHCP client of one interface.
///
/// # Calling convention
///
/// After [`Machine::new`] and after every `handle_*` the driver
///
/// 1. takes [`poll_transmit`](Self::poll_transmit) until it is `None`, and sends; this comes first,
///    since a DHCPRELEASE needs the address that the next action takes away;
/// 2. takes one [`poll_action`](Self::poll_action), has the host perform it, calls
///    [`handle_applied`](Self::handle_applied) with what came of it if it was a `Configure` or an
///    `Update`, and begins again at 1, until there is no action left;
/// 3. asks [`poll_timeout`](Self::poll_timeout) and calls [`handle_timeout`](Self::handle_timeout) at
///    that time, or any time later.
///
/// Nothing here blocks or fails. A frame that is of no use is a counted discard. One input makes at
/// most one message, two ARP packets and three actions (`Deconfigure`, `Setback`, and `Configure` or
/// `Update`, in this order), and no more than that ever waits. Where a conflict ends a lease, its
/// DHCPDECLINE is there to be taken after its `Deconfigure`.
///
/// # Time
///
/// `now` is CLOCK_BOOTTIME and is only ever compared; a value before an earlier one counts as the
/// earlier one. A message is made, and the lease's times count, from the `now` of the call that queued
/// its first sending. A driver that sends late shortens the lease and never lengthens it.
///
/// Announcing and defending an address is sent from it, so only after the host has it.
///
/// The link counts as up at first; when it is not, [`handle_link`](Self::handle_link) before the first
/// `poll_transmit` says so, and nothing is sent.
#[derive(Debug)]
pub struct Machine {
    phase: Phase,
    context: Context,
    outbox: Outbox,
    counters: Counters,
    last_server: Option<Ipv4Addr>,
    refusal_text: Option<String>,
}

impl Machine {
    /// A client that begins as `start` says. The seed decides every xid and every random wait, and
    /// must not be known to others.
    #[must_use]
    pub fn new(now: Instant, config: Config, start: Start, seed: [u8; 32]) -> Self {
        let context = Context {
            config,
            random: Random::new(seed),
            conflicts: Conflicts::default(),
            candidates: Candidates::default(),
            now,
            link_up: true,
        };
        let mut machine = Self {
            phase: Phase::Stopped(Stopped),
            context,
            outbox: Outbox::default(),
            counters: Counters::default(),
            last_server: None,
            refusal_text: None,
        };
        machine.step(|_, context| Phase::first(start, context));
        machine.fire_due();
        machine
    }

    /// A frame came in. `checksum_ready` is false when its UDP checksum was left to hardware that it
    /// never met.
    pub fn handle_frame(&mut self, now: Instant, frame: &[u8], checksum_ready: bool) {
        self.advance(now);
        self.counters.count_frame();
        let config = &self.context.config;
        match wire::receive(frame, checksum_ready, config.reading()) {
            Ok(Heard::Arp(arp)) => self.hear(arp),
            Ok(Heard::Message(received, malformed)) => self.receive(&received, malformed),
            Err(rejected) => self
                .counters
                .count_discarded(rejected.message_type, rejected.reason),
        }
        self.fire_due();
    }

    /// The time that [`poll_timeout`](Self::poll_timeout) named has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
    }

    /// The link changed. To say again what is known already does nothing.
    pub fn handle_link(&mut self, now: Instant, link: Link) {
        self.advance(now);
        match link {
            Link::Up if self.context.link_up => {}
            Link::Up => {
                self.context.link_up = true;
                self.step(|phase, context| phase.link_up(context));
            }
            Link::Down => {
                self.context.link_up = false;
                self.outbox.clear_transmit();
                self.step(|phase, context| phase.link_down(context));
            }
            Link::Mac(mac) if mac != self.context.config.mac => {
                self.context.config.change_mac(mac);
                self.context.conflicts = Conflicts::default();
                self.context.candidates = Candidates::default();
                self.outbox.clear_transmit();
                self.step(|phase, context| phase.new_mac(context));
            }
            Link::Mac(_) => {}
        }
        self.fire_due();
    }

    /// The operator wants something. What makes no sense now (to extend a lease that is not there)
    /// does nothing.
    pub fn handle_command(&mut self, now: Instant, command: Command) {
        self.advance(now);
        match command {
            // Not even what was meant to be sent.
            Command::Stop | Command::Release => self.outbox.clear_transmit(),
            Command::Renew | Command::Rebind => {}
        }
        self.step(|phase, context| phase.command(command, context));
        self.fire_due();
    }

    /// The host answers for a `Configure` or an `Update`.
    ///
    /// A refused `Configure` leaves the client without a lease, and it waits ten seconds before it
    /// asks for another. After a refused `Update` the former parameters stay with the new times;
    /// where the address was to change, the lease is given up. An address that the host found to be
    /// another's is declined, as if this client had found out by itself.
    pub fn handle_applied(&mut self, now: Instant, applied: Applied) {
        self.advance(now);
        if let Some(applied) = self.outbox.answered(applied) {
            self.step(|phase, context| phase.applied(applied, context));
        }
        self.fire_due();
    }

    /// The next thing to send. `now` says when it was taken; a message that waited past the end of the
    /// lease it speaks of is no longer sent.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Transmit> {
        self.advance(now);
        let (what, transmit) = self.outbox.take_transmit()?;
        self.counters.count_sent(what);
        Some(transmit)
    }

    /// The next thing that the host should do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.outbox.take_action()
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called. `None` where there is nothing
    /// to wait for but the world: an infinite lease, no link (unless attempts have an end), Stopped.
    /// T1 and T2 are not in it while an [`Action`] waits to be taken or to be answered for.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers().next()
    }

    /// Where the client is.
    #[must_use]
    pub fn state(&self) -> State {
        self.phase.state()
    }

    /// The lease in force, as far as the host does what it is told.
    #[must_use]
    pub fn lease(&self) -> Option<&Lease> {
        self.phase.held().map(|held| &*held.lease)
    }

    /// What was sent, seen and ignored.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The server heard last, whatever it said.
    #[must_use]
    pub fn last_server(&self) -> Option<Ipv4Addr> {
        self.last_server
    }

    /// What the last DHCPNAK said of its reason, for the log, once. RFC 2132 section 9.9: "This option is
    /// used by a DHCP server to provide an error message to a DHCP client in a DHCPNAK message in the event
    /// of a failure."
    #[must_use]
    pub fn take_refusal_text(&mut self) -> Option<String> {
        self.refusal_text.take()
    }

    /// Takes note of the time, and does what should have been done by now before anything else: a
    /// late wake-up must not let a message be used by a state that is over.
    fn advance(&mut self, now: Instant) {
        self.context.now = self.context.now.max(now);
        self.fire_due();
    }

    /// After a late DHCPACK of a short lease T1 is past already, but a DHCPREQUEST cannot come from an
    /// address that the host does not have: until the host has answered, T1 and T2 wait.
    fn timers(&self) -> Timers {
        let timers = self.phase.timers(self.context.link_up);
        if self.outbox.is_settled() {
            timers
        } else {
            Timers {
                renewal: None,
                rebinding: None,
                ..timers
            }
        }
    }

    fn fire_due(&mut self) {
        for _ in 0..CHAIN {
            let Some(timer) = self.timers().due(self.context.now) else {
                break;
            };
            self.step(|phase, context| phase.fire(timer, context));
        }
    }

    fn hear(&mut self, arp: Arp) {
        if let Some(reason) = self.step(|phase, context| phase.hear(arp, context)) {
            self.counters.count_discarded(None, reason);
        }
    }

    fn receive(&mut self, received: &Received, malformed: MalformedOptions) {
        self.counters.count_received(received.message_type);
        self.last_server = Some((received.options.server_identifier).unwrap_or(received.source));
        let unused: Option<Discard> = match check_server(received, &self.context.config) {
            Ok(()) => self.step(|phase, context| phase.receive(received, context)),
            Err(discard) => Some(discard),
        };
        if received.message_type == MessageType::Nak && unused.is_none() {
            self.refusal_text.clone_from(&received.options.message);
        }
        for reason in malformed.into_iter().chain(unused) {
            self.counters
                .count_discarded(Some(received.message_type), reason);
        }
    }
}
