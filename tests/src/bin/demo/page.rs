//! How the demo looks: headings and colour on a terminal, plain lines in a file or pipe.

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
};

const BOLD: &str = "\x1b[1m";
const GREEN: &str = "\x1b[32m";
const RED: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

/// Where the demo writes.
pub(crate) struct Page {
    colour: bool,
}

impl Page {
    /// In colour on a terminal, unless `NO_COLOR` asks not to.
    pub(crate) fn for_standard_output() -> Self {
        let wanted = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            colour: wanted && io::stdout().is_terminal(),
        }
    }

    pub(crate) fn heading(&self, text: &str) {
        write(&format!("\n{}", self.painted(BOLD, text)));
    }

    pub(crate) fn line(&self, text: &str) {
        write(&format!("  {}", text.trim_end()));
    }

    pub(crate) fn row(&self, name: &str, value: &str) {
        write(&format!("  {name:<14} {value}"));
    }

    pub(crate) fn good(&self, text: &str) {
        write(&format!("\n{} {text}", self.painted(GREEN, "OK")));
    }

    pub(crate) fn bad(&self, text: &str) {
        write(&format!("\n{} {text}", self.painted(RED, "FAILED")));
    }

    fn painted(&self, colour: &str, text: &str) -> String {
        if self.colour {
            format!("{colour}{text}{PLAIN}")
        } else {
            text.to_owned()
        }
    }
}

/// A reader that went away, as `head` does, must not make the demo fail.
fn write(text: &str) {
    drop(writeln!(io::stdout().lock(), "{text}"));
}
