//! `cargo xtask test`: the one test command. On a fresh machine it installs what the tests need, builds, and runs all.

use std::ffi::OsString;

use lexopt::Arg::{Long, Value};

use crate::binaries::Binaries;
use crate::debian::{self, Consent};
use crate::failure::Failure;
use crate::tools;
use crate::verdict::{self, Extent, Verdict};

struct Options {
    yes: bool,
    slow: bool,
    nextest: Vec<OsString>,
}

impl Options {
    fn parse(words: Vec<OsString>) -> Result<Self, Failure> {
        let mut options = Self {
            yes: false,
            slow: false,
            nextest: Vec::new(),
        };
        let mut words = words.into_iter();
        let own: Vec<OsString> = words.by_ref().take_while(|word| word != "--").collect();
        options.nextest = words.collect();
        let mut parser = lexopt::Parser::from_args(own);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("yes") => options.yes = true,
                Long("slow") => options.slow = true,
                Long(_) | lexopt::Arg::Short(_) | Value(_) => {
                    return Err(argument.unexpected().into());
                }
            }
        }
        Ok(options)
    }
}

pub(crate) fn main(words: Vec<OsString>) -> Result<(), Failure> {
    let options = Options::parse(words)?;
    let extent = if options.slow || std::env::var_os("CI").is_some() {
        Extent::All
    } else {
        Extent::Fast
    };
    debian::provide(debian::FOR_TESTS, Consent::new(options.yes))?;
    tools::provide(&tools::NEXTEST)?;
    let binaries = Binaries::build()?;
    let mut verdict = Verdict::default();
    let tests = verdict::run_nextest(&binaries, extent, &options.nextest, &mut verdict);
    // A person who chose some tests does not want the doc tests; and failed tests are reported as they are.
    let doc_tests = if options.nextest.is_empty() {
        verdict::run_optional_parts(&mut verdict)
            .and_then(|()| verdict::run_doc_tests(&mut verdict))
    } else {
        eprintln!(
            "left out: the tests of optional parts and the doc tests, because tests were chosen after `--`"
        );
        Ok(())
    };
    verdict::say_what_is_left_out(extent);
    println!("{verdict}");
    tests.and(doc_tests)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options, Failure> {
        Options::parse(words.iter().map(OsString::from).collect())
    }

    #[test]
    fn words_after_two_dashes_belong_to_nextest() {
        let options = parse(&["--yes", "--", "--slow", "some_test"]).unwrap();
        assert!(options.yes && !options.slow);
        assert_eq!(options.nextest, ["--slow", "some_test"]);
    }

    #[test]
    fn an_unknown_option_is_a_usage_failure() {
        for words in [&["--fast"][..], &["name"][..], &["-y"][..]] {
            let failure = parse(words).err().unwrap();
            assert_eq!(failure.exit_code(), crate::failure::EXIT_USAGE);
        }
    }
}
