//! `Log`: what a calf may say, in lines or in records. priv limits the rate and length, and prints it as
//! the calf's.

mod rate;
mod record;

use std::future::Future;

pub use rate::RateLimited;
pub use record::{Field, FieldValue, Record};
pub(crate) use record::{is_field_name, is_name};

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

/// Takes lines, records and counters.
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

    /// One record. A log that keeps no records takes it as the line that it is as text.
    fn record(&self, record: Record) -> impl Future<Output = Result<(), Error>> {
        async move { self.line(record.level(), &record.to_string()).await }
    }
}
