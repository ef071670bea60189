//! `cargo xtask ci`: what `.ci/run` calls. Every check, every test and every fuzzer once, on a machine with nothing prepared.

use std::ffi::OsString;

use crate::check;
use crate::debian::Consent;
use crate::failure::{Failure, no_more_words};
use crate::verdict::Extent;

pub(crate) fn main(words: Vec<OsString>) -> Result<(), Failure> {
    no_more_words("ci", words)?;
    check::everything(Consent::Given, Extent::All)
}
