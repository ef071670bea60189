//! The schemas that sdk-rpc has, and has Rust of: a service that imports one refers to that Rust.

use std::{collections::HashMap, fs, path::Path};

use crate::Error;

/// The crate, as its users spell it.
const CRATE: &str = "sdk_rpc";

/// The id of each schema in `folder`, and the crate that has its Rust.
pub(crate) fn files(folder: &Path) -> Result<HashMap<u64, String>, Error> {
    let mut found = HashMap::new();
    for entry in fs::read_dir(folder).map_err(Error::file(folder))? {
        let path = entry.map_err(Error::file(folder))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "capnp")
        {
            let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
            if let Some(id) = id(&text) {
                found.insert(id, CRATE.to_owned());
            }
        }
    }
    Ok(found)
}

/// The id that a schema file gives itself, on a line of its own.
fn id(text: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.trim().strip_prefix("@0x")?.strip_suffix(';'))
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
}
