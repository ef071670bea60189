//! The C++ `capnp`: whether there is one that will do, and what it makes of a schema.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Absent, Error};

/// The first version that knows `-> stream`: major, minor.
const STREAMS: (u32, u32) = (0, 8);

/// Fails unless `program` is a compiler that is new enough.
pub(crate) fn find(program: &OsStr) -> Result<(), Absent> {
    let output = Command::new(program).arg("--version").output();
    let output = output
        .map_err(|error| Absent::NotFound(program.to_string_lossy().into_owned(), error.kind()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let version = said.split_whitespace().last().unwrap_or_default();
    let mut numbers = version.split(['.', '-']).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= STREAMS => Ok(()),
        (Some(Ok(_)), Some(Ok(_))) => Err(Absent::TooOld(version.to_owned())),
        _ => Err(Absent::Unknown(said.trim().to_owned())),
    }
}

/// What the compiler makes of `schema`: a CodeGeneratorRequest.
///
/// It runs in the crate's folder and gets the path as it was given, so that its errors name the file as its
/// author does; the prefix keeps the folder out of the result, whose file name becomes that of the module.
pub(crate) fn compile(
    program: &OsStr,
    folder: &Path,
    schema: &Path,
    imports: &[PathBuf],
) -> Result<Vec<u8>, Error> {
    let mut command = Command::new(program);
    // It would be compared with the working directory, and differ.
    command.current_dir(folder).env_remove("PWD");
    command.args(["compile", "-o-"]);
    for import in imports {
        command.arg("-I").arg(import);
    }
    if let Some(parent) = schema.parent().filter(|parent| *parent != Path::new("")) {
        let mut prefix = OsString::from("--src-prefix=");
        prefix.push(parent);
        command.arg(prefix);
    }
    let output = command.arg(schema).output();
    let output = output.map_err(Error::file(Path::new(program)))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Error::Schema(said.trim_end().to_owned()))
    }
}
