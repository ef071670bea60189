//! A server asks the client to renew its lease now (RFC 3203), and proves by a nonce that it is the one
//! that gave it (RFC 6704). Everything else that asks for it is a discard: it is how a stranger would
//! have a client renew at a time of his choice (CVE-2020-13529).

use super::{
    acceptance::server_of,
    bound::Bound,
    context::Context,
    held::Held,
    informing::{Informing, Own},
    renewing::Renewing,
    transition::Transition,
};
use crate::{
    discard::Discard,
    lease::{Lease, Origin},
    message::{MessageType, Received},
    parameter::{Parameter, Value},
    wire::{self, Nonce},
};

impl Bound {
    /// RFC 3203 section 2.2: "Upon receipt of the unicast FORCERENEW message, the client will change
    /// its state to the RENEW state, and will then try to renew its lease according to normal DHCP
    /// procedures."
    pub(super) fn receive(mut self, received: &Received, context: &mut Context) -> Transition {
        if let Err(discard) = check(&mut self.held, received, context) {
            return Transition::discarding(self, discard);
        }
        // RFC 3203 section 2.2, of an address that came otherwise: "Such clients should respond to the
        // receipt of a unicast FORCERENEW message with a new DHCP INFORM request so as to obtain a
        // potential new set of local configuration parameters."
        if self.held.lease.origin == Origin::Inform {
            let own = Own::of(&self.held);
            return Informing::again(Some(self.held), own, context).ask(context);
        }
        Renewing::enter(self.held, context)
    }
}

/// What costs least comes first: a flood of these is to be cheap. RFC 6704 section 3: "The Forcerenew
/// message MUST be authenticated using either \[RFC3118\] or the proposed Forcerenew Nonce Authentication
/// protocol." RFC 6704 section 5: "the FORCERENEW message MUST be authenticated using the procedures as
/// described in \[RFC3118\] or the mechanism described in this document."
fn check(held: &mut Held, received: &Received, context: &Context) -> Result<(), Discard> {
    if received.message_type != MessageType::ForceRenew {
        return Err(Discard::UnexpectedInState);
    }
    if !context.config.forced_renewal {
        return Err(Discard::ForcedRenewalNotWanted);
    }
    if received.unicast_to != Some(held.lease.address) {
        return Err(Discard::NotUnicast);
    }
    if server_of(received, context)? != held.lease.server_identifier {
        return Err(Discard::OtherServer);
    }
    // RFC 3203 section 6: "FORCERENEW messages failing the authentication should be silently discarded
    // by the client."
    let signature = received.signature.as_ref().ok_or(Discard::NotSigned)?;
    let nonce = nonce(&held.lease).ok_or(Discard::NoNonce)?;
    // RFC 3118 section 5.3: "To validate an incoming message, the receiver first checks that the value
    // in the replay detection field is acceptable according to the replay detection method specified by
    // the RDM field."
    if signature.replay <= nonce.replay {
        return Err(Discard::Replayed);
    }
    if !signature.is_made_with(&nonce) {
        return Err(Discard::WrongSignature);
    }
    if let Some(option) = option_mut(&mut held.lease) {
        Nonce::write_replay(option, signature.replay);
    }
    Ok(())
}

/// The nonce that came with a lease. RFC 6704 section 3.1.4: "The client MUST record the Forcerenew
/// Nonce from any valid ACK it receives, if the ACK contains one.": the lease's parameters are that
/// record, so that whoever resumes the lease has it.
pub(super) fn nonce(lease: &Lease) -> Option<Nonce> {
    lease.parameters.iter().find_map(|parameter| {
        let Parameter { code, value } = parameter;
        match value {
            Value::Octets(octets) if *code == wire::AUTHENTICATION => Nonce::read(octets),
            Value::Octets(_)
            | Value::Addresses(_)
            | Value::Numbers(_)
            | Value::Text(_)
            | Value::Names(_)
            | Value::Routes(_) => None,
        }
    })
}

fn option_mut(lease: &mut Lease) -> Option<&mut [u8]> {
    lease.parameters.iter_mut().find_map(|parameter| {
        let Parameter { code, value } = parameter;
        match value {
            Value::Octets(octets) if *code == wire::AUTHENTICATION => Some(octets.as_mut_slice()),
            Value::Octets(_)
            | Value::Addresses(_)
            | Value::Numbers(_)
            | Value::Text(_)
            | Value::Names(_)
            | Value::Routes(_) => None,
        }
    })
}

/// Keeps the nonce of the lease that was in force, where its server did not give a new one.
/// RFC 6704 section 3.1.3: "The server SHOULD NOT include the nonce in an ACK when responding to a
/// renew unless a new nonce was generated."
pub(super) fn keep_nonce(former: &Lease, lease: &mut Lease) {
    if former.server_identifier != lease.server_identifier || nonce(lease).is_some() {
        return;
    }
    let is_it = |parameter: &&Parameter| parameter.code == wire::AUTHENTICATION;
    if nonce(former).is_some()
        && let Some(parameter) = former.parameters.iter().find(is_it)
    {
        let parameters = &mut lease.parameters;
        parameters.retain(|parameter| parameter.code != wire::AUTHENTICATION);
        let at = parameters.partition_point(|parameter| parameter.code < wire::AUTHENTICATION);
        parameters.insert(at, parameter.clone());
    }
}
