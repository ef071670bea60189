//! udhcpc's command line, as BusyBox 1.36 reads it, and the few flags that it read long ago.

use std::{ffi::OsString, net::Ipv4Addr};

use lexopt::{Arg, Parser, ValueExt};
use sdk_rpc::{ConflictDetection, FullName};

use super::{
    extra::{self, Extra},
    options,
    usage::{USAGE, short},
    words::Words,
};
use crate::{
    Host, Request, UsageError,
    remarks::COMMAND_LINE,
    setup::{HostName, Identifier},
    value,
};

/// Exit status of wrong usage.
const WRONG_USAGE: u8 = 1;

/// The only port for which the program's sockets and filters are made.
const CLIENT_PORT: u16 = 68;

/// RFC 4702 section 2.1: the server is asked to update the name's address (S), and the name is in the
/// wire format of the DNS (E).
const FULL_NAME_FLAGS: u8 = 0b101;

/// Reads the command line, without the program's name.
pub(crate) fn parse(arguments: Vec<OsString>, host: &dyn Host) -> Result<Request, UsageError> {
    if arguments.iter().any(|word| word == "--help") {
        return Ok(Request::Print {
            text: USAGE.to_owned(),
            status: 0,
        });
    }
    let mut words = Words::new(host);
    words
        .read(Parser::from_args(arguments))
        .map_err(|error| UsageError {
            text: format!("udhcpc: {error}\n\n{USAGE}"),
            status: WRONG_USAGE,
        })?;
    Ok(Request::Run(Box::new(words.finish(host))))
}

impl Words {
    fn read(&mut self, mut parser: Parser) -> Result<(), lexopt::Error> {
        while let Some(argument) = parser.next()? {
            let flag = match argument {
                Arg::Short(flag) => flag,
                Arg::Long(name) => match short(name) {
                    Some(flag) => flag,
                    None => return Err(argument.unexpected()),
                },
                Arg::Value(word) => {
                    let why = "udhcpc takes its interface from -i only";
                    self.remarks
                        .ignored(COMMAND_LINE, word.to_string_lossy(), why);
                    continue;
                }
            };
            if !self.switch(flag) {
                self.option(flag, &mut parser)?;
            }
        }
        Ok(())
    }

    /// Takes a flag without a value; false if it is none.
    fn switch(&mut self, flag: char) -> bool {
        match flag {
            'B' => self.settings.broadcast = true,
            'b' => self.background = true,
            'n' => self.now = true,
            'q' => self.quit = true,
            'f' => self.foreground = true,
            'R' => self.release = true,
            'S' => self.syslog = true,
            'o' => self.no_default_options = true,
            'C' => self.no_identifier = true,
            'v' => self.verbose = true,
            _ => return false,
        }
        self.remarks.honoured(COMMAND_LINE, format!("-{flag}"));
        true
    }

    fn option(&mut self, flag: char, parser: &mut Parser) -> Result<(), lexopt::Error> {
        if flag == 'a' {
            return self.conflict_detection(parser.optional_value());
        }
        if !"istTAprOxFVPhHc".contains(flag) {
            return Err(Arg::Short(flag).unexpected());
        }
        let value = parser.value()?;
        let shown = format!("-{flag} {}", value.to_string_lossy());
        match flag {
            's' => self.script = Some(value.into()),
            'p' => self.pid_file = value::written_file(value.into()),
            'i' => self.interface = value::interface_name(&value.string()?)?,
            't' => self.retries = value.parse_with(count)?,
            'T' => return self.pause_between(&value.string()?, &shown),
            'A' => self.try_again = value.parse_with(count)?,
            'r' => self.settings.wanted_address = Some(value.parse_with(address)?),
            'O' => {
                let code = value.parse_with(requested)?;
                value::append_missing(&mut self.settings.requested, &[code]);
                if code == IPV6_ONLY {
                    let how = "a server that gives it is obeyed: no IPv4 then (RFC 8925)";
                    self.remarks.different(COMMAND_LINE, shown, how);
                    return Ok(());
                }
            }
            'x' => return self.extra(&value.string()?),
            'F' => return self.full_name(value.string()?, &shown),
            'V' => self.vendor_class = Some(value.string()?.into_bytes()),
            'P' => return self.port(&value.string()?, &shown),
            // Names that BusyBox had before 1.22.
            'h' | 'H' => self.send(12, value.string()?.into_bytes()),
            _ => self.send(61, value.string()?.into_bytes()),
        }
        self.remarks.honoured(COMMAND_LINE, shown);
        Ok(())
    }

    fn conflict_detection(&mut self, wait: Option<OsString>) -> Result<(), lexopt::Error> {
        let mut shown = "-a".to_owned();
        if let Some(wait) = wait {
            let wait = wait.parse_with(count)?;
            shown.push_str(&wait.to_string());
        }
        self.settings.conflict_detection = ConflictDetection::Full;
        let how = "three probes in 2 to 4 seconds and two seconds more, as RFC 5227 has it";
        self.remarks.different(COMMAND_LINE, shown, how);
        Ok(())
    }

    fn pause_between(&mut self, seconds: &str, shown: &str) -> Result<(), lexopt::Error> {
        self.timeout = count(seconds)?;
        if self.timeout == 0 {
            self.timeout = 1;
            let how = "one second: a client that never waits is a flood";
            self.remarks.different(COMMAND_LINE, shown, how);
        } else {
            self.remarks.honoured(COMMAND_LINE, shown);
        }
        Ok(())
    }

    fn full_name(&mut self, name: String, shown: &str) -> Result<(), lexopt::Error> {
        if !value::is_host_name(name.strip_suffix('.').unwrap_or(&name)) {
            return Err(format!("-F takes a name, not {name:?}").into());
        }
        self.settings.full_name = Some(FullName {
            name,
            flags: FULL_NAME_FLAGS,
        });
        let how = "in the wire format that RFC 4702 wants, not in the deprecated one";
        self.remarks.different(COMMAND_LINE, shown, how);
        Ok(())
    }

    fn port(&mut self, port: &str, shown: &str) -> Result<(), lexopt::Error> {
        match port.parse::<u16>() {
            Ok(CLIENT_PORT) => self.remarks.honoured(COMMAND_LINE, shown),
            Ok(_) => self
                .remarks
                .missing(COMMAND_LINE, shown, "only port 68 is used"),
            Err(_) => return Err(format!("invalid number '{port}'").into()),
        }
        Ok(())
    }

    fn extra(&mut self, word: &str) -> Result<(), lexopt::Error> {
        let shown = format!("-x {word}");
        match extra::read(word)? {
            Extra::Nothing(why) => self.remarks.missing(COMMAND_LINE, shown, why),
            Extra::Option { code, .. } if is_reserved(code) => {
                let why = "the protocol itself sets this option";
                self.remarks.ignored(COMMAND_LINE, shown, why);
            }
            Extra::Option {
                code: REQUESTED_ADDRESS,
                octets,
                ..
            } if octets.len() != 4 => {
                let why = "an address has four octets";
                self.remarks.missing(COMMAND_LINE, shown, why);
            }
            Extra::Option { code, octets, list } => {
                if self.take(code, octets, list) {
                    self.remarks.honoured(COMMAND_LINE, shown);
                } else {
                    let why = "it was given before, and udhcpc keeps the first";
                    self.remarks.ignored(COMMAND_LINE, shown, why);
                }
            }
        }
        Ok(())
    }

    /// Takes an option to send, after what was given of it before; false if that stands alone.
    fn take(&mut self, code: u8, octets: Vec<u8>, list: bool) -> bool {
        if self.is_sent(code) {
            return false;
        }
        match self.settings.sent.iter_mut().find(|it| it.0 == code) {
            Some((_, value)) if list => value.extend(octets),
            Some(_) => return false,
            None => self.send(code, octets),
        }
        true
    }

    /// Whether an option with a field of its own has been given.
    fn is_sent(&self, code: u8) -> bool {
        match code {
            12 => self.host_name != HostName::None,
            REQUESTED_ADDRESS => self.settings.wanted_address.is_some(),
            51 => self.settings.wanted_seconds.is_some(),
            60 => self.vendor_class.is_some(),
            61 => self.identifier.is_some(),
            81 => self.settings.full_name.is_some(),
            _ => false,
        }
    }

    /// Sends an option: in its field, where it has one that can hold the value.
    fn send(&mut self, code: u8, octets: Vec<u8>) {
        let four = <[u8; 4]>::try_from(octets.as_slice()).ok();
        let text = str::from_utf8(&octets).ok();
        match (code, four, text) {
            (12, _, Some(name)) if value::is_host_name(name) => {
                self.host_name = HostName::Given(name.to_owned());
            }
            (REQUESTED_ADDRESS, Some(address), _) => {
                self.settings.wanted_address = Some(address.into());
            }
            (51, Some(seconds), _) => {
                self.settings.wanted_seconds = Some(u32::from_be_bytes(seconds));
            }
            (60, ..) => self.vendor_class = Some(octets),
            (61, ..) => self.identifier = Some(Identifier::Octets(octets)),
            _ => self.settings.sent.push((code, octets)),
        }
    }
}

/// Option 50 (RFC 2132 section 9.1).
const REQUESTED_ADDRESS: u8 = 50;

/// Option 108 (RFC 8925), which is a request as soon as it is asked for.
const IPV6_ONLY: u8 = 108;

/// Options that only the protocol itself may set: padding, overload, message type, server identifier,
/// parameter request list, maximum message size, relay agent, authentication.
const fn is_reserved(code: u8) -> bool {
    matches!(code, 0 | 52..=55 | 57 | 82 | 90)
}

/// A number that is not negative, as an int of C holds it.
fn count(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| *number <= 0x7fff_ffff);
    number.ok_or_else(|| format!("invalid number '{text}'"))
}

fn address(text: &str) -> Result<Ipv4Addr, String> {
    text.parse().map_err(|_| format!("bad address '{text}'"))
}

/// An option's name or number.
fn requested(text: &str) -> Result<u8, String> {
    match options::number(text).map(u8::try_from) {
        Some(Ok(code @ 1..=254)) => Ok(code),
        Some(Ok(0 | 255) | Err(_)) | None => {
            let known = options::by_name(text).map(|known| known.code);
            known.ok_or_else(|| {
                let names = options::names();
                format!("unknown option '{text}', known options: {names}")
            })
        }
    }
}
