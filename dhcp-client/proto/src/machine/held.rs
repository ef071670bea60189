//! A lease that the host was told to put in force, and what the host made of it.

use alloc::boxed::Box;
use core::net::Ipv4Addr;

use super::{
    config::ConflictDetection,
    context::Context,
    forced_renewal::keep_nonce,
    guard::Guard,
    lifetimes::INFINITY,
    surface::{Action, Applied, ConfigureCause, DeconfigureCause, UpdateCause},
};
use crate::{
    lease::{Lease, Origin},
    time::{Duration, Instant},
};

/// The lease in force. At most one `Configure` per lease: whoever holds one of these changes it by
/// `Update`, and loses it by `Deconfigure`.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) lease: Box<Lease>,
    /// Whoever watches over the address, where somebody is to.
    pub(super) guard: Option<Guard>,
    unconfirmed: Option<Unconfirmed>,
}

/// How a lease came to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gained {
    /// A server committed what it had offered.
    Acquired,
    /// A server confirmed an address that was remembered.
    Confirmed,
    /// Its own server extended it.
    Renewed,
    /// Some server extended it.
    Rebound,
    /// A server said what belongs to the operator's address.
    Informed,
    /// The host gave it to itself.
    Own,
}

impl Gained {
    /// Whether it was sought while another, or the same, was in force: that is so after the link was away.
    const fn after_link_loss(self) -> bool {
        match self {
            Self::Acquired | Self::Confirmed => true,
            Self::Renewed | Self::Rebound | Self::Informed | Self::Own => false,
        }
    }

    const fn configure_cause(self) -> ConfigureCause {
        match self {
            Self::Confirmed => ConfigureCause::Rebooted,
            Self::Informed => ConfigureCause::Informed,
            Self::Own => ConfigureCause::LinkLocal,
            // The lease that was to be extended is over by now.
            Self::Acquired | Self::Renewed | Self::Rebound => ConfigureCause::Bound,
        }
    }

    /// The cause where another lease is in force; of an address that was sought anew, after the link was
    /// away, it does not matter how it was found again.
    const fn update_cause(self, same_address: bool) -> UpdateCause {
        match self {
            Self::Renewed => UpdateCause::Renewed,
            Self::Rebound => UpdateCause::Rebound,
            Self::Informed => UpdateCause::Informed,
            Self::Own => UpdateCause::LinkLocal,
            Self::Acquired | Self::Confirmed if same_address => UpdateCause::Rebooted,
            Self::Acquired | Self::Confirmed => UpdateCause::Bound,
        }
    }
}

/// What the host has not answered for yet.
#[derive(Debug)]
enum Unconfirmed {
    Configure,
    /// With the lease that the host last said yes to.
    Update {
        former: Box<Lease>,
        cause: UpdateCause,
    },
}

/// What the host's answer does to a lease, with what it asks of the host in turn.
#[derive(Debug)]
pub(super) enum Judged {
    /// It stays.
    Kept(Option<Action>),
    /// It is gone.
    Lost(Instead),
    /// It is gone, since another host uses the address.
    InUse(Instead),
}

/// What the host has instead of a lease that it did not take.
#[derive(Debug)]
pub(super) enum Instead {
    Nothing,
    /// An address that is to be used no more.
    Former(DeconfigureCause),
    /// An address of its own, which stays.
    Own(Box<Lease>),
}

impl Instead {
    /// What is held then, and what the host is asked.
    pub(super) fn settle(self, context: &Context) -> (Option<Held>, Option<Action>) {
        match self {
            Self::Nothing => (None, None),
            Self::Former(cause) => (None, Some(Action::Deconfigure { cause })),
            Self::Own(lease) => {
                let cause = UpdateCause::LinkLocal;
                let held = Held::resumed(lease.clone(), context);
                (Some(held), Some(Action::Update { lease, cause }))
            }
        }
    }
}

impl Held {
    /// A lease that the host already has.
    pub(super) fn resumed(lease: Box<Lease>, context: &Context) -> Self {
        Self {
            guard: is_guarded(&lease, context).then(|| Guard::watching(lease.address)),
            lease,
            unconfirmed: None,
        }
    }

    /// Takes up `lease` in place of the one in force, if there is one: that is changed, and not taken
    /// down in between.
    pub(super) fn take_up(
        in_force: Option<Self>,
        mut lease: Box<Lease>,
        gained: Gained,
        context: &mut Context,
    ) -> (Self, Action) {
        match in_force {
            None => {
                let held = Self {
                    guard: guard_of_new(&lease, context),
                    lease: lease.clone(),
                    unconfirmed: Some(Unconfirmed::Configure),
                };
                let cause = gained.configure_cause();
                (held, Action::Configure { lease, cause })
            }
            Some(held) => {
                keep_nonce(&held.lease, &mut lease);
                let same_address = held.lease.address == lease.address;
                let cause = gained.update_cause(same_address);
                let mut held = held.replaced(lease.clone(), cause);
                if !same_address {
                    held.guard = guard_of_new(&lease, context);
                } else if let Some(guard) = &mut held.guard
                    && gained.after_link_loss()
                {
                    // RFC 5227 section 2.1: "This also applies when a network interface transitions from an
                    // inactive to an active state". The address is in use all the while.
                    guard.probe_again(Duration::ZERO, context);
                }
                (held, Action::Update { lease, cause })
            }
        }
    }

    fn replaced(self, lease: Box<Lease>, cause: UpdateCause) -> Self {
        let unconfirmed = match self.unconfirmed {
            None => Unconfirmed::Update {
                former: self.lease,
                cause,
            },
            Some(Unconfirmed::Configure) => Unconfirmed::Configure,
            Some(Unconfirmed::Update { former, cause: _ }) => Unconfirmed::Update { former, cause },
        };
        Self {
            lease,
            unconfirmed: Some(unconfirmed),
            ..self
        }
    }

    /// Whether a server leased it.
    pub(super) fn is_leased(&self) -> bool {
        self.lease.origin == Origin::Server
    }

    /// The server that leased the address, and can be asked about it.
    pub(super) fn lessor(&self) -> Option<Ipv4Addr> {
        lessor(&self.lease)
    }

    /// The lease time as option 51 has it.
    pub(super) fn lease_time(&self) -> u32 {
        self.lease.lease_seconds.unwrap_or(INFINITY)
    }

    /// Takes the host's answer to the last action.
    pub(super) fn judge(&mut self, applied: Applied, now: Instant) -> Judged {
        match (applied, self.unconfirmed.take()) {
            (Applied::Done, _) => {
                if let Some(guard) = &mut self.guard {
                    guard.put_in_use(now);
                }
                Judged::Kept(None)
            }
            // An answer with nothing open is one to `restore`, which has no second choice.
            (Applied::Refused, None) => Judged::Kept(None),
            // Nobody else uses the address, so DHCPDECLINE would be untrue; the server learns by
            // the lease's end that it was not taken.
            (Applied::Refused, Some(Unconfirmed::Configure)) => Judged::Lost(Instead::Nothing),
            (Applied::Refused, Some(Unconfirmed::Update { former, cause })) => {
                if former.address == self.lease.address {
                    Judged::Kept(Some(self.restore(*former, cause)))
                } else {
                    // RFC 2131 section 4.4.5: "If the client is given a new network address, it MUST NOT
                    // continue using the previous network address and SHOULD notify the local users of the
                    // problem."
                    Judged::Lost(instead_of(former, DeconfigureCause::Nak))
                }
            }
            (Applied::InUse, Some(Unconfirmed::Configure)) => Judged::InUse(Instead::Nothing),
            (Applied::InUse, Some(Unconfirmed::Update { former, cause: _ })) => {
                Judged::InUse(instead_of(former, DeconfigureCause::Conflict))
            }
            (Applied::InUse, None) => Judged::InUse(Instead::Former(DeconfigureCause::Conflict)),
        }
    }

    /// The parameters that the host accepted before, with the times of the lease that it refused: the
    /// server did extend the address.
    fn restore(&mut self, former: Lease, cause: UpdateCause) -> Action {
        *self.lease = Lease {
            server_identifier: self.lease.server_identifier,
            lease_seconds: self.lease.lease_seconds,
            acquired_at: self.lease.acquired_at,
            renew_at: self.lease.renew_at,
            rebind_at: self.lease.rebind_at,
            expires_at: self.lease.expires_at,
            ..former
        };
        Action::Update {
            lease: self.lease.clone(),
            cause,
        }
    }
}

fn instead_of(former: Box<Lease>, cause: DeconfigureCause) -> Instead {
    match former.origin {
        Origin::LinkLocal => Instead::Own(former),
        Origin::Server | Origin::Inform => Instead::Former(cause),
    }
}

/// The server that leased an address, and can be asked about it.
pub(super) fn lessor(lease: &Lease) -> Option<Ipv4Addr> {
    let server = lease.server_identifier;
    (lease.origin == Origin::Server && !server.is_unspecified()).then_some(server)
}

fn is_guarded(lease: &Lease, context: &Context) -> bool {
    match lease.origin {
        Origin::Server => context.config.conflict_detection != ConflictDetection::Off,
        // RFC 3927 section 2.5: "A host MUST NOT ignore conflicting ARP packets."
        Origin::LinkLocal => true,
        // The operator gave it to this host, and to no other.
        Origin::Inform => false,
    }
}

/// For an address that the host gets now.
fn guard_of_new(lease: &Lease, context: &mut Context) -> Option<Guard> {
    let is_unproven = lease.origin == Origin::Server
        && context.config.conflict_detection == ConflictDetection::Fast;
    is_guarded(lease, context).then(|| match is_unproven {
        true => Guard::probing(lease.address, context),
        false => Guard::proven(lease.address),
    })
}
