//! One run of the `hostile` program, as a test sees it.

use std::{
    env,
    ffi::OsString,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// The end of a calf that made a forbidden call.
pub(crate) const KILLED: &str = "was killed by policy (SIGSYS)";

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Why there was no calf, or none to be trusted.
    pub(crate) refused: Option<String>,
    /// Layers in force.
    pub(crate) layers: Vec<String>,
    /// What the calf wrote.
    pub(crate) said: Vec<String>,
    /// How it ended.
    pub(crate) end: Option<String>,
}

impl Outcome {
    pub(crate) fn end(&self) -> &str {
        self.end.as_deref().unwrap_or_default()
    }

    pub(crate) fn refused(&self) -> &str {
        self.refused.as_deref().unwrap_or_default()
    }

    fn note(&mut self, line: &str) {
        let (kind, text) = line.split_once(": ").unwrap_or((line, ""));
        match kind {
            "layers" => {
                let in_force = text
                    .split(' ')
                    .filter_map(|word| word.strip_suffix("=in-force"));
                self.layers = in_force.map(str::to_owned).collect();
            }
            "said" => self.said.push(text.to_owned()),
            "end" => self.end = Some(text.to_owned()),
            "refused" => self.refused = Some(text.to_owned()),
            _ => {}
        }
    }
}

/// The program that was built for this test run.
pub(crate) fn program() -> OsString {
    env::var_os("CALFKIT_BIN_HOSTILE")
        .expect("CALFKIT_BIN_HOSTILE is not set: run `cargo xtask test`")
}

/// The same, linked statically.
pub(crate) fn static_program() -> OsString {
    env::var_os("CALFKIT_BIN_HOSTILE_STATIC")
        .expect("CALFKIT_BIN_HOSTILE_STATIC is not set: run `cargo xtask test`")
}

/// Runs `hostile` with these words to its end.
pub(crate) fn run(words: &[&str]) -> Outcome {
    run_program(&program(), words)
}

pub(crate) fn run_program(program: &OsString, words: &[&str]) -> Outcome {
    let held = Held::start(Command::new(program).args(words));
    held.finish()
}

/// A run whose calf is confined and waits.
pub(crate) struct Held {
    pub(crate) child: Child,
    /// The calf.
    pub(crate) pid: i32,
    /// Its end lets the calf go on.
    go: ChildStdin,
    lines: BufReader<ChildStdout>,
    outcome: Outcome,
}

impl Held {
    /// Starts it, and returns when the calf is verified or refused.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("hostile starts");
        let go = child.stdin.take().expect("standard input is piped");
        let mut lines = BufReader::new(child.stdout.take().expect("standard output is piped"));
        let mut outcome = Outcome::default();
        let mut pid = 0;
        let mut line = String::new();
        while lines
            .read_line(&mut line)
            .expect("hostile's output is text")
            > 0
        {
            outcome.note(line.trim_end());
            if let Some(text) = line.trim_end().strip_prefix("calf: ") {
                pid = text.parse().expect("a process id");
            }
            if line.starts_with("layers: ") {
                break;
            }
            line.clear();
        }
        Self {
            child,
            pid,
            go,
            lines,
            outcome,
        }
    }

    /// Lets the calf go on, and waits for its end.
    pub(crate) fn finish(mut self) -> Outcome {
        // A run that was refused has ended and reads nothing.
        drop(self.go.write_all(b"\n"));
        for line in self.lines.lines() {
            self.outcome.note(&line.expect("hostile's output is text"));
        }
        self.child.wait().expect("hostile can be waited for");
        self.outcome
    }
}
