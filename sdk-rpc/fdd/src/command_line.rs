//! The command line.

use std::{ffi::OsString, path, time::Duration};

use lexopt::{Arg, Parser, ValueExt as _};

use crate::{
    exec::{Exec, FIRST_NUMBER, Wanted},
    protocol::{self, NOBODY_ELSE, Owner, Question, is_path},
};

/// Where the daemon listens without `--socket`.
const SOCKET: &str = "/run/fdd.sock";
/// Permissions of a share without `--mode`.
const MODE: u32 = 0o600;
/// How long `exec` waits without `--timeout`.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Octets of a socket's path: sun_path is 108, its closing zero included (unix(7)).
const LONGEST_PATH: usize = 107;

/// The text of `--help`.
pub(crate) const USAGE: &str = "\
Usage: fdd COMMAND

Hands the two ends of a socketpair to two processes or containers.

  init [--foreground|--background]
      Serve until SIGTERM or SIGINT, and remove all sockets then. Says `fdd: ready on SOCKET`
      when it listens; with --background it returns then.
  share PATH [--mode 0600] [--owner UID[:GID]]
      Offer a socketpair at PATH: the first two that connect get an end each. Only the owner
      (the daemon's user), and GID if given, may. When both ends are closed there is a fresh pair.
  unshare PATH
      Do not any more. Ends that are taken stay connected.
  list
      What is shared, who has which end, pairs that met, clients refused.
  test PATH
      Does a message get from end to end? Says `in use` and does nothing while somebody has an end.
  exec -m PATH:FD [-m PATH:FD]... [--timeout 30] -- COMMAND [ARGUMENT]...
      Take an end of each share, as descriptor FD, and become COMMAND, which has no other
      descriptors than these, 0, 1 and 2. Waits up to --timeout seconds for the shares, and for
      who still has an end of a pair that was left.

  -s, --socket PATH    the daemon's socket (/run/fdd.sock); not for exec, which needs PATH only
  -h, --help           this text
  -V, --version        the version

Exit status: 0 success, 1 failure, 64 wrong usage; of exec also 126 and 127, COMMAND cannot be
executed or is not found, else that of COMMAND.
";

/// What the command line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Init { socket: String, background: bool },
    Ask { socket: String, question: Question },
    Exec(Exec),
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
    match parser.next()? {
        None => Err("no command".into()),
        Some(Arg::Short('h') | Arg::Long("help")) => Ok(Request::Help),
        Some(Arg::Short('V') | Arg::Long("version")) => Ok(Request::Version),
        Some(Arg::Value(command)) => match command.string()?.as_str() {
            command @ ("init" | "share" | "unshare" | "list" | "test") => {
                about_daemon(command, parser)
            }
            "exec" => exec(parser),
            "help" => Ok(Request::Help),
            other => Err(format!("unknown command {other:?}").into()),
        },
        Some(argument @ (Arg::Short(_) | Arg::Long(_))) => Err(argument.unexpected()),
    }
}

/// The commands that are about a daemon.
fn about_daemon(command: &str, mut parser: Parser) -> Result<Request, lexopt::Error> {
    let mut socket = SOCKET.to_owned();
    let (mut foreground, mut background) = (false, false);
    let (mut shared_path, mut mode, mut owner) = (None, MODE, NOBODY_ELSE);
    while let Some(argument) = parser.next()? {
        match (command, argument) {
            (_, Arg::Short('s') | Arg::Long("socket")) => socket = absolute(parser.value()?)?,
            (_, Arg::Short('h') | Arg::Long("help")) => return Ok(Request::Help),
            ("init", Arg::Long("foreground")) => foreground = true,
            ("init", Arg::Long("background")) => background = true,
            ("share", Arg::Long("mode")) => mode = parser.value()?.parse_with(permissions)?,
            ("share", Arg::Long("owner")) => owner = parser.value()?.parse_with(user_and_group)?,
            ("share" | "unshare" | "test", Arg::Value(path)) if shared_path.is_none() => {
                shared_path = Some(absolute(path)?);
            }
            (_, argument) => return Err(argument.unexpected()),
        }
    }
    let path = shared_path.ok_or("no PATH of a share, for example /run/shares/net");
    let question = match command {
        "init" if foreground && background => {
            return Err("init: --foreground or --background, not both".into());
        }
        "init" => return Ok(Request::Init { socket, background }),
        "list" => Question::List,
        "unshare" => Question::Unshare { path: path? },
        "test" => Question::Test { path: path? },
        _ => {
            let path = path?;
            Question::Share { mode, owner, path }
        }
    };
    Ok(Request::Ask { socket, question })
}

fn exec(mut parser: Parser) -> Result<Request, lexopt::Error> {
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut timeout = TIMEOUT;
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('m') => {
                let next = parser.value()?.parse_with(place)?;
                if wanted.iter().any(|other| other.number == next.number) {
                    return Err(format!("exec: descriptor {} is given twice", next.number).into());
                }
                if wanted.iter().any(|other| other.path == next.path) {
                    let path = next.path;
                    return Err(format!(
                        "exec: {path} is given twice; its other end is for another process"
                    )
                    .into());
                }
                wanted.push(next);
            }
            Arg::Long("timeout") => timeout = parser.value()?.parse_with(seconds)?,
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            Arg::Value(command) if wanted.is_empty() => {
                let command = command.to_string_lossy().into_owned();
                return Err(format!("exec: no -m PATH:FD before {command}").into());
            }
            Arg::Value(command) => {
                return Ok(Request::Exec(Exec {
                    wanted,
                    timeout,
                    command,
                    arguments: parser.raw_args()?.collect(),
                }));
            }
            Arg::Short(_) | Arg::Long(_) => return Err(argument.unexpected()),
        }
    }
    Err("exec: no COMMAND".into())
}

/// A path that means the same to the daemon as it does here.
fn absolute(value: OsString) -> Result<String, lexopt::Error> {
    let text = value.string()?;
    let absolute = path::absolute(&text).ok();
    let absolute = absolute.and_then(|path| path.to_str().map(str::to_owned));
    let usable = absolute.filter(|path| is_path(path));
    let path = usable.ok_or_else(|| format!("{text:?} cannot be the path of a socket"))?;
    if path.len() > LONGEST_PATH {
        return Err(format!("{path}: more than {LONGEST_PATH} octets, which no socket has").into());
    }
    Ok(path)
}

fn permissions(text: &str) -> Result<u32, &'static str> {
    protocol::mode(text).ok_or("takes permissions in octal, for example 0660")
}

fn user_and_group(text: &str) -> Result<Owner, &'static str> {
    Owner::parse(text).ok_or("takes UID or UID:GID, in numbers")
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    match text.parse::<u32>() {
        Ok(seconds) => Ok(Duration::from_secs(seconds.into())),
        Err(_) => Err("takes a whole number of seconds"),
    }
}

fn place(text: &str) -> Result<Wanted, lexopt::Error> {
    const NONE: &str = "takes PATH:FD, for example /run/shares/net:3";
    let (path, number) = text.rsplit_once(':').ok_or(NONE)?;
    let number: i32 = number.parse().map_err(|_| NONE)?;
    if path.is_empty() {
        return Err(NONE.into());
    }
    if number < FIRST_NUMBER {
        return Err("FD is 3 or more: 0, 1 and 2 are standard input, output and error".into());
    }
    Ok(Wanted {
        path: absolute(path.into())?,
        number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Request, String> {
        parse(words.split_whitespace().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn every_option_is_read() {
        let init = Request::Init {
            socket: "/s".into(),
            background: true,
        };
        assert_eq!(parse_words("init -s /s --background"), Ok(init));
        let owner = Owner {
            uid: Some(1),
            gid: Some(2),
        };
        let question = Question::Share {
            mode: 0o660,
            owner,
            path: "/p".into(),
        };
        let share = Request::Ask {
            socket: "/s".into(),
            question,
        };
        let words = "share /p --mode 660 --owner 1:2 --socket /s";
        assert_eq!(parse_words(words), Ok(share));
        let wanted = |path: &str, number| Wanted {
            path: path.into(),
            number,
        };
        let exec = Request::Exec(Exec {
            wanted: vec![wanted("/a:b", 3), wanted("/c", 9)],
            timeout: Duration::from_secs(7),
            command: "run".into(),
            arguments: vec!["-m".into(), "--".into(), "x".into()],
        });
        let words = "exec -m /a:b:3 -m /c:9 --timeout 7 -- run -m -- x";
        assert_eq!(parse_words(words), Ok(exec.clone()));
        let without_dashes = "exec -m /a:b:3 -m /c:9 --timeout 7 run -m -- x";
        assert_eq!(parse_words(without_dashes), Ok(exec));
    }

    #[test]
    fn wrong_words_are_refused_by_name() {
        let refused = |words: &str| parse_words(words).expect_err(words);
        assert!(refused("").contains("no command"));
        assert!(refused("serve").contains("serve"));
        assert!(refused("--frobnicate").contains("--frobnicate"));
        assert!(refused("init /p").contains("/p"));
        assert!(refused("init --foreground --background").contains("not both"));
        assert!(refused("share").contains("no PATH"));
        assert!(refused("share /p /q").contains("/q"));
        assert!(refused(&format!("share /{}", "p".repeat(107))).contains("107 octets"));
        assert!(refused("share /p --mode 1777").contains("octal"));
        assert!(refused("share /p --mode rw").contains("octal"));
        assert!(refused("share /p --owner root").contains("UID:GID"));
        assert!(refused("share /p --owner 4294967295").contains("UID:GID"));
        assert!(refused("share /p --owner 0:").contains("UID:GID"));
        assert!(refused("test").contains("no PATH"));
        assert!(refused("unshare /p -m").contains("-m"));
        assert!(refused("list /p").contains("/p"));
        assert!(refused("exec").contains("no COMMAND"));
        assert!(refused("exec -m /p:3").contains("no COMMAND"));
        assert!(refused("exec run").contains("no -m"));
        assert!(refused("exec -m /p run").contains("PATH:FD"));
        assert!(refused("exec -m :3 run").contains("PATH:FD"));
        assert!(refused("exec -m /p:2 run").contains("3 or more"));
        assert!(refused("exec -m /p:-1 run").contains("3 or more"));
        assert!(refused("exec -m /p:3 -m /q:3 run").contains("descriptor 3"));
        assert!(refused("exec -m /p:3 -m /p:4 run").contains("/p is given twice"));
        assert!(refused("exec -m /p:3 --timeout 1.5 run").contains("seconds"));
    }
}
