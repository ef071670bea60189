//! One connection as one task, and what its owner holds of it.

use std::{
    future::{pending, poll_fn},
    io,
    panic::AssertUnwindSafe,
    pin::pin,
    rc::Rc,
};

use capnp::capability::FromClientHook;
use capnp_rpc::{Disconnector, RpcSystem};
use futures::{
    FutureExt,
    future::{Either, select},
};

use super::{
    ending::Running,
    link::{Link, Stop},
    network::{Network, Peer},
    offered::Offer,
    transport::{Channel, Transport},
    watch::Watch,
};
use crate::{
    Disconnect, Limits, Tally,
    membrane::{Guarded, Membrane},
};

/// What crossed a connection, and how near it came to its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionCounters {
    /// Messages received and accepted.
    pub messages_in: u64,
    /// Octets received.
    pub octets_in: u64,
    /// Messages queued for the peer.
    pub messages_out: u64,
    /// Octets written.
    pub octets_out: u64,
    /// Most calls of the peer that were open at once.
    pub open_calls_peak: usize,
    /// Most octets of messages that were in work at once.
    pub held_octets_peak: usize,
    /// Most octets that waited for the peer at once.
    pub queued_octets_peak: usize,
}

/// A running connection; dropping it closes the connection.
pub struct Session {
    link: Rc<Link>,
}

impl core::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Session")
            .field("counters", &self.counters())
            .field("reason", &self.link.reason())
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Waits for the end of the connection and says why it ended. May be asked again.
    pub async fn closed(&mut self) -> Disconnect {
        self.link.over().await;
        self.link.reason().unwrap_or(Disconnect::Dropped)
    }

    /// Closes the connection once the peer has taken everything that was sent. A peer that does not take
    /// it within [`Limits::farewell`] loses what is left, and the outcome is
    /// [`Limit::Farewell`](crate::Limit::Farewell); what has no more to be taken is `Dropped`. Whoever has less time
    /// drops the future, which closes the connection as it is.
    pub async fn close(mut self) -> Disconnect {
        self.link.request_stop(Stop::Flush);
        self.closed().await
    }

    pub(crate) fn link(&self) -> Rc<Link> {
        Rc::clone(&self.link)
    }

    /// Has the end of the session counted in `tally`, and in no other that was named before.
    pub fn count_in(&self, tally: &Tally) {
        self.link.count_in(tally.clone());
    }

    /// What crossed the connection so far.
    #[must_use]
    pub fn counters(&self) -> SessionCounters {
        self.link.counters.get()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.link.request_stop(Stop::Now);
    }
}

/// Offers what `bootstrap` makes to the peer. The connection is a task on the current tokio `LocalSet`
/// or `LocalRuntime`.
pub(crate) fn serve(
    mut transport: Transport,
    limits: Limits,
    bootstrap: impl FnOnce(&Rc<Link>) -> capnp::capability::Client,
) -> io::Result<Session> {
    let membrane = transport.membrane();
    let channel = Channel::open(transport)?;
    let (link, running) = Link::new(limits);
    let (offer, offered) = Offer::new(restricted(bootstrap(&link), membrane));
    let network = Network::new(channel, Rc::clone(&link));
    let system = RpcSystem::new(Box::new(network), Some(offered));
    tokio::task::spawn_local(run(system, Rc::clone(&link), Some(offer), running));
    Ok(Session { link })
}

/// The peer's bootstrap capability; nothing is offered to the peer. The connection is a task on the
/// current tokio `LocalSet` or `LocalRuntime`.
pub(crate) fn connect<C: FromClientHook>(
    mut transport: Transport,
    limits: Limits,
) -> io::Result<(C, Session)> {
    let membrane = transport.membrane();
    let channel = Channel::open(transport)?;
    let (link, running) = Link::new(limits);
    let network = Network::new(channel, Rc::clone(&link));
    let mut system = RpcSystem::new(Box::new(network), None);
    let client = restricted(system.bootstrap(Peer), membrane);
    tokio::task::spawn_local(run(system, Rc::clone(&link), None, running));
    Ok((client, Session { link }))
}

fn restricted<C: FromClientHook>(client: C, membrane: Option<Membrane>) -> C {
    match membrane {
        Some(membrane) => client.behind(&membrane),
        None => client,
    }
}

/// Runs a connection until its end. A panic in a call ends the connection and nothing else: the
/// state that unwinding may have left half-changed belongs to this connection alone and is dropped.
async fn run(mut system: RpcSystem<Peer>, link: Rc<Link>, offer: Option<Offer>, running: Running) {
    let mut farewell = system.get_disconnector();
    let mut watch = Watch::new(Rc::clone(&link));
    // The answer to the last question for a sign of life. Nobody needs what it answers.
    let mut sign = None;
    let watched = poll_fn(|context| {
        loop {
            // First: what has arrived is a sign of life, however late this side comes to read it.
            let ended = system.poll_unpin(context);
            if ended.is_ready() || watch.poll_ask(context).is_pending() {
                return ended;
            }
            // Every vat answers Bootstrap, also one that offers nothing: it says so.
            sign = Some(system.bootstrap::<capnp::capability::Client>(Peer));
        }
    });
    let ended = AssertUnwindSafe(select(watched, link.stopped()))
        .catch_unwind()
        .await;
    let stop = match ended {
        Ok(Either::Left(_)) => None,
        Ok(Either::Right((stop, _))) => {
            link.end(Disconnect::Dropped);
            Some(stop)
        }
        Err(_panic) => {
            link.end(Disconnect::Panicked);
            Some(Stop::Now)
        }
    };
    drop(sign);
    if let Some(stop) = stop {
        link.queue.borrow_mut().stop(stop);
        let rest = part(&mut system, &mut farewell, &link);
        let _second_panic = AssertUnwindSafe(rest).catch_unwind().await;
    }
    let _drop_panic = std::panic::catch_unwind(AssertUnwindSafe(move || {
        drop(farewell);
        drop(system);
        drop(offer);
    }));
    drop(running);
}

/// Says goodbye and lets the peer take what was said, for as long as it may take and as this side waits for it.
async fn part(system: &mut RpcSystem<Peer>, farewell: &mut Disconnector<Peer>, link: &Rc<Link>) {
    let flushed = pin!(async {
        if let Either::Left(_told) = select(&mut *farewell, &mut *system).await {
            let _ended = (&mut *system).await;
        }
    });
    // Made when it is first waited for, so that who has no timers can part from a peer that reads.
    let late = pin!(async {
        match link.limits.farewell {
            Some(time) => tokio::time::sleep(time).await,
            None => pending().await,
        }
        link.farewell_overdue();
    });
    let hurry = select(late, link.stopped_now());
    if let Either::Right((_hurry, flushed)) = select(flushed, hurry).await {
        link.queue.borrow_mut().stop(Stop::Now);
        flushed.await;
    }
}
