//! udhcpc's words: the command line of BusyBox' client, and what its scripts are told.
//!
//! It has no configuration file and no lease file: one interface, one script, all on the command line.

mod command_line;
pub mod environment;
mod extra;
mod options;
#[cfg(test)]
mod tests;
mod usage;
mod words;

pub(crate) use command_line::parse;
