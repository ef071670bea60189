//! A lease that the host was told to put in force, and what the host made of it.

use alloc::boxed::Box;
use core::net::Ipv4Addr;

use super::lifetimes::INFINITY;
use super::surface::{Action, Applied, ConfigureCause, DeconfigureCause, UpdateCause};
use crate::lease::{Lease, Origin};

/// The lease in force. At most one `Configure` per lease: whoever holds one of these changes it by
/// `Update`, and loses it by `Deconfigure`.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) lease: Box<Lease>,
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
}

impl Gained {
    const fn configure_cause(self) -> ConfigureCause {
        match self {
            Self::Confirmed => ConfigureCause::Rebooted,
            Self::Informed => ConfigureCause::Informed,
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
    Lost(Option<Action>),
}

impl Held {
    /// A lease that the host already has.
    pub(super) fn resumed(lease: Box<Lease>) -> Self {
        Self {
            lease,
            unconfirmed: None,
        }
    }

    /// Takes up `lease` in place of the one in force, if there is one: that is changed, and not taken
    /// down in between.
    pub(super) fn take_up(
        in_force: Option<Self>,
        lease: Box<Lease>,
        gained: Gained,
    ) -> (Self, Action) {
        match in_force {
            None => Self::configure(lease, gained.configure_cause()),
            Some(held) => {
                let cause = gained.update_cause(held.lease.address == lease.address);
                held.update(lease, cause)
            }
        }
    }

    fn configure(lease: Box<Lease>, cause: ConfigureCause) -> (Self, Action) {
        let held = Self {
            lease: lease.clone(),
            unconfirmed: Some(Unconfirmed::Configure),
        };
        (held, Action::Configure { lease, cause })
    }

    fn update(self, lease: Box<Lease>, cause: UpdateCause) -> (Self, Action) {
        let unconfirmed = match self.unconfirmed {
            None => Unconfirmed::Update {
                former: self.lease,
                cause,
            },
            Some(Unconfirmed::Configure) => Unconfirmed::Configure,
            Some(Unconfirmed::Update { former, cause: _ }) => Unconfirmed::Update { former, cause },
        };
        let held = Self {
            lease: lease.clone(),
            unconfirmed: Some(unconfirmed),
        };
        (held, Action::Update { lease, cause })
    }

    /// The server that leased the address, and can be asked about it.
    pub(super) fn lessor(&self) -> Option<Ipv4Addr> {
        let server = self.lease.server_identifier;
        (self.lease.origin == Origin::Server && !server.is_unspecified()).then_some(server)
    }

    /// The lease time as option 51 has it.
    pub(super) fn lease_time(&self) -> u32 {
        self.lease.lease_seconds.unwrap_or(INFINITY)
    }

    /// Takes the host's answer to the last action.
    pub(super) fn judge(&mut self, applied: Applied) -> Judged {
        match (applied, self.unconfirmed.take()) {
            // An answer with nothing open is one to `restore`, which has no second choice.
            (Applied::Done | Applied::Refused, None) | (Applied::Done, Some(_)) => {
                Judged::Kept(None)
            }
            // Nobody else uses the address, so DHCPDECLINE would be untrue; the server learns by
            // the lease's end that it was not taken.
            (Applied::Refused, Some(Unconfirmed::Configure)) => Judged::Lost(None),
            (Applied::Refused, Some(Unconfirmed::Update { former, cause })) => {
                if former.address == self.lease.address {
                    Judged::Kept(Some(self.restore(*former, cause)))
                } else {
                    // RFC 2131 section 4.4.5: "If the client is given a new network address, it MUST
                    // NOT continue using the previous network address".
                    Judged::Lost(Some(Action::Deconfigure {
                        cause: DeconfigureCause::Nak,
                    }))
                }
            }
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
