//! What waits to be taken by the driver. It holds one message, two ARP packets and three actions at the
//! most, however late the driver comes: what a newer one makes pointless is dropped.

use alloc::collections::VecDeque;

use super::{
    config::Config,
    draft::Draft,
    surface::{Action, Applied, ConfigureCause, Setback, Transmit},
};
use crate::{discard::Sent, message::MessageType};

/// ARP packets that may wait: the address in force and one that is sought have one each at a time.
const ARP: usize = 2;

/// Effects not yet taken.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    message: Option<(MessageType, Transmit)>,
    arp: VecDeque<(Sent, Transmit)>,
    /// `Deconfigure`, of a lease that the host has.
    removal: Option<Action>,
    /// After the removal, if there is one.
    setback: Option<Setback>,
    /// `Configure` or `Update`; after the others.
    lease: Option<Action>,
    /// `Configure`s and `Update`s taken and not answered for.
    unanswered: u32,
}

impl Outbox {
    /// A message not yet taken is no longer sent: each answers the state that made it, and that has
    /// moved on.
    pub(super) fn send(&mut self, draft: Draft, config: &Config) {
        let transmit = draft.transmit(config);
        match draft.sort() {
            Sent::Message(message_type) => self.message = Some((message_type, transmit)),
            sort @ (Sent::Probe | Sent::Announcement) => {
                if self.arp.len() >= ARP {
                    self.arp.pop_front();
                }
                self.arp.push_back((sort, transmit));
            }
        }
    }

    /// Sends nothing after all.
    pub(super) fn clear_transmit(&mut self) {
        self.message = None;
        self.arp.clear();
    }

    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Setback(setback) => self.setback = Some(setback),
            // The host never heard of the lease that goes.
            Action::Deconfigure { .. } if self.is_new() => self.lease = None,
            Action::Deconfigure { .. } => {
                self.lease = None;
                self.removal = Some(action);
                // The address is not ours to announce any more.
                self.arp.clear();
            }
            Action::Configure { .. } => self.lease = Some(action),
            Action::Update { lease, cause } => {
                self.lease = Some(match self.lease.take() {
                    // It never heard of the lease that changes, so the new one is its first.
                    Some(Action::Configure {
                        lease: former,
                        cause,
                    }) => Action::Configure {
                        cause: if former.origin == lease.origin {
                            cause
                        } else {
                            ConfigureCause::Bound
                        },
                        lease,
                    },
                    None | Some(_) => Action::Update { lease, cause },
                });
            }
        }
    }

    /// Whether a lease waits that the host has not heard of.
    fn is_new(&self) -> bool {
        matches!(self.lease, Some(Action::Configure { .. }))
    }

    /// Whether the host has heard of every lease, and has answered.
    pub(super) fn is_settled(&self) -> bool {
        self.lease.is_none() && self.unanswered == 0
    }

    /// A DHCPDECLINE waits until the address that it is about was taken down.
    pub(super) fn take_transmit(&mut self) -> Option<(Sent, Transmit)> {
        let waits = |(message_type, _): &mut (MessageType, Transmit)| {
            *message_type == MessageType::Decline && self.removal.is_some()
        };
        if let Some((message_type, transmit)) = self.message.take_if(|message| !waits(message)) {
            return Some((Sent::Message(message_type), transmit));
        }
        self.arp.pop_front()
    }

    pub(super) fn take_action(&mut self) -> Option<Action> {
        let first = self.removal.take();
        if let Some(action) = first.or_else(|| self.setback.take().map(Action::Setback)) {
            return Some(action);
        }
        let action = self.lease.take()?;
        self.unanswered = self.unanswered.saturating_add(1);
        Some(action)
    }

    /// Counts the host's answer. Only the one to the newest action says how things are; it is `None`
    /// for an older one's, and while there is a newer action to take.
    pub(super) fn answered(&mut self, applied: Applied) -> Option<Applied> {
        let unanswered = self.unanswered.checked_sub(1)?;
        self.unanswered = unanswered;
        (unanswered == 0 && self.lease.is_none()).then_some(applied)
    }
}

#[cfg(test)]
mod tests {
    use alloc::{boxed::Box, vec::Vec};
    use core::net::Ipv4Addr;

    use super::*;
    use crate::{
        lease::{Lease, Origin},
        machine::{ConfigureCause, DeconfigureCause, UpdateCause},
        time::Instant,
    };

    fn lease(last_octet: u8) -> Box<Lease> {
        Box::new(Lease {
            address: Ipv4Addr::new(10, 0, 0, last_octet),
            prefix_length: 24,
            broadcast: None,
            origin: Origin::Server,
            server_identifier: Ipv4Addr::new(10, 0, 0, 1),
            routers: Vec::new(),
            routes: Vec::new(),
            dns: Vec::new(),
            ntp: Vec::new(),
            domain: None,
            search: Vec::new(),
            host_name: None,
            mtu: None,
            lease_seconds: None,
            acquired_at: Instant::from_millis(0),
            renew_at: None,
            rebind_at: None,
            expires_at: None,
            next_server: Ipv4Addr::UNSPECIFIED,
            server_name: None,
            boot_file: None,
            parameters: Vec::new(),
        })
    }

    fn configure(last_octet: u8) -> Action {
        Action::Configure {
            lease: lease(last_octet),
            cause: ConfigureCause::Bound,
        }
    }

    fn update(last_octet: u8) -> Action {
        Action::Update {
            lease: lease(last_octet),
            cause: UpdateCause::Renewed,
        }
    }

    fn deconfigure() -> Action {
        Action::Deconfigure {
            cause: DeconfigureCause::Nak,
        }
    }

    /// What is left of these actions when none was taken in between.
    fn left_of(actions: impl IntoIterator<Item = Action>) -> Vec<Action> {
        let mut outbox = Outbox::default();
        actions.into_iter().for_each(|action| outbox.act(action));
        core::iter::from_fn(|| outbox.take_action()).collect()
    }

    #[test]
    fn actions_come_out_in_order() {
        assert_eq!(
            left_of([deconfigure(), configure(2)]),
            [deconfigure(), configure(2)]
        );
    }

    #[test]
    fn a_lease_that_went_before_it_was_seen_leaves_nothing() {
        assert_eq!(left_of([configure(2), deconfigure()]), []);
    }

    #[test]
    fn a_change_that_went_before_it_was_seen_leaves_the_removal() {
        assert_eq!(left_of([update(2), deconfigure()]), [deconfigure()]);
    }

    #[test]
    fn a_lease_that_changed_before_it_was_seen_is_configured_as_it_is_now() {
        assert_eq!(left_of([configure(2), update(3)]), [configure(3)]);
    }

    #[test]
    fn of_many_changes_the_newest_is_left() {
        assert_eq!(left_of([update(2), update(3), update(4)]), [update(4)]);
    }

    #[test]
    fn a_setback_comes_after_the_removal_and_before_the_next_lease() {
        let setback = |setback| Action::Setback(setback);
        assert_eq!(
            left_of([
                setback(Setback::NoAnswer),
                configure(2),
                setback(Setback::Refused),
                deconfigure(),
                deconfigure(),
                configure(3),
            ]),
            [deconfigure(), setback(Setback::Refused), configure(3)]
        );
    }

    #[test]
    fn an_address_of_the_hosts_own_that_it_never_heard_of_leaves_no_cause_behind() {
        let Action::Configure { mut lease, .. } = configure(2) else {
            panic!("no Configure");
        };
        lease.origin = Origin::LinkLocal;
        let own = Action::Configure {
            lease,
            cause: ConfigureCause::LinkLocal,
        };
        assert_eq!(left_of([own, update(3)]), [configure(3)]);
    }

    #[test]
    fn an_answer_counts_only_for_the_newest_action() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.answered(Applied::Refused), None);
        outbox.act(configure(2));
        let _configure = outbox.take_action();
        outbox.act(update(3));
        let _update = outbox.take_action();
        assert_eq!(outbox.answered(Applied::Refused), None);
        assert_eq!(outbox.answered(Applied::Done), Some(Applied::Done));
    }
}
