//! hello-calf: what the steps of the tutorial (README.md) have in common, each part made in the step that
//! first needs it.

#![forbid(unsafe_code)]

mod calf;
mod doorman;
pub mod hello_capnp;
mod house;
mod output;
mod run;

pub use calf::start;
pub use doorman::{Doorman, Tally};
pub use house::{House, Watching};
pub use output::relay;
pub use run::{Outcome, run};
