//! The short commands: one question to the daemon, one answer.

use std::{
    io::{self, Read as _, Write as _},
    os::{fd::OwnedFd, unix::net::UnixStream},
    time::{Duration, Instant},
};

use crate::{
    failure::Failure,
    print,
    protocol::{self, Answer, Question},
    socket_file::dial,
};

/// How long a daemon may take to answer; it does at once, unless it is stopped.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is sent through a tested pair.
const PROBE: [u8; 4] = *b"ping";

/// Asks the daemon at `socket`, and shows what it says.
pub(crate) fn ask(socket: &str, question: &Question) -> Result<(), Failure> {
    let no_daemon = |error| Failure::NoDaemon {
        socket: socket.to_owned(),
        error,
    };
    let path = match question {
        Question::Share { path, .. } | Question::Unshare { path } | Question::Test { path } => path,
        Question::List => socket,
    };
    let deadline = Instant::now() + PATIENCE;
    let daemon = dial(socket).map_err(no_daemon)?;
    // A daemon that refuses this user has answered and closed before it is asked: hear it all the same.
    let asked = protocol::say(&daemon, &question.to_string(), &[]);
    let foreign = || Failure::Foreign {
        path: socket.to_owned(),
    };
    match protocol::hear(&daemon, deadline) {
        Ok(Answer::Done { text, ends }) => show(question, path, &text, ends),
        Ok(Answer::No(why) | Answer::Wait(why)) => Err(Failure::Refused {
            path: path.to_owned(),
            why,
        }),
        Ok(Answer::End(_)) => Err(foreign()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(foreign()),
        Err(error) => Err(no_daemon(asked.err().unwrap_or(error))),
    }
}

fn show(question: &Question, path: &str, text: &str, ends: Vec<OwnedFd>) -> Result<(), Failure> {
    match question {
        Question::Share { .. } | Question::Unshare { .. } => Ok(()),
        Question::List => print(text),
        Question::Test { .. } => {
            let crossed = <[OwnedFd; 2]>::try_from(ends).is_ok_and(|[a, b]| {
                let (mut a, mut b) = (UnixStream::from(a), UnixStream::from(b));
                crosses(&mut a, &mut b).is_ok() && crosses(&mut b, &mut a).is_ok()
            });
            if crossed {
                print(&format!("{path}: both ways work\n"))
            } else {
                Err(Failure::Crossed {
                    path: path.to_owned(),
                })
            }
        }
    }
}

/// Sends a few octets from one end to the other.
fn crosses(from: &mut UnixStream, to: &mut UnixStream) -> io::Result<()> {
    to.set_read_timeout(Some(PATIENCE))?;
    from.write_all(&PROBE)?;
    let mut arrived = [0; PROBE.len()];
    to.read_exact(&mut arrived)?;
    if arrived == PROBE {
        Ok(())
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}
