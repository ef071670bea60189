//! dhclient's command line: flags of several letters behind one hyphen, in any order, also after the
//! interfaces, as ifupdown and cloud-init write them.

use std::{ffi::OsString, path::PathBuf, vec::IntoIter};

use super::{
    usage::{USAGE, VERSION},
    words::{Address, Mode, Words},
};
use crate::{
    Host, Request, UsageError,
    notices::NO_IPV6,
    remarks::{COMMAND_LINE, Remarks},
    setup::HostName,
    value,
};

/// Exit status of wrong usage.
const WRONG_USAGE: u8 = 1;

/// The only port for which the program's sockets and filters are made.
const CLIENT_PORT: u16 = 68;

/// How long an address is left alone after it was found in use, at least.
///
/// RFC 2131 section 3.1 step 5: "The client SHOULD wait a minimum of ten seconds before restarting the
/// configuration process to avoid excessive network traffic in case of looping."
const DECLINE_WAIT: u32 = 10;

/// Why flags of DHCPv6 change nothing.
const NO_DHCPV6: &str = NO_IPV6;

/// Reads the command line, without the program's name.
pub(crate) fn parse(arguments: Vec<OsString>, host: &dyn Host) -> Result<Request, UsageError> {
    let mut reader = Reader {
        arguments: arguments.into_iter(),
        words: Words::default(),
        remarks: Remarks::default(),
    };
    match reader.read() {
        Ok(None) => Ok(reader.words.finish(reader.remarks, host)),
        Ok(Some(text)) => Ok(Request::Print {
            text: text.to_owned(),
            status: 0,
        }),
        Err(why) => Err(UsageError {
            text: format!("dhclient: {why}\n\n{USAGE}"),
            status: WRONG_USAGE,
        }),
    }
}

struct Reader {
    arguments: IntoIter<OsString>,
    words: Words,
    remarks: Remarks,
}

impl Reader {
    /// Reads all words; a text if one of them asks for it.
    fn read(&mut self) -> Result<Option<&'static str>, String> {
        while let Some(argument) = self.arguments.next() {
            let word = text(argument)?;
            match word.as_str() {
                "--version" => return Ok(Some(VERSION)),
                "--help" | "-h" => return Ok(Some(USAGE)),
                flag if flag.starts_with('-') => {
                    if !self.switch(flag) && !self.dhcpv6(flag)? {
                        self.option(flag)?;
                    }
                }
                name => {
                    let name = value::interface_name(name)?;
                    self.remarks.honoured(COMMAND_LINE, &name);
                    if !self.words.interfaces.contains(&name) {
                        self.words.interfaces.push(name);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Takes a flag without a value; false if it is none.
    fn switch(&mut self, flag: &str) -> bool {
        let words = &mut self.words;
        match flag {
            "-1" => words.one_try = true,
            "-v" => words.verbose = true,
            "-q" => words.verbose = false,
            "-d" => {
                words.foreground = true;
                words.verbose = true;
            }
            "-nw" => words.at_once = true,
            "-r" if words.mode != Mode::Stop => words.mode = Mode::Release,
            "-r" => {}
            "-x" => words.mode = Mode::Stop,
            "-n" => words.no_interface = true,
            "-w" => words.wait_for_interfaces = true,
            "-i" => words.duid = true,
            "-B" => words.broadcast = true,
            "-4" => {}
            "--no-pid" => words.no_pid = true,
            "-I" => {
                let why = "it is about updates to the DNS, which the program does not send";
                self.remarks.ignored(COMMAND_LINE, flag, why);
                return true;
            }
            "-nc" => {
                let why = "dhclient 4.4 has no such flag";
                self.remarks.ignored(COMMAND_LINE, flag, why);
                return true;
            }
            _ => return false,
        }
        self.remarks.honoured(COMMAND_LINE, flag);
        true
    }

    /// Takes a flag that is about DHCPv6; false if it is none.
    fn dhcpv6(&mut self, flag: &str) -> Result<bool, String> {
        match flag {
            "-6" | "-S" | "-T" | "-P" | "-N" => {
                self.words.address = Address::V6;
                let why = "the kernel's own handling of router advertisements is left as it is";
                let why = format!("{NO_DHCPV6}; {why}");
                self.remarks.missing(COMMAND_LINE, flag, &why);
            }
            "-R" => self.remarks.ignored(COMMAND_LINE, flag, NO_DHCPV6),
            "--prefix-len-hint" | "--address-prefix-len" => {
                let length = self.number(flag)?;
                let shown = format!("{flag} {length}");
                self.remarks.ignored(COMMAND_LINE, shown, NO_DHCPV6);
            }
            "-4o6" => {
                let port = self.number(flag)?;
                let shown = format!("{flag} {port}");
                self.remarks.missing(COMMAND_LINE, shown, NO_DHCPV6);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn option(&mut self, flag: &str) -> Result<(), String> {
        match flag {
            "-cf" => self.words.configuration = Some(self.path(flag)?),
            "-lf" => {
                let path = PathBuf::from(self.value(flag)?);
                let how = "written at each change, and never read";
                let shown = format!("{flag} {}", path.display());
                self.remarks.different(COMMAND_LINE, shown, how);
                self.words.lease_file = Some(path);
            }
            "-pf" => self.words.pid_file = Some(self.path(flag)?),
            "-sf" => self.words.script = Some(self.path(flag)?),
            "-df" => {
                let path = self.value(flag)?;
                let how = "the DUID is the host's own, kept where leases are remembered";
                let shown = format!("{flag} {}", path.to_string_lossy());
                self.remarks.different(COMMAND_LINE, shown, how);
            }
            "-e" => self.variable()?,
            "-p" => self.port()?,
            "-s" => self.server()?,
            "-g" => {
                let relay = self.text_of(flag)?;
                let why = "no relay is simulated";
                self.remarks
                    .missing(COMMAND_LINE, format!("{flag} {relay}"), why);
            }
            "-D" => self.duid_type()?,
            "--dad-wait-time" => {
                self.words.dad_wait_time = self.number(flag)?;
                let shown = format!("{flag} {}", self.words.dad_wait_time);
                self.remarks.honoured(COMMAND_LINE, shown);
            }
            "--decline-wait-time" => self.decline_wait()?,
            _ => return self.distribution_option(flag),
        }
        Ok(())
    }

    /// Options that Red Hat and others have added to ISC's client.
    fn distribution_option(&mut self, flag: &str) -> Result<(), String> {
        match flag {
            "-timeout" | "--timeout" => {
                let seconds = self.number(flag)?;
                self.words.timeout = Some(seconds);
                self.remarks
                    .honoured(COMMAND_LINE, format!("{flag} {seconds}"));
                return Ok(());
            }
            "-V" | "-C" | "-H" | "-F" | "--request-options" => {}
            _ => return Err(format!("unknown command: {flag}")),
        }
        let given = self.text_of(flag)?;
        let shown = format!("{flag} {given}");
        match flag {
            "-V" => self.words.vendor_class = Some(given.into_bytes()),
            "-C" => {
                let octets = value::colon_octets(&given).filter(|_| given.contains(':'));
                let octets = octets.unwrap_or_else(|| given.into_bytes());
                self.words.identifier = Some(octets);
            }
            "-H" if value::is_host_name(&given) => {
                self.words.host_name = Some(HostName::Given(given));
            }
            "-F" if value::is_host_name(given.trim_end_matches('.')) => {
                self.words.full_name = Some(given);
            }
            "--request-options" => self.words.requested = Some(given),
            _ => return Err(format!("{flag} takes a name, not {given:?}")),
        }
        self.remarks.honoured(COMMAND_LINE, shown);
        Ok(())
    }

    /// `-e VAR=VALUE`.
    fn variable(&mut self) -> Result<(), String> {
        let given = self.text_of("-e")?;
        let (name, value) = given.split_once('=').unwrap_or((&given, ""));
        let first = name.chars().next();
        let is_name = first.is_some_and(|c| c == '_' || c.is_ascii_alphabetic())
            && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
        if !is_name || !given.contains('=') || value.contains('\0') {
            return Err(format!("-e takes VAR=value, not {given:?}"));
        }
        if name == "PATH" {
            let why = "scripts have a path of their own, as with dhclient";
            self.remarks
                .ignored(COMMAND_LINE, format!("-e {given}"), why);
            return Ok(());
        }
        self.words.metric = match name {
            "IF_METRIC" => value.parse().ok(),
            _ => self.words.metric,
        };
        let variable = (name.to_owned(), value.to_owned());
        self.words.environment.push(variable);
        self.remarks.honoured(COMMAND_LINE, format!("-e {given}"));
        Ok(())
    }

    fn port(&mut self) -> Result<(), String> {
        let given = self.text_of("-p")?;
        let port: u16 = given
            .parse()
            .map_err(|_| format!("invalid port {given:?}"))?;
        let shown = format!("-p {port}");
        if port == CLIENT_PORT {
            self.remarks.honoured(COMMAND_LINE, shown);
        } else {
            self.remarks
                .missing(COMMAND_LINE, shown, "only port 68 is used");
        }
        Ok(())
    }

    fn server(&mut self) -> Result<(), String> {
        let given = self.text_of("-s")?;
        let shown = format!("-s {given}");
        match given.parse() {
            Ok(address) => {
                self.words.server = Some(address);
                let how = "messages go to all servers, but only this one is heard";
                self.remarks.different(COMMAND_LINE, shown, how);
            }
            Err(_) => {
                let why = "names are not resolved; messages go to all servers";
                self.remarks.missing(COMMAND_LINE, shown, why);
            }
        }
        Ok(())
    }

    fn duid_type(&mut self) -> Result<(), String> {
        let given = self.text_of("-D")?;
        if !["LL", "LLT"]
            .iter()
            .any(|it| given.eq_ignore_ascii_case(it))
        {
            return Err(format!("-D takes LL or LLT, not {given:?}"));
        }
        let how = "the DUID is the host's own, of whichever type";
        self.remarks
            .different(COMMAND_LINE, format!("-D {given}"), how);
        Ok(())
    }

    fn decline_wait(&mut self) -> Result<(), String> {
        let seconds = self.number("--decline-wait-time")?;
        let shown = format!("--decline-wait-time {seconds}");
        if seconds == DECLINE_WAIT {
            self.remarks.honoured(COMMAND_LINE, shown);
        } else {
            let how = "ten seconds, as RFC 2131 section 3.1 asks for at least";
            self.remarks.different(COMMAND_LINE, shown, how);
        }
        Ok(())
    }

    fn path(&mut self, flag: &str) -> Result<PathBuf, String> {
        let path = PathBuf::from(self.value(flag)?);
        let shown = format!("{flag} {}", path.display());
        self.remarks.honoured(COMMAND_LINE, shown);
        Ok(path)
    }

    fn value(&mut self, flag: &str) -> Result<OsString, String> {
        let value = self.arguments.next();
        value.ok_or_else(|| format!("no argument for command: {flag}"))
    }

    fn text_of(&mut self, flag: &str) -> Result<String, String> {
        let value = self.value(flag)?;
        text(value)
    }

    fn number(&mut self, flag: &str) -> Result<u32, String> {
        let given = self.text_of(flag)?;
        let number = given.parse().ok().filter(|number| *number <= 0x7fff_ffff);
        number.ok_or_else(|| format!("{flag} takes a number, not {given:?}"))
    }
}

fn text(word: OsString) -> Result<String, String> {
    word.into_string()
        .map_err(|word| format!("{} is not text", word.to_string_lossy()))
}
