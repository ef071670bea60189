//! Which servers the operator lets the client hear, and which of their leases it may take.

use super::config::{Config, Subnet};
use crate::{discard::Discard, message::Received};

/// Whether this message's server may be heard at all.
pub(super) fn check_server(received: &Received, config: &Config) -> Result<(), Discard> {
    let server = (received.options.server_identifier).unwrap_or(received.source);
    let is_in = |list: &[Subnet]| list.iter().any(|subnet| subnet.contains(server));
    if is_in(&config.denied_servers) {
        Err(Discard::ServerDenied)
    } else if !config.allowed_servers.is_empty() && !is_in(&config.allowed_servers) {
        Err(Discard::ServerNotAllowed)
    } else {
        Ok(())
    }
}

/// Whether what a server offers, or confirms, has the options that it must have and none that it must not.
pub(super) fn check_options(received: &Received, config: &Config) -> Result<(), Discard> {
    let is_there = |code: &u8| received.parameters.iter().any(|it| it.code == *code);
    if !config.required.iter().all(is_there) {
        return Err(Discard::RequiredOptionMissing);
    }
    if (config.refused.iter()).any(|code| received.present.contains(code)) {
        return Err(Discard::RefusedOption);
    }
    Ok(())
}
