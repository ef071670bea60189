//! What the crates may depend on, and the shape that all files keep: the architecture as assertions.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Lines after which a file is two files.
const LONGEST_FILE: usize = 500;

/// Names that say nothing.
const BANNED_NAMES: [&str; 9] = [
    "util", "utils", "common", "misc", "helper", "helpers", "manager", "handler", "types",
];

/// Where `unsafe` may be: the packet socket, the sandbox's backends, the ring's memory, and tests.
const UNSAFE_FOLDERS: [&str; 4] = [
    "dhcp-client/network/",
    "calf-sandbox/",
    "sdk-rpc/src/ring/",
    "tests/",
];

fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .parent()
        .expect("the package is inside the workspace")
        .to_owned()
}

fn metadata() -> Value {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // The one target there is: crates of other systems need not have been downloaded.
    let words = "metadata --format-version 1 --offline --locked \
                 --filter-platform x86_64-unknown-linux-gnu";
    let words = words.split_whitespace();
    let output = Command::new(cargo)
        .args(words)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

/// Names of the crates that a member's own code (not its tests, not its build script) uses.
fn direct(metadata: &Value, member: &str) -> BTreeSet<String> {
    let packages = list(&metadata["packages"]);
    let package = packages
        .iter()
        .find(|p| p["name"] == member && p["source"].is_null());
    let package = package.unwrap_or_else(|| panic!("no member {member}"));
    let normal = list(&package["dependencies"])
        .iter()
        .filter(|d| d["kind"].is_null());
    normal
        .map(|dependency| text(&dependency["name"]).to_owned())
        .collect()
}

fn assert_only(member: &str, allowed: &[&str]) {
    let found = direct(&metadata(), member);
    let allowed: BTreeSet<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
    let more: Vec<_> = found.difference(&allowed).collect();
    assert!(
        more.is_empty(),
        "{member} may not depend on {more:?}: its dependencies are its audit"
    );
    let unused: Vec<_> = allowed.difference(&found).collect();
    assert!(
        unused.is_empty(),
        "{member} does not use {unused:?} any more: shorten this list"
    );
}

/// Every crate that ends up in a member's binary.
fn tree(metadata: &Value, member: &str) -> BTreeSet<String> {
    let nodes: BTreeMap<&str, &Value> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|n| (text(&n["id"]), n))
        .collect();
    let packages = list(&metadata["packages"]);
    let name = |id: &str| {
        packages
            .iter()
            .find(|p| p["id"] == id)
            .map(|p| text(&p["name"]).to_owned())
    };
    let start = packages
        .iter()
        .find(|p| p["name"] == member && p["source"].is_null());
    let start = start.unwrap_or_else(|| panic!("no member {member}"));
    let mut seen = BTreeSet::new();
    let mut queue = VecDeque::from([text(&start["id"])]);
    while let Some(id) = queue.pop_front() {
        if !seen.insert(id) {
            continue;
        }
        for dependency in nodes.get(id).map_or(&[][..], |node| list(&node["deps"])) {
            if list(&dependency["dep_kinds"])
                .iter()
                .any(|kind| kind["kind"].is_null())
            {
                queue.push_back(text(&dependency["pkg"]));
            }
        }
    }
    seen.into_iter().filter_map(name).collect()
}

/// Every source file of the workspace, with its path below the root.
fn sources() -> Vec<(String, String)> {
    files(&root())
        .into_iter()
        .filter(|(path, _)| path.ends_with(".rs"))
        .collect()
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the workspace") {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .expect("an entry has a name")
                .to_string_lossy()
                .into_owned();
            let built = name == "target" || name.starts_with('.') || name == "proptest-regressions";
            if path.is_dir() && !built {
                folders.push(path);
            } else if let Ok(content) = fs::read_to_string(&path) {
                let below = path.strip_prefix(root()).expect("below the root");
                found.push((below.to_string_lossy().into_owned(), content));
            }
        }
    }
    found.sort();
    found
}

/// Code without its line comments.
fn without_comments(content: &str) -> String {
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    content.lines().map(code).collect::<Vec<_>>().join("\n")
}

fn violations<T: std::fmt::Debug>(found: &[T], rule: &str) {
    assert!(found.is_empty(), "{rule}: {found:#?}");
}

#[test]
fn dhcp_proto_uses_value_codecs_and_a_keyed_hash_only() {
    // dhcproto and smoltcp's wire types are codecs; hmac and md-5 are what RFC 6704 has DHCPFORCERENEW signed
    // with. None has a clock, I/O, or a source of chance that this crate calls.
    assert_only("dhcp-proto", &["dhcproto", "hmac", "md-5", "smoltcp"]);
}

#[test]
fn the_engine_uses_no_crate_that_makes_system_calls_for_it() {
    let found = direct(&metadata(), "dhcp-engine");
    let allowed = BTreeSet::from(["dhcp-proto", "sdk-rpc", "tokio", "futures", "calf-sandbox"]);
    let more: Vec<_> = found
        .iter()
        .filter(|name| !allowed.contains(name.as_str()))
        .collect();
    violations(&more, "the engine holds two RPC descriptors and a timer");
}

#[test]
fn the_schema_builder_uses_the_code_generator_and_not_the_sdk() {
    // A build dependency on sdk-rpc would build it twice.
    assert_only("sdk-rpc-build", &["capnpc"]);
}

#[test]
fn the_example_needs_the_two_layers_and_a_runtime() {
    // What a service of one's own has to have: not the crates that the layers are made of.
    assert_only("hello-calf", &["calf-sandbox", "sdk-rpc", "tokio"]);
}

#[test]
fn fdd_uses_what_passes_descriptors_and_no_crate_of_the_workspace() {
    assert_only(
        "fdd",
        &["close_fds", "command-fds", "lexopt", "nix", "rustix"],
    );
}

#[test]
fn sdk_rpc_and_calf_sandbox_do_not_know_each_other() {
    let metadata = metadata();
    assert!(!direct(&metadata, "sdk-rpc").contains("calf-sandbox"));
    assert!(!direct(&metadata, "calf-sandbox").contains("sdk-rpc"));
}

#[test]
fn no_layer_depends_on_a_service() {
    let metadata = metadata();
    let services = |member: &str| -> Vec<String> {
        direct(&metadata, member)
            .into_iter()
            .filter(|name| name.starts_with("dhcp"))
            .collect()
    };
    violations(
        &[services("sdk-rpc"), services("calf-sandbox")].concat(),
        "layers know no service",
    );
}

#[test]
fn the_layers_and_their_examples_do_not_contain_the_word_dhcp() {
    let layers = ["sdk-rpc", "calf-sandbox", "examples"].map(|layer| files(&root().join(layer)));
    let dhcp = |(_, content): &&(String, String)| content.to_lowercase().contains("dhcp");
    let found: Vec<_> = layers
        .iter()
        .flatten()
        .filter(dhcp)
        .map(|(path, _)| path)
        .collect();
    violations(&found, "the word DHCP");
}

#[test]
fn the_dhcp_client_contains_no_optional_part_of_the_sdk() {
    let tree = tree(&metadata(), "dhcp-client");
    assert!(
        tree.contains("capnp-rpc"),
        "control: the tree is read right"
    );
    let optional = ["rustls", "redb", "tokio-rustls", "vsock", "tokio-vsock"];
    let found: Vec<_> = optional
        .into_iter()
        .filter(|name| tree.contains(*name))
        .collect();
    violations(&found, "not in this binary");
}

#[test]
fn the_protocol_core_is_no_std_and_forbids_unsafe() {
    let lib = fs::read_to_string(root().join("dhcp-client/proto/src/lib.rs")).expect("its root");
    assert!(lib.contains("#![no_std]"));
    assert!(lib.contains("#![forbid(unsafe_code)]"));
}

#[test]
fn unsafe_is_where_the_architecture_says() {
    let has_unsafe = |content: &str| {
        let code = without_comments(content);
        [
            "unsafe {",
            "unsafe fn",
            "unsafe impl",
            "unsafe extern",
            "unsafe(",
        ]
        .iter()
        .any(|form| code.contains(form))
    };
    let elsewhere = |path: &str| {
        // Tests of any crate may, to build what they attack; the shipped code may not.
        !UNSAFE_FOLDERS.iter().any(|folder| path.starts_with(folder)) && !path.contains("/tests/")
    };
    let found: Vec<_> = sources()
        .into_iter()
        .filter(|(path, content)| elsewhere(path) && has_unsafe(content))
        .map(|(path, _)| path)
        .collect();
    violations(&found, "unsafe outside its places");
}

#[test]
fn every_file_says_why_it_exists() {
    let silent = |(_, content): &(String, String)| !content.starts_with("//!");
    let found: Vec<_> = sources()
        .into_iter()
        .filter(silent)
        .map(|(path, _)| path)
        .collect();
    violations(&found, "no `//!` on the first line");
}

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    let lines = |(path, content): (String, String)| (path, content.lines().count());
    let found: Vec<_> = sources()
        .into_iter()
        .map(lines)
        .filter(|(_, n)| *n > LONGEST_FILE)
        .collect();
    violations(&found, "longer than 500 lines");
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let banned = |path: &String| {
        let parts = path.trim_end_matches(".rs").split('/');
        parts.into_iter().any(|part| BANNED_NAMES.contains(&part))
    };
    let found: Vec<_> = sources()
        .into_iter()
        .map(|(path, _)| path)
        .filter(banned)
        .collect();
    violations(&found, "a banned name");
}

#[test]
fn every_crate_obeys_the_workspace_lints() {
    let manifests: Vec<_> = files(&root())
        .into_iter()
        .filter(|(path, _)| path.ends_with("/Cargo.toml"))
        .collect();
    assert!(manifests.len() >= 9, "control: the members are found");
    // Only a manifest with a package can have lints: one of a workspace alone has those that the packages take.
    let lax = |(_, content): &(String, String)| {
        content.contains("[package]") && !content.contains("[lints]\nworkspace = true")
    };
    let found: Vec<_> = manifests
        .into_iter()
        .filter(lax)
        .map(|(path, _)| path)
        .collect();
    violations(&found, "no workspace lints");
}

/// What follows a line of a manifest, up to a line that starts with `end`.
fn section<'a>(manifest: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = manifest.split_once(begin).expect("a section of it");
    let (section, _) = rest.split_once(end).expect("something after it");
    section
}

/// Each package of a lock file, as `name version`.
fn locked(path: &str) -> BTreeSet<String> {
    let lock = fs::read_to_string(root().join(path)).expect("a lock file");
    let value = |line: Option<&str>| line?.split('"').nth(1).map(str::to_owned);
    lock.split("[[package]]\n")
        .skip(1)
        .map(|package| {
            let mut lines = package.lines();
            let (name, version) = (value(lines.next()), value(lines.next()));
            format!("{} {}", name.expect("a name"), version.expect("a version"))
        })
        .collect()
}

#[test]
fn the_fuzzers_have_the_lints_of_the_main_workspace() {
    let manifest = |path| fs::read_to_string(root().join(path)).expect("a manifest");
    let (main, fuzz) = (manifest("Cargo.toml"), manifest("fuzz/Cargo.toml"));
    assert_eq!(
        section(&fuzz, "[workspace.lints.rust]", "# "),
        section(&main, "[workspace.lints.rust]", "# ")
    );
}

#[test]
fn the_fuzzers_run_the_versions_that_are_shipped() {
    // What libFuzzer is built with, and nothing else.
    let own = [
        "arbitrary",
        "calfkit-fuzz",
        "cc",
        "find-msvc-tools",
        "jobserver",
        "libfuzzer-sys",
        "shlex",
    ];
    let main = locked("Cargo.lock");
    let fuzz = locked("fuzz/Cargo.lock");
    let other: Vec<_> = fuzz
        .difference(&main)
        .filter(|package| {
            let name = package.split(' ').next().expect("a name");
            !own.contains(&name)
        })
        .collect();
    violations(&other, "`fuzz/Cargo.lock` has what `Cargo.lock` has not");
}
