//! Into the background: without a terminal, a folder or anybody's standard streams.

use std::{fs::File, io};

use nix::unistd::{chdir, dup2_stderr, dup2_stdin, dup2_stdout, setsid};

use crate::events::Events;

/// Gives up everything that belongs to whoever started the program.
pub(super) fn leave_terminal(events: &Events) -> io::Result<()> {
    // A child of the launcher leads no process group, so this is not refused.
    setsid()?;
    // A folder that a daemon is in cannot be unmounted.
    chdir("/")?;
    events.log().leave_terminal();
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&nothing)?;
    dup2_stdout(&nothing)?;
    dup2_stderr(&nothing)?;
    Ok(())
}
