//! Runs the steps of a longer chore one after the other and says at the end what each took.
//!
//! Nothing is left out silently: a step that does not apply is a [`Outcome::Skipped`] with its reason, and the reason
//! is in the summary.

use std::time::{Duration, Instant};

use crate::failure::Failure;

/// How a step ended when it did not fail.
pub(crate) enum Outcome {
    /// It did its work.
    Done,
    /// It could not apply here; the text says why.
    Skipped(String),
}

/// The steps of one chore so far. The first failure ends the chore: see [`Steps::run`].
pub(crate) struct Steps {
    rows: Vec<Row>,
    started: Instant,
}

struct Row {
    name: &'static str,
    took: Duration,
    result: String,
}

impl Steps {
    /// Begins a chore; the total time counts from here.
    pub(crate) fn new() -> Self {
        Self {
            rows: Vec::new(),
            started: Instant::now(),
        }
    }

    /// Runs one step. When it fails, prints the failure and the summary, and returns [`Failure::Step`] with its name.
    pub(crate) fn run(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<Outcome, Failure>,
    ) -> Result<(), Failure> {
        eprintln!("== {name}");
        let begun = Instant::now();
        let outcome = work();
        let took = begun.elapsed();
        let (result, ended) = match outcome {
            Ok(Outcome::Done) => ("ok".to_owned(), Ok(())),
            Ok(Outcome::Skipped(why)) => {
                eprintln!("{name}: SKIPPED: {why}");
                (format!("SKIPPED: {why}"), Ok(()))
            }
            Err(failure) => {
                eprintln!("{name}: {failure}");
                ("FAILED".to_owned(), Err(Failure::Step(name.to_owned())))
            }
        };
        self.rows.push(Row { name, took, result });
        if ended.is_err() {
            self.print_summary();
        }
        ended
    }

    /// Prints every step with its time and outcome.
    pub(crate) fn print_summary(&self) {
        eprint!("{}", self.summary());
    }

    fn summary(&self) -> String {
        let width = self
            .rows
            .iter()
            .map(|row| row.name.len())
            .max()
            .unwrap_or(0);
        let mut text = String::from("== summary\n");
        for row in &self.rows {
            text.push_str(&format!(
                "{:<width$}  {:>7.1} s  {}\n",
                row.name,
                row.took.as_secs_f64(),
                row.result
            ));
        }
        text.push_str(&format!(
            "{:<width$}  {:>7.1} s\n",
            "total",
            self.started.elapsed().as_secs_f64()
        ));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_named_in_the_error_and_in_the_summary() {
        let mut steps = Steps::new();
        steps.run("first", || Ok(Outcome::Done)).unwrap();
        steps
            .run("second", || Ok(Outcome::Skipped("no such tool".into())))
            .unwrap();
        let failed = steps.run("third", || Err(Failure::Missing("gone".into())));
        assert!(matches!(failed, Err(Failure::Step(name)) if name == "third"));
        let summary = steps.summary();
        let lines: Vec<&str> = summary.lines().collect();
        assert!(lines[1].starts_with("first ") && lines[1].ends_with("ok"));
        assert!(lines[2].ends_with("SKIPPED: no such tool"));
        assert!(lines[3].starts_with("third ") && lines[3].ends_with("FAILED"));
    }
}
