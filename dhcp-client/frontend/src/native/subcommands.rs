//! What the program's command line begins with, where it asks for something else than a run.

use std::{ffi::OsString, path::PathBuf};

use lexopt::{Arg, Parser, ValueExt};

use super::{RUN_DIRECTORY, Words, print, refused, value, verb};
use crate::{
    Control, Host, Request, Role, UsageError, Verb, explain,
    setup::{Client, Setup},
};

const CONTROL_USAGE: &str = "\
Usage: dhcp-client ctl status|renew|rebind|release|stop|dump [OPTION]... [INTERFACE]...

Asks the runs that go on; without INTERFACE about all that they serve.

      --json              JSON instead of a table
      --run-dir DIR       where the control sockets are (/run/dhcp-client)
  -h, --help              this text

Exit status: 0 success, 1 refused or nothing runs, 64 wrong usage.
";

const COMPAT: &str = "compat takes one of: dhcpcd, udhcpc, dhclient";

const ROLES: &str = "role takes one of: network, actuator, engine";

const ROLE_USAGE: &str = "\
Usage: dhcp-client role network --interface NAME --net FD --owner FD
       dhcp-client role actuator --host FD --owner FD [OPTION]... INTERFACE
       dhcp-client role engine --net FD --host FD [--backend NAME]

Runs one role in a process of its own. FD is the number, from 3 up, of an inherited descriptor: one end of a
pair of connected sockets, whose other end another role has under the same name. Each ends when a peer
does. The actuator takes the options of a run.

  network   has the packet socket: CAP_NET_RAW and CAP_NET_BIND_SERVICE
  actuator  configures the host: CAP_NET_ADMIN
  engine    speaks the protocol, in a sandbox that it makes for itself: nothing but user namespaces
";

/// `compat NAME`: the words of another client; or, with `--explain` first, what becomes of them.
pub(super) fn compat(
    mut arguments: impl Iterator<Item = OsString>,
    host: &dyn Host,
) -> Result<Request, UsageError> {
    let name = arguments.next().unwrap_or_default();
    let client = name
        .to_str()
        .and_then(Client::of_name)
        .filter(|client| *client != Client::Native)
        .ok_or_else(|| refused(&COMPAT))?;
    let mut arguments = arguments.peekable();
    let explains = arguments.next_if(|word| word == "--explain").is_some();
    let request = crate::parse(client, arguments, host)?;
    if !explains {
        return Ok(request);
    }
    Ok(match request {
        Request::Run(setup) => explained(&setup, host),
        // Some ask a run that goes on, and start one where none does.
        Request::Control(asked) => match asked.otherwise {
            Some(setup) => explained(&setup, host),
            None => print("This asks a run that goes on, and starts none.\n"),
        },
        Request::Role(_) | Request::Print { .. } => request,
    })
}

fn explained(setup: &Setup, host: &dyn Host) -> Request {
    let (text, status) = explain::explain(setup, host);
    Request::Print { text, status }
}

pub(super) fn control(arguments: impl Iterator<Item = OsString>) -> Result<Request, lexopt::Error> {
    let mut parser = Parser::from_args(arguments);
    let mut verb = None;
    let mut asked = Control {
        client: Client::Native,
        verb: Verb::Status,
        interfaces: Vec::new(),
        run_directory: Some(PathBuf::from(RUN_DIRECTORY)),
        pid_file: None,
        json: false,
        otherwise: None,
        names: Vec::new(),
        nothing_runs: 1,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(print(CONTROL_USAGE)),
            Arg::Long("json") => asked.json = true,
            Arg::Long("run-dir") => asked.run_directory = Some(parser.value()?.into()),
            Arg::Value(word) if verb.is_none() => verb = Some(word.parse_with(self::verb)?),
            Arg::Value(name) => {
                asked
                    .interfaces
                    .push(value::interface_name(&name.string()?)?);
            }
            Arg::Short(_) | Arg::Long(_) => return Err(argument.unexpected()),
        }
    }
    asked.verb = verb.ok_or("ctl takes one of: status, renew, rebind, release, stop, dump")?;
    Ok(Request::Control(Box::new(asked)))
}

/// `role network|actuator|engine`, each with its descriptors.
pub(super) fn role(
    mut arguments: Vec<OsString>,
    host: &dyn Host,
) -> Result<Request, lexopt::Error> {
    if arguments.is_empty() {
        return Err(ROLES.into());
    }
    let role = arguments.remove(0).string()?;
    let wanted: &[&str] = match role.as_str() {
        "network" => &["interface", "net", "owner"],
        "actuator" => &["host", "owner"],
        "engine" => &["net", "host", "backend"],
        "--help" | "-h" => return Ok(print(ROLE_USAGE)),
        _ => return Err(ROLES.into()),
    };
    let mut parser = Parser::from_args(arguments);
    let mut words = Words::new(host);
    let mut given = Descriptors::default();
    let mut interface = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(print(ROLE_USAGE)),
            Arg::Long(name) => {
                let name = name.to_owned();
                let is_own = wanted.contains(&name.as_str());
                match name.as_str() {
                    "net" if is_own => given.net = Some(parser.value()?.parse()?),
                    "host" if is_own => given.host = Some(parser.value()?.parse()?),
                    "owner" if is_own => given.owner = Some(parser.value()?.parse()?),
                    "interface" if is_own => {
                        interface = Some(value::interface_name(&parser.value()?.string()?)?);
                    }
                    _ if role == "actuator" || is_own => {
                        if !words.flag(&name) {
                            words.option(&name, &mut parser)?;
                        }
                    }
                    _ => return Err(Arg::Long(&name).unexpected()),
                }
            }
            Arg::Value(name) if role == "actuator" => {
                let name = value::interface_name(&name.string()?)?;
                words.setup.interfaces.named.push(name);
            }
            Arg::Value(_) | Arg::Short(_) => return Err(argument.unexpected()),
        }
    }
    let setup = words.finish()?;
    Ok(Request::Role(Box::new(match role.as_str() {
        "network" => Role::Network {
            interface: interface.ok_or("--interface is needed")?,
            net: given.net.ok_or("--net is needed")?,
            owner: given.owner.ok_or("--owner is needed")?,
        },
        "actuator" => {
            if setup.interfaces.named.len() != 1 {
                return Err("the actuator serves one interface; name one".into());
            }
            Role::Actuator {
                setup: Box::new(setup),
                host: given.host.ok_or("--host is needed")?,
                owner: given.owner.ok_or("--owner is needed")?,
            }
        }
        _ => Role::Engine {
            net: given.net.ok_or("--net is needed")?,
            host: given.host.ok_or("--host is needed")?,
            backend: setup.backend,
        },
    })))
}

/// Numbers of inherited descriptors.
#[derive(Default)]
struct Descriptors {
    net: Option<i32>,
    host: Option<i32>,
    owner: Option<i32>,
}
