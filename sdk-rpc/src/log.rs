//! `Log`: what a calf may say. priv limits the rate and length, and prints it as the calf's.

use std::future::Future;

use crate::Error;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For developers.
    Debug,
    /// For the record.
    Info,
    /// Something is not as it should be.
    Warn,
}

/// A named count, growing only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Dotted, lower case, printable.
    pub name: String,
    /// How often.
    pub value: u64,
}

/// Takes lines and counters.
pub trait Log {
    /// One line, without a newline.
    fn line(&self, level: Level, text: &str) -> impl Future<Output = Result<(), Error>>;
    /// The current value of every counter that is not 0, and the name of the state that the service is
    /// in.
    fn counters(
        &self,
        counters: Vec<Counter>,
        state: &str,
    ) -> impl Future<Output = Result<(), Error>>;
}
