//! Who else uses, or would like to use, an address of this client's: ARP packets, and which part of the
//! client answers them.

use super::{
    acquisition::Acquisition,
    context::Context,
    decline_wait::DeclineWait,
    guard::Contest,
    link_local::LinkLocal,
    phase::Phase,
    stopped::Stopped,
    surface::{Action, DeconfigureCause},
    transition::Transition,
};
use crate::{discard::Discard, wire::Arp};

impl Phase {
    /// Somebody claims or asks for an address.
    pub(super) fn hear(mut self, arp: Arp, context: &mut Context) -> Transition {
        // RFC 5227 section 2.1.1: "The check that the packet's 'sender hardware address' is not the
        // hardware address of any of the host's interfaces is important." Of those, this client knows
        // one.
        if arp.sender_mac == context.config.mac {
            return Transition::discarding(self, Discard::OwnArp);
        }
        // What was queued when the link went is about a link that may be another when it is back.
        if !context.link_up {
            return Transition::discarding(self, Discard::NoLink);
        }
        if let Self::Probing(state) = self {
            if state.is_contested_by(arp) {
                return state.contested(context);
            }
            self = Self::Probing(state);
        }
        if let Some(acquisition) = self.acquisition_mut()
            && acquisition.link_local.is_contested_by(arp)
        {
            acquisition.link_local = LinkLocal::next_candidate(context);
            return Transition::to(self);
        }
        let guard = self.held_mut().and_then(|held| held.guard.as_mut());
        match guard.map_or(Contest::None, |guard| guard.hears(arp, context.now)) {
            Contest::None => Transition::discarding(self, Discard::OtherAddress),
            Contest::Defended(announcement) => Transition::to(self).sending(announcement),
            Contest::Lost => self.lose_to_another(context),
        }
    }

    /// The address in force is another host's.
    fn lose_to_another(mut self, context: &mut Context) -> Transition {
        if let Some(action) = self.lose_own(context) {
            return Transition::to(self).acting(Some(action));
        }
        match self.into_held() {
            Some(held) => {
                let lease = held.lease.clone();
                DeclineWait::enter(&lease, Acquisition::holding(held, context), context)
            }
            // Only what is held has a guard.
            None => Transition::to(Stopped),
        }
    }

    /// If it is one that the host gave itself, that goes and another is tried. RFC 3927 section 2.5:
    /// "the host MUST immediately cease using this address and configure a new IPv4 Link-Local address
    /// as described above."
    pub(super) fn lose_own(&mut self, context: &mut Context) -> Option<Action> {
        let acquisition = self.acquisition_mut()?;
        if acquisition.held.is_none() || acquisition.is_leased() {
            return None;
        }
        let action = acquisition.lose_all(DeconfigureCause::Conflict, context);
        acquisition.link_local = LinkLocal::next_candidate(context);
        action
    }
}
