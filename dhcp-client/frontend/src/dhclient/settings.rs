//! Statements of one line: times, options to send and to ask for, what becomes of a server's values.

use std::path::PathBuf;

use sdk_rpc::{Legacy, Subnet};

use super::{
    configuration::{Reader, Scope},
    data::{self, flag},
    expression::Term,
    format::Format,
    section::{MOST_AMENDMENTS, MOST_REJECTED, MOST_SENT},
    statement::{Fault, Name, address, mark, number, option_name, readable, seconds, word},
    tokens::{Token, Tokens},
};
use crate::{
    amend::{Amendment, How},
    setup::{Fate, HostName, Identifier},
    value,
};

/// What a lease says of itself: its keeper goes by the server's word, whatever scripts are told.
const OF_THE_LEASE: [u8; 6] = [50, 51, 53, 54, 58, 59];

/// Set by the protocol itself: overload, message type, server identifier, request list, message size,
/// relay agent, authentication.
const OF_THE_PROTOCOL: [u8; 7] = [52, 53, 54, 55, 57, 82, 90];

impl Reader<'_> {
    /// Reads what follows the keyword of a statement.
    pub(super) fn setting(
        &mut self,
        keyword: &str,
        tokens: &mut Tokens<'_>,
        scope: Scope,
    ) -> Result<Fate, Fault> {
        match keyword {
            "send" => self.send(tokens, scope),
            "supersede" => self.amend(tokens, scope, How::Supersede),
            "default" => self.amend(tokens, scope, How::Default),
            "prepend" => self.amend(tokens, scope, How::Prepend),
            "append" => self.amend(tokens, scope, How::Append),
            "request" | "require" => self.list(keyword, tokens, scope, false),
            "also" => {
                let keyword = word(tokens, "request or require")?.to_ascii_lowercase();
                self.list(&keyword, tokens, scope, true)
            }
            "timeout" | "retry" | "reboot" | "select-timeout" | "backoff-cutoff"
            | "initial-interval" | "initial-delay" => self.time(keyword, tokens, scope),
            "reject" => self.reject(tokens, scope),
            "script" => {
                let path = PathBuf::from(readable(tokens)?);
                mark(tokens, b';')?;
                self.section(scope).script = Some(path);
                Ok(Fate::Honoured)
            }
            "accept" | "prefer" | "ignore" | "dont" => self.policy(keyword, tokens, scope),
            "db-time-format" => self.time_format(tokens),
            "do-forward-updates" => {
                if flag(tokens)? {
                    return Err("the program sends no updates to the DNS".into());
                }
                mark(tokens, b';')?;
                Ok(Fate::Honoured)
            }
            "media" | "medium" => {
                tokens.skip_statement();
                let why = "drivers of today find the medium themselves";
                Ok(Fate::Ignored(why.to_owned()))
            }
            "lease-id-format" => {
                tokens.skip_statement();
                let why = "identifiers are not written to the lease file";
                Ok(Fate::Ignored(why.to_owned()))
            }
            _ => Err(why_missing(keyword).into()),
        }
    }

    fn time_format(&mut self, tokens: &mut Tokens<'_>) -> Result<Fate, Fault> {
        let format = word(tokens, "default or local")?.to_ascii_lowercase();
        mark(tokens, b';')?;
        self.configuration.vocabulary.epoch_times = match format.as_str() {
            "default" => false,
            "local" => true,
            _ => return Err("default or local is expected".into()),
        };
        Ok(Fate::Honoured)
    }

    fn time(
        &mut self,
        keyword: &str,
        tokens: &mut Tokens<'_>,
        scope: Scope,
    ) -> Result<Fate, Fault> {
        let seconds = seconds(tokens)?;
        mark(tokens, b';')?;
        let section = self.section(scope);
        let fate = match keyword {
            "timeout" => {
                section.timeout = seconds;
                Fate::Honoured
            }
            "retry" => {
                section.retry = seconds;
                Fate::Different("as long as it says, instead of half to one and a half".to_owned())
            }
            "reboot" => {
                section.reboot = seconds;
                Fate::Honoured
            }
            "backoff-cutoff" => {
                section.backoff_cutoff = seconds;
                Fate::Different("waits are doubled up to it, and varied by a second".to_owned())
            }
            "initial-interval" => {
                section.initial_interval = seconds;
                Fate::Different("waits are doubled from it, and varied by a second".to_owned())
            }
            "initial-delay" => {
                section.initial_delay = seconds;
                Fate::Honoured
            }
            _ if seconds == 0 => Fate::Honoured,
            _ => Fate::Different("the first offer that will do is taken at once".to_owned()),
        };
        Ok(fate)
    }

    /// `send OPTION DATA;`
    fn send(&mut self, tokens: &mut Tokens<'_>, scope: Scope) -> Result<Fate, Fault> {
        let name = option_name(tokens)?;
        if name.space.as_deref() == Some("fqdn") {
            return self.send_full_name(&name, tokens, scope);
        }
        let (code, term) = self.option_data(&name, tokens)?;
        mark(tokens, b';')?;
        if OF_THE_PROTOCOL.contains(&code) {
            let why = "the protocol itself sets this option";
            return Ok(Fate::Ignored(why.to_owned()));
        }
        let system = self.host_name.clone();
        let section = self.section(scope);
        let octets = match term {
            Term::Hardware if code == 61 => {
                section.identifier = Some(Identifier::HardwareAddress);
                return Ok(Fate::Honoured);
            }
            Term::HostName if code == 12 => {
                section.host_name = HostName::System;
                return Ok(Fate::Honoured);
            }
            Term::Octets(_) | Term::HostName | Term::Hardware => {
                octets_of(term, system.as_deref())?
            }
        };
        let four = <[u8; 4]>::try_from(octets.as_slice()).ok();
        let text = str::from_utf8(&octets).ok();
        match (code, four, text) {
            (12, _, Some(name)) if value::is_host_name(name) => {
                section.host_name = HostName::Given(name.to_owned());
            }
            (50, Some(address), _) => section.wanted_address = Some(address.into()),
            (50, None, _) => return Err("an address has four octets".into()),
            (51, Some(seconds), _) => section.wanted_seconds = Some(u32::from_be_bytes(seconds)),
            (60, ..) => section.vendor_class = Some(octets),
            (61, ..) => section.identifier = Some(Identifier::Octets(octets)),
            _ => {
                section.sent.retain(|it| it.0 != code);
                if section.sent.len() >= MOST_SENT {
                    return Err(Fault(format!("more than {MOST_SENT} options")));
                }
                section.sent.push((code, octets));
            }
        }
        Ok(Fate::Honoured)
    }

    /// `send fqdn.NAME DATA;`, a space of options that make up one.
    fn send_full_name(
        &mut self,
        name: &Name,
        tokens: &mut Tokens<'_>,
        scope: Scope,
    ) -> Result<Fate, Fault> {
        let name = name.name.to_ascii_lowercase();
        if name == "fqdn" {
            let text = Format::new(
                &[super::format::Element::Text],
                super::format::Repeat::Never,
            );
            let term = data::read(tokens, &text, self.host_name.as_deref())?;
            mark(tokens, b';')?;
            let octets = octets_of(term, self.host_name.as_deref())?;
            let name = String::from_utf8(octets).map_err(|_| "the name is not text")?;
            if !value::is_host_name(name.strip_suffix('.').unwrap_or(&name)) {
                return Err(Fault(format!("{name} is not a name")));
            }
            self.section(scope).full_name = Some(name);
            return Ok(Fate::Honoured);
        }
        let is_on = flag(tokens)?;
        mark(tokens, b';')?;
        let section = self.section(scope);
        match name.as_str() {
            "encoded" => section.encoded = Some(is_on),
            "server-update" => section.server_update = is_on,
            "no-client-update" => section.no_client_update = is_on,
            _ => return Err(Fault(format!("fqdn.{name} is not sent"))),
        }
        Ok(Fate::Honoured)
    }

    /// `supersede OPTION DATA;` and the like.
    fn amend(&mut self, tokens: &mut Tokens<'_>, scope: Scope, how: How) -> Result<Fate, Fault> {
        let name = option_name(tokens)?;
        let (code, term) = self.option_data(&name, tokens)?;
        mark(tokens, b';')?;
        let octets = octets_of(term, self.host_name.as_deref())?;
        let kind = self.configuration.vocabulary.kind(code);
        let value = data::value(kind, &octets);
        let value = value.ok_or("the option cannot have that value")?;
        let amendments = &mut self.section(scope).amendments;
        if amendments.len() >= MOST_AMENDMENTS {
            return Err(Fault(format!(
                "more than {MOST_AMENDMENTS} such statements"
            )));
        }
        amendments.push(Amendment { code, how, value });
        if OF_THE_LEASE.contains(&code) {
            let how = "scripts are told; the lease itself is kept by what the server said";
            return Ok(Fate::Different(how.to_owned()));
        }
        Ok(Fate::Honoured)
    }

    /// The option of this name, and the data after it.
    fn option_data(&self, name: &Name, tokens: &mut Tokens<'_>) -> Result<(u8, Term), Fault> {
        let (code, format) = name.option(&self.configuration.vocabulary)?;
        let term = data::read(tokens, format, self.host_name.as_deref())?;
        Ok((code, term))
    }

    /// `[also] request NAME, ...;` and `[also] require NAME, ...;`
    fn list(
        &mut self,
        keyword: &str,
        tokens: &mut Tokens<'_>,
        scope: Scope,
        more: bool,
    ) -> Result<Fate, Fault> {
        let mut codes = Vec::new();
        let mut unknown = None;
        while tokens.peek() != Token::Mark(b';') {
            let name = option_name(tokens)?;
            // Of another protocol, and so no part of this one's list.
            if name.space.as_deref() != Some("dhcp6") {
                match name.option(&self.configuration.vocabulary) {
                    Ok((code, _)) => value::append_missing(&mut codes, &[code]),
                    Err(fault) => unknown = Some(fault),
                }
            }
            if !tokens.takes(b',') {
                break;
            }
        }
        mark(tokens, b';')?;
        let section = self.section(scope);
        let list = match keyword {
            "request" => &mut section.requested,
            "require" => &mut section.required,
            _ => return Err("request or require is expected".into()),
        };
        if !more {
            list.clear();
        }
        value::append_missing(list, &codes);
        match unknown {
            Some(Fault(why)) => Ok(Fate::Missing(why)),
            None => Ok(Fate::Honoured),
        }
    }

    /// `reject ADDRESS[/LENGTH], ...;`
    fn reject(&mut self, tokens: &mut Tokens<'_>, scope: Scope) -> Result<Fate, Fault> {
        let mut networks = Vec::new();
        loop {
            let address = address(tokens)?;
            let mut prefix_length = 32;
            if tokens.takes(b'/') {
                let length = number(tokens)?;
                let length = u8::try_from(length).ok().filter(|length| *length <= 32);
                prefix_length = length.ok_or("a prefix length is from 0 to 32")?;
            }
            networks.push(Subnet {
                address,
                prefix_length,
            });
            if networks.len() > MOST_REJECTED {
                return Err(Fault(format!("more than {MOST_REJECTED} networks")));
            }
            if !tokens.takes(b',') {
                break;
            }
        }
        mark(tokens, b';')?;
        let rejected = &mut self.section(scope).rejected;
        if rejected.len().saturating_add(networks.len()) > MOST_REJECTED {
            return Err(Fault(format!("more than {MOST_REJECTED} networks")));
        }
        rejected.extend(networks);
        Ok(Fate::Honoured)
    }

    /// `accept bootp`, `ignore bootp`, `dont authentication` and the like.
    fn policy(
        &mut self,
        keyword: &str,
        tokens: &mut Tokens<'_>,
        scope: Scope,
    ) -> Result<Fate, Fault> {
        let what = word(tokens, "bootp or authentication")?.to_ascii_lowercase();
        mark(tokens, b';')?;
        match (keyword, what.as_str()) {
            ("accept", "bootp") => self.section(scope).legacy = Legacy::Accepted,
            ("ignore", "bootp") => self.section(scope).legacy = Legacy::Refused,
            ("dont", "authentication") => {}
            ("prefer", "bootp") => {
                self.section(scope).legacy = Legacy::Accepted;
                return Ok(Fate::Different("accepted, but not preferred".to_owned()));
            }
            _ => return Err("no such policy is kept".into()),
        }
        Ok(Fate::Honoured)
    }
}

/// The octets of a value; those of the host's name as it is now.
fn octets_of(term: Term, host_name: Option<&str>) -> Result<Vec<u8>, Fault> {
    match term {
        Term::Octets(octets) => Ok(octets),
        Term::HostName => {
            let name = host_name.ok_or("the host has no name")?;
            Ok(name.as_bytes().to_vec())
        }
        Term::Hardware => Err("the hardware address is a client identifier only".into()),
    }
}

/// Why a statement that dhclient has is not honoured here.
fn why_missing(keyword: &str) -> &'static str {
    match keyword {
        "pseudo" => "an interface has one client only",
        "hardware" => "the hardware address is the interface's own",
        "anycast-mac" => "messages go to all hosts of the link",
        "vendor" => "options of vendors are shown as octets",
        "key" | "zone" => "the program sends no updates to the DNS",
        "omapi" => "OMAPI is not spoken; use dhcp-client ctl",
        "set" | "unset" | "eval" | "log" | "execute" | "define" | "on" | "else" | "elsif" => {
            "statements that are executed are not evaluated"
        }
        _ => "there is no such statement",
    }
}
