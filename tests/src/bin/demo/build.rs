//! The client that is shown is the one of this tree: built now, unless the environment names one.

use std::{
    ffi::OsString,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{Failure, named_by, page::Page};

/// Path of the `dhcp-client` binary.
pub(crate) fn client(page: &Page) -> Result<OsString, Failure> {
    if let Some(path) = named_by("CALFKIT_BIN_DHCP_CLIENT") {
        return Ok(path);
    }
    page.line("building dhcp-client (about a minute the first time)");
    let cargo = named_by("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--package",
            "dhcp-client",
            "--bin",
            "dhcp-client",
        ])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure(format!("cargo cannot be started: {error}")))?;
    if !output.status.success() {
        return Err(Failure::new("dhcp-client does not build; see above"));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let ours = message["target"]["name"] == "dhcp-client";
        message["executable"]
            .as_str()
            .filter(|_| ours)
            .map(OsString::from)
    };
    let built = messages.lines().find_map(executable);
    built.ok_or_else(|| Failure::new("cargo did not say where it put dhcp-client"))
}
