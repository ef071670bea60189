//! The native command line.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use lexopt::{Arg, Parser, ValueExt};

/// How long `--once` waits without `--timeout`.
const ONCE_TIMEOUT: Duration = Duration::from_secs(30);

/// Where leases are remembered without `--state-dir`.
const STATE_DIRECTORY: &str = "/var/lib/dhcp-client";

/// The text of `--help`.
pub(crate) const USAGE: &str = "\
Usage: dhcp-client [OPTION]... INTERFACE...

Gets IPv4 leases by DHCP and keeps them. Needs root, or CAP_NET_ADMIN, CAP_NET_RAW and
CAP_NET_BIND_SERVICE; all that is read from the network is read in a sandboxed process.

      --once              exit 0 when each interface has its lease, and leave it configured;
                          exit 1 after the timeout
      --timeout SECONDS   how long --once waits (30)
      --resolv-conf FILE  resolver file, rewritten in place (/etc/resolv.conf)
      --state-dir DIR     where leases are remembered (/var/lib/dhcp-client)
      --backend NAME      process: sandboxed (the default); none: not sandboxed, for debugging
      --json              one JSON object a line on standard output
      --pcap FILE         record what the sandboxed process was sent and sent
  -h, --help              this text
  -V, --version           the version

Signals: SIGTERM, SIGINT: undo the configuration and exit; SIGUSR1: renew; SIGHUP: rebind;
SIGUSR2: release and exit.
Exit status: 0 success, 1 failure, 3 no sandbox possible, 64 wrong usage.
";

/// How a calf is confined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// Sandboxed process.
    Process,
    /// Not at all.
    None,
}

/// What the operator asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) interfaces: Vec<String>,
    pub(crate) once: bool,
    pub(crate) timeout: Duration,
    pub(crate) resolv_conf: Option<PathBuf>,
    pub(crate) state_directory: PathBuf,
    pub(crate) backend: Backend,
    pub(crate) json: bool,
    pub(crate) pcap: Option<PathBuf>,
}

/// What the command line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Run(Options),
    Help,
    Version,
}

/// Reads the command line, without the program's name.
///
/// # Errors
/// One line that says what is wrong.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Request, lexopt::Error> {
    let mut parser = Parser::from_args(arguments);
    let mut timeout = None;
    let mut options = Options {
        interfaces: Vec::new(),
        once: false,
        timeout: ONCE_TIMEOUT,
        resolv_conf: None,
        state_directory: PathBuf::from(STATE_DIRECTORY),
        backend: Backend::Process,
        json: false,
        pcap: None,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("once") => options.once = true,
            Arg::Long("timeout") => timeout = Some(parser.value()?.parse_with(seconds)?),
            Arg::Long("resolv-conf") => options.resolv_conf = Some(parser.value()?.into()),
            Arg::Long("state-dir") => options.state_directory = parser.value()?.into(),
            Arg::Long("backend") => options.backend = parser.value()?.parse_with(backend)?,
            Arg::Long("json") => options.json = true,
            Arg::Long("pcap") => options.pcap = Some(parser.value()?.into()),
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Value(name) => options.interfaces.push(interface(name)?),
            Arg::Short(_) | Arg::Long(_) => return Err(argument.unexpected()),
        }
    }
    if let Some(timeout) = timeout {
        if !options.once {
            return Err("--timeout goes with --once".into());
        }
        options.timeout = timeout;
    }
    if options.pcap.is_some() && options.interfaces.len() > 1 {
        return Err("--pcap records one interface; name one only".into());
    }
    if options.interfaces.is_empty() {
        return Err("no interface named; name one or more, for example eth0".into());
    }
    Ok(Request::Run(options))
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    match text.parse::<u32>() {
        Ok(0) | Err(_) => Err("takes a whole number of seconds, at least 1"),
        Ok(seconds) => Ok(Duration::from_secs(seconds.into())),
    }
}

fn backend(text: &str) -> Result<Backend, &'static str> {
    match text {
        "process" => Ok(Backend::Process),
        "none" => Ok(Backend::None),
        _ => Err("is one of: process, none"),
    }
}

/// Longest interface name: IFNAMSIZ without its NUL (netdevice(7)).
const LONGEST_INTERFACE: usize = 15;

/// A name that the kernel could have given an interface; it becomes part of file names.
fn interface(name: OsString) -> Result<String, lexopt::Error> {
    let name = name.string()?;
    let refused = name.is_empty()
        || name.len() > LONGEST_INTERFACE
        || name == "."
        || name == ".."
        || name
            .chars()
            .any(|c| c == '/' || c == ':' || c.is_whitespace() || c.is_control());
    if refused {
        return Err(format!("{name:?} is not an interface name").into());
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Request, String> {
        parse(words.split_whitespace().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn every_option_is_read() {
        let request = parse_words(
            "--once --timeout 7 --resolv-conf /r --state-dir /s --backend none --json --pcap /p eth0",
        );
        let expected = Options {
            interfaces: vec!["eth0".into()],
            once: true,
            timeout: Duration::from_secs(7),
            resolv_conf: Some("/r".into()),
            state_directory: "/s".into(),
            backend: Backend::None,
            json: true,
            pcap: Some("/p".into()),
        };
        assert_eq!(request, Ok(Request::Run(expected)));
    }

    #[test]
    fn wrong_words_are_refused_by_name() {
        let refused = |words: &str| parse_words(words).expect_err(words);
        assert!(refused("--frobnicate eth0").contains("--frobnicate"));
        assert!(refused("--once --timeout 0 eth0").contains("at least 1"));
        assert!(refused("--timeout 5 eth0").contains("--once"));
        assert!(refused("--backend vm eth0").contains("process, none"));
        assert!(refused("../../etc/passwd").contains("not an interface name"));
        assert!(refused("--pcap /p eth0 eth1").contains("one interface"));
        assert!(refused("").contains("no interface named"));
    }
}
