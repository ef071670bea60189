//! sdk-rpc-build: makes Rust of the schema of a service that uses sdk-rpc, from its build script.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), sdk_rpc_build::Error> {
//!     sdk_rpc_build::schema("schema/hello.capnp")
//! }
//! ```
//!
//! The module goes to the crate's root, under the schema's name:
//!
//! ```ignore
//! mod hello_capnp {
//!     include!(concat!(env!("OUT_DIR"), "/hello_capnp.rs"));
//! }
//! ```
//!
//! A crate of its own, because a build dependency on sdk-rpc would build all of it a second time. The
//! schemas of sdk-rpc are not in here: sdk-rpc tells where its own are, so that a service always imports
//! those of the version it is linked with.

#![forbid(unsafe_code)]

mod checked_in;
mod compiler;
mod error;
mod provided;
mod source;
#[cfg(test)]
mod tests;

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

pub use error::{Absent, Error};

/// Says where sdk-rpc's schemas are: cargo sets it for who depends on sdk-rpc directly.
const PROVIDED: &str = "DEP_SDK_RPC_SCHEMA";
/// Names the schema compiler, where it is not `capnp` on the path.
const COMPILER: &str = "CAPNP";
/// Set to 1, the compiled schema is written beside its source, to be checked in.
const CHECK_IN: &str = "SDK_RPC_CHECK_IN";

/// Makes `OUT_DIR/NAME_capnp.rs` of `path`, a schema `NAME.capnp`, which is relative to the crate's folder.
///
/// The schema may import `/calfkit.capnp`; what is imported from there is `sdk_rpc`'s in the generated Rust,
/// which refers to `sdk_rpc::capnp` and needs no other crate. A file that it imports by a relative path needs
/// a call of its own.
///
/// The installed `capnp` compiles it. Where there is none, or one that is older than 0.8, the compiled schema
/// beside it (`NAME.cgr`) is taken if it is of this source, as `NAME.cgr.of` says. With `SDK_RPC_CHECK_IN=1`
/// both are written.
///
/// # Errors
/// When this is no build script of a crate that depends on sdk-rpc, the schema has a mistake (the compiler's
/// words are in the error), or there is neither a compiler nor a compiled schema: what to do about it is said.
pub fn schema(path: impl AsRef<Path>) -> Result<(), Error> {
    let variable = |name| env::var_os(name).ok_or(Error::Variable(name));
    let build = Build {
        crate_folder: variable("CARGO_MANIFEST_DIR")?.into(),
        schema: path.as_ref().to_path_buf(),
        output: variable("OUT_DIR")?.into(),
        provided: variable(PROVIDED)?.into(),
        compiler: env::var_os(COMPILER).unwrap_or_else(|| "capnp".into()),
        check_in: env::var_os(CHECK_IN).is_some_and(|value| value == "1"),
    };
    for line in build.run()? {
        println!("{line}");
    }
    Ok(())
}

/// Whether the compiled schema beside `path`, if there is one, is of this source: for a test of a crate that
/// checks one in. `path` is relative to the working directory, which is the crate's folder in its tests.
///
/// # Errors
/// A file cannot be read.
pub fn is_current(path: impl AsRef<Path>) -> Result<bool, Error> {
    let folder = Path::new("");
    let sources = source::with_imports(folder, path.as_ref())?;
    let compiled = checked_in::Files::of(folder, path.as_ref());
    Ok(compiled.exist() && compiled.check(&sources)?.is_none())
}

/// One schema to be made Rust of, and all that this depends on.
struct Build {
    crate_folder: PathBuf,
    /// From the crate's folder.
    schema: PathBuf,
    output: PathBuf,
    /// The folder of sdk-rpc's schemas.
    provided: PathBuf,
    compiler: OsString,
    check_in: bool,
}

impl Build {
    /// Does it, and gives what cargo is to be told.
    fn run(&self) -> Result<Vec<String>, Error> {
        let sources = source::with_imports(&self.crate_folder, &self.schema)?;
        let compiled = checked_in::Files::of(&self.crate_folder, &self.schema);
        let mut told = Vec::new();
        let request = match compiler::find(&self.compiler) {
            Ok(()) => {
                let request = self.compile()?;
                if self.check_in {
                    compiled.write(&request, &sources)?;
                } else if compiled.exist() && compiled.check(&sources)?.is_some() {
                    told.push(format!(
                        "cargo::warning={} is not of this source: build once with {CHECK_IN}=1",
                        compiled.request.display()
                    ));
                }
                request
            }
            Err(absent) => compiled.read(&self.schema, &sources, absent)?,
        };
        fs::create_dir_all(&self.output).map_err(Error::file(&self.output))?;
        capnpc::codegen::CodeGenerationCommand::new()
            .output_directory(&self.output)
            .capnp_root("::sdk_rpc::capnp")
            .crates_provide_map(provided::files(&self.provided)?)
            .run(request.as_slice())
            .map_err(|error| Error::Generate(error.to_string()))?;
        told.extend([COMPILER, CHECK_IN].map(|name| format!("cargo::rerun-if-env-changed={name}")));
        let files = sources.iter().map(|source| &source.path);
        // Cargo takes a file that is not there for one that changed.
        let files = files.chain(compiled.present()).chain([&self.provided]);
        told.extend(files.map(|file| format!("cargo::rerun-if-changed={}", file.display())));
        Ok(told)
    }

    fn compile(&self) -> Result<Vec<u8>, Error> {
        let imports = [self.provided.clone(), self.provided.join("include")];
        compiler::compile(&self.compiler, &self.crate_folder, &self.schema, &imports)
    }
}
