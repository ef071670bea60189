//! Puts back what somebody else removed of the lease in force, but does not fight over it.

use core::fmt;
use std::collections::HashMap;

use nix::libc::{EEXIST, ENETDOWN, ENODEV};
use sdk_rpc::Origin;

use super::Actuator;
use crate::{
    changes::{Deleted, Gone},
    messages,
    plan::{Address, Installed, KernelRoute, Step, same_address},
    policy::Checked,
    present::Present,
};

/// Milliseconds in which one thing is put back at most once.
const ONCE_IN: u64 = 10_000;
/// Milliseconds before the end of a lease in which it is the kernel that removes the address: by its lifetime,
/// which is rounded down to seconds.
const END: u64 = 2000;

/// What was put back since the last lease, and when.
pub(super) type Restored = HashMap<Thing, Fate>;

/// Something that a lease puts into the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Thing {
    Address(Address),
    Route(KernelRoute),
}

/// What became of a thing that was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was put back then (CLOCK_BOOTTIME in milliseconds).
    PutBack(u64),
    /// Somebody insists on its removal.
    Left,
}

impl Thing {
    fn is(&self, gone: &Gone) -> bool {
        match *gone {
            Gone::Address {
                local,
                prefix_length,
            } => match self {
                Self::Address(own) => (own.local, own.prefix_length) == (local, prefix_length),
                Self::Route(_) => false,
            },
            Gone::Route(route) => *self == Self::Route(route),
            Gone::Unknown => true,
        }
    }

    /// The same thing whatever its lifetime is at the moment.
    fn key(self) -> Self {
        match self {
            Self::Address(address) => Self::Address(Address {
                seconds: 0,
                ..address
            }),
            Self::Route(_) => self,
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(formatter, "address {address}"),
            Self::Route(route) => write!(formatter, "route {route}"),
        }
    }
}

impl Actuator {
    /// Puts back what is missing of the lease in force, if `deleted` is part of it and really gone; and tells
    /// the operator. What is removed again within ten seconds is left so until the next renewal. True if
    /// something was put back.
    pub fn restore(&self, deleted: &Deleted) -> bool {
        let Some(missing) = self.missing(deleted) else {
            return false;
        };
        let now = (self.options.clock)();
        let (due, again) = self.judge(missing, &deleted.what, now);
        if let Some(thing) = again {
            self.notice(format!(
                "somebody removed {thing} again within ten seconds; it is left so until the next renewal"
            ));
        }
        self.put_back(&due, &deleted.what)
    }

    /// What is missing of the lease in force; none where `deleted` is nothing that has to be there.
    fn missing(&self, deleted: &Deleted) -> Option<Vec<Thing>> {
        let index = self.interface.index;
        if self.closed.get() || deleted.index.is_some_and(|other| other != index) {
            return None;
        }
        let (installed, keeps_address) = {
            let current = self.current.borrow();
            let checked = current.as_ref()?;
            if self.ends_soon(checked) {
                return None;
            }
            (self.installed(checked), self.keeps_address(checked))
        };
        let Installed { address, routes } = installed;
        let mut wanted: Vec<Thing> = routes.into_iter().map(Thing::Route).collect();
        if keeps_address {
            // First, because the others need it.
            wanted.insert(0, Thing::Address(address));
        }
        if !wanted.iter().any(|thing| thing.is(&deleted.what)) {
            return None;
        }
        let present = self
            .options
            .netlink
            .with(|kernel| Present::on(kernel, index));
        let Present { addresses, routes } = match present {
            Ok(present) => present,
            Err(error) => {
                self.notice(format!(
                    "cannot see what somebody removed of the lease: {error}; the next renewal puts it back"
                ));
                return None;
            }
        };
        let has_address = addresses.iter().any(|it| same_address(it, &address));
        if !has_address && !keeps_address {
            return None;
        }
        wanted.retain(|thing| match thing {
            Thing::Address(_) => !has_address,
            Thing::Route(route) => !routes.contains(route),
        });
        let is_gone = wanted.iter().any(|thing| thing.is(&deleted.what));
        is_gone.then_some(wanted)
    }

    /// An address that the operator gave and put there is the operator's to remove, too, and the routes with
    /// it.
    fn keeps_address(&self, checked: &Checked) -> bool {
        match checked.lease().origin {
            Origin::Inform | Origin::Operator => self.owns_address.get(),
            Origin::Server | Origin::LinkLocal => true,
        }
    }

    fn ends_soon(&self, checked: &Checked) -> bool {
        let soon = (self.options.clock)().saturating_add(END);
        checked.lease().expires_at.is_some_and(|end| end <= soon)
    }

    /// What of `missing` is to be put back now, and the first thing that somebody insists on removing.
    fn judge(&self, missing: Vec<Thing>, gone: &Gone, now: u64) -> (Vec<Thing>, Option<Thing>) {
        let mut restored = self.restored.borrow_mut();
        let mut again = None;
        // Without its address a route cannot be, and the kernel removes it unasked: what becomes of the
        // address then decides for all.
        let address = the_address(&missing);
        let mut due = Vec::new();
        for thing in missing {
            let decides = address.unwrap_or(thing).key();
            let is_left = restored.get(&thing.key()) == Some(&Fate::Left);
            match restored.get(&decides) {
                Some(Fate::Left) => {}
                Some(Fate::PutBack(at)) if now.saturating_sub(*at) < ONCE_IN => {
                    if thing.is(gone) {
                        restored.insert(decides, Fate::Left);
                        again = again.or(Some(decides));
                    }
                }
                Some(Fate::PutBack(_)) | None if is_left => {}
                Some(Fate::PutBack(_)) | None => due.push(thing),
            }
        }
        for thing in &due {
            restored.insert(thing.key(), Fate::PutBack(now));
        }
        (due, again)
    }

    fn put_back(&self, due: &[Thing], gone: &Gone) -> bool {
        let index = self.interface.index;
        let request = |thing: &Thing| {
            let step = match thing {
                Thing::Address(address) => Step::AddAddress(*address),
                Thing::Route(route) => Step::AddRoute(*route),
            };
            messages::request(step, index)
        };
        let requests = due.iter().map(request).collect();
        let answers = self.options.netlink.with(|kernel| kernel.change(requests));
        let answers = match answers {
            Ok(answers) => answers,
            Err(error) => {
                self.notice(format!("cannot put back what somebody removed: {error}"));
                return false;
            }
        };
        // Without its link the kernel removes routes, and takes none: whoever waits for the link sees to the
        // lease when it is back.
        let link_is_away = answers.iter().any(|answer| match answer {
            Ok(()) => false,
            Err(answer) => matches!(answer.errno, ENETDOWN | ENODEV),
        });
        let mut put_back = false;
        for (thing, answer) in due.iter().zip(answers) {
            match answer {
                Ok(()) => {
                    put_back = true;
                    if let Thing::Address(_) = thing {
                        self.owns_address.set(true);
                    }
                }
                // Or somebody else was first.
                Err(answer) if link_is_away || answer.errno == EEXIST => {
                    self.restored.borrow_mut().remove(&thing.key());
                }
                Err(answer) => self.notice(format!("cannot put back {thing}: {answer}")),
            }
        }
        let first = the_address(due).or(due.iter().copied().find(|thing| thing.is(gone)));
        if put_back && let Some(thing) = first {
            self.notice(format!("somebody removed {thing}; it was put back"));
        }
        put_back
    }
}

fn the_address(things: &[Thing]) -> Option<Thing> {
    let mut addresses = things.iter().filter(|it| matches!(it, Thing::Address(_)));
    addresses.next().copied()
}
