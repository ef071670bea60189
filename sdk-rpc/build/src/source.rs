//! The text of a schema and of the files that it imports by a relative path: what a compiled schema must
//! be of.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::Error;

/// One file, in a form that tells it from another text of it.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// From the schema's folder.
    pub(crate) name: String,
    pub(crate) hash: u64,
}

/// The schema, and then what it imports, each once.
pub(crate) fn with_imports(crate_folder: &Path, schema: &Path) -> Result<Vec<Source>, Error> {
    let schema = crate_folder.join(schema);
    let folder = schema.parent().unwrap_or(crate_folder).to_path_buf();
    let mut found: Vec<Source> = Vec::new();
    let mut waiting = vec![schema];
    while let Some(path) = waiting.pop() {
        if found.iter().any(|source| source.path == path) {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let beside = path.parent().unwrap_or(&folder);
        // One that is not there is the compiler's to complain of, with its line.
        let imported = imports(&text).map(|name| beside.join(name));
        waiting.extend(imported.filter(|path| path.is_file()));
        let name = path.strip_prefix(&folder).unwrap_or(&path);
        found.push(Source {
            name: name.to_string_lossy().into_owned(),
            hash: fnv1a(text.as_bytes()),
            path,
        });
    }
    Ok(found)
}

/// The relative paths that a schema imports. Absolute ones are other packages'.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(|line| line.split("import").skip(1))
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
        .filter(|name| !name.starts_with('/'))
}

/// FNV-1a, 64 bits: tells a text from another one, and is no protection against anybody.
fn fnv1a(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv1a() {
        // Test vectors of its authors.
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn relative_imports_are_found_and_others_are_not() {
        let text = "using A = import \"a.capnp\";\n# import \"no.capnp\"\n\
                    using B = import \"/calfkit.capnp\"; x @0 :import \"b/c.capnp\".C;";
        assert_eq!(imports(text).collect::<Vec<_>>(), ["a.capnp", "b/c.capnp"]);
    }
}
