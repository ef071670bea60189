//! Why there is no Rust of a schema. Cargo shows the `Debug` form of what a build script's `main` returns,
//! so that it is the same as the text.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use crate::CHECK_IN;

/// Why there is no schema compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It could not be started; this was tried, and this the system's answer.
    NotFound(String, io::ErrorKind),
    /// It is of this version, which does not know streams.
    TooOld(String),
    /// It did not say of which version it is; what it said instead.
    Unknown(String),
}

impl fmt::Display for Absent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(program, why) => write!(formatter, "`{program}` cannot be run ({why})"),
            Self::TooOld(version) => {
                write!(formatter, "`capnp` is version {version}, 0.8 is needed")
            }
            Self::Unknown(said) => write!(formatter, "`capnp --version` said {said:?}"),
        }
    }
}

/// Why there is no Rust of a schema.
pub enum Error {
    /// A file could not be read or written.
    File(PathBuf, io::Error),
    /// The compiled schema could not be made Rust of.
    Generate(String),
    /// There is neither a compiler nor a compiled schema.
    NoCompiler {
        /// The schema.
        schema: PathBuf,
        /// What is the matter with the compiler.
        absent: Absent,
    },
    /// The schema has a mistake. What the compiler says of it, with file and line.
    Schema(String),
    /// There is no compiler, and the compiled schema is of another source.
    Stale {
        /// The compiled schema.
        compiled: PathBuf,
        /// Which source it does not fit.
        source: String,
        /// What is the matter with the compiler.
        absent: Absent,
    },
    /// Cargo sets this variable for build scripts of crates that depend on sdk-rpc directly, and it is not
    /// set.
    Variable(&'static str),
}

impl Error {
    /// For `map_err` on file operations.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        |error| Self::File(path, error)
    }
}

const INSTALL: &str = "install capnp 0.8 or later (Debian: apt-get install capnproto), or name one by the variable CAPNP";

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(formatter, "{}: {error}", path.display()),
            Self::Generate(why) => write!(formatter, "no Rust could be made of the schema: {why}"),
            Self::NoCompiler { schema, absent } => write!(
                formatter,
                "{} cannot be compiled, {absent}: {INSTALL}; or check in the compiled schema, which whoever has \
                 capnp gets beside it by building once with {CHECK_IN}=1",
                schema.display()
            ),
            Self::Schema(said) => write!(formatter, "the schema has a mistake\n{said}"),
            Self::Stale {
                compiled,
                source,
                absent,
            } => write!(
                formatter,
                "{} is not of this {source}, and {absent}: {INSTALL}, and build once with {CHECK_IN}=1",
                compiled.display()
            ),
            Self::Variable(name) => write!(
                formatter,
                "{name} is not set: call this from a build script, in a crate that has sdk-rpc in its [dependencies]"
            ),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::error::Error for Error {}
