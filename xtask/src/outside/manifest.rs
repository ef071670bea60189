//! The manifest of a member as it must be where there is no workspace around it.

use std::path::Path;

use toml::{Table, Value};

use crate::failure::Failure;

/// Reads a manifest.
pub(super) fn read(path: &Path) -> Result<Table, Failure> {
    let text = std::fs::read_to_string(path).map_err(Failure::file(path))?;
    text.parse()
        .map_err(|error: toml::de::Error| Failure::Unexpected {
            program: path.display().to_string(),
            reason: error.to_string(),
        })
}

/// `member` with everything that it inherits from `workspace` written out, and each crate of `unpacked` (name and
/// folder) taken from its folder. It is a workspace of its own, whatever folder it is in.
pub(super) fn alone(member: &Table, workspace: &Table, unpacked: &[(String, String)]) -> Table {
    let shared = |name: &str| {
        workspace
            .get("workspace")
            .and_then(|shared| shared.get(name))
    };
    let mut alone = Table::new();
    for (section, value) in member {
        let entries = value.as_table();
        match (section.as_str(), entries) {
            // The lints are this repository's.
            ("lints", _) => {}
            ("package", Some(entries)) => {
                let written = entries.iter().map(|(key, value)| {
                    let shared = shared("package").and_then(|package| package.get(key));
                    let value = if inherits(value) {
                        shared.unwrap_or(value)
                    } else {
                        value
                    };
                    (key.clone(), value.clone())
                });
                alone.insert(section.clone(), Value::Table(written.collect()));
            }
            ("dependencies" | "build-dependencies" | "dev-dependencies", Some(entries)) => {
                let written = entries.iter().map(|(name, value)| {
                    let shared = shared("dependencies").and_then(|all| all.get(name));
                    (name.clone(), dependency(name, value, shared, unpacked))
                });
                alone.insert(section.clone(), Value::Table(written.collect()));
            }
            (_, Some(_) | None) => {
                alone.insert(section.clone(), value.clone());
            }
        }
    }
    alone.insert("workspace".to_owned(), Value::Table(Table::new()));
    alone
}

fn inherits(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// One dependency: what the member says of it, over what the workspace says of it.
fn dependency(
    name: &str,
    value: &Value,
    shared: Option<&Value>,
    unpacked: &[(String, String)],
) -> Value {
    let table = |value: &Value| match value {
        Value::Table(table) => table.clone(),
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_) => Table::from_iter([("version".to_owned(), value.clone())]),
    };
    let mut written = match shared {
        Some(shared) if inherits(value) => table(shared),
        Some(_) | None => Table::new(),
    };
    written.extend(table(value));
    written.remove("workspace");
    if let Some((_, folder)) = unpacked.iter().find(|(unpacked, _)| unpacked == name) {
        written.insert("path".to_owned(), Value::String(folder.clone()));
    }
    Value::Table(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inherited_is_written_out_and_the_unpacked_crates_are_where_they_are() {
        let workspace = "[workspace.package]\nversion = \"7.0.0\"\n[workspace.dependencies]\n\
            layer = { path = \"layer\" }\nrun = { version = \"1\", default-features = false }\nsmall = \"2\"\n";
        let member = "[package]\nname = \"x\"\nversion.workspace = true\n[lints]\nworkspace = true\n\
            [dependencies]\nlayer.workspace = true\nrun = { workspace = true, features = [\"a\"] }\n\
            small.workspace = true\nown = \"3\"\n[features]\nextra = []\n";
        let expected = "[package]\nname = \"x\"\nversion = \"7.0.0\"\n[dependencies]\n\
            layer = { path = \"../layer-7.0.0\" }\n\
            run = { version = \"1\", default-features = false, features = [\"a\"] }\n\
            small = { version = \"2\" }\nown = { version = \"3\" }\n[features]\nextra = []\n[workspace]\n";
        let unpacked = [("layer".to_owned(), "../layer-7.0.0".to_owned())];
        let [workspace, member, expected] =
            [workspace, member, expected].map(|text| text.parse::<Table>().unwrap());
        assert_eq!(alone(&member, &workspace, &unpacked), expected);
    }
}
