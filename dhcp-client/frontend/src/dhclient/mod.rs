//! dhclient's words: ISC's command line and dhclient.conf(5), what dhclient-script(8) is told, and
//! dhclient.leases(5).

mod command_line;
mod configuration;
mod data;
mod date;
mod declarations;
pub mod environment;
mod expression;
mod format;
pub mod lease_file;
mod section;
mod settings;
mod standard;
mod statement;
#[cfg(test)]
mod tests;
mod tokens;
mod usage;
mod vocabulary;
mod words;
mod written;

pub(crate) use command_line::parse;
pub use vocabulary::Vocabulary;
