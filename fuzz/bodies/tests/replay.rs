//! Every seed, and every input that once broke something, is run again by the stable compiler's test run; and
//! the folders of the fuzzers hold what the list of targets says.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use fuzz_bodies::{TARGETS, Target};

/// The folder of the fuzzers.
fn folder() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("the package is inside it")
}

/// The files of a target in one of its folders; none where there is no such folder.
fn inputs(kind: &str, target: &Target) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder().join(kind).join(target.name)) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

fn replay(kind: &str) {
    for target in TARGETS {
        for path in inputs(kind, target) {
            // A failed test prints it, and the last one is what failed.
            println!("{}", path.display());
            (target.body)(&fs::read(&path).expect("an input"));
        }
    }
}

#[test]
fn seeds_break_no_invariant() {
    replay("seeds");
}

#[test]
fn what_was_found_once_breaks_nothing_any_more() {
    replay("regressions");
}

#[test]
fn an_empty_input_breaks_no_invariant() {
    for target in TARGETS {
        (target.body)(&[]);
    }
}

#[test]
fn seeds_in_their_files_are_those_that_are_made_here() {
    for target in TARGETS {
        let expected: Vec<_> = (target.seeds)();
        assert!(!expected.is_empty(), "{} has no seed", target.name);
        assert_eq!(
            inputs("seeds", target).len(),
            expected.len(),
            "{}: `cargo xtask fuzz --seeds` writes them anew",
            target.name
        );
        for (name, octets) in expected {
            let path = folder().join("seeds").join(target.name).join(name);
            assert_eq!(
                fs::read(&path).ok(),
                Some(octets),
                "{}: `cargo xtask fuzz --seeds` writes it anew",
                path.display()
            );
        }
    }
}

#[test]
fn each_target_has_its_file_and_each_file_its_target() {
    let files = fs::read_dir(folder().join("fuzz_targets")).expect("the targets' folder");
    let files: BTreeSet<String> = files
        .map(|entry| {
            let name = entry.expect("an entry").file_name();
            let name = name.to_string_lossy();
            name.trim_end_matches(".rs").to_owned()
        })
        .collect();
    let targets: BTreeSet<String> = TARGETS.iter().map(|it| it.name.to_owned()).collect();
    assert_eq!(files, targets);
}

#[test]
fn regressions_are_of_targets_that_exist() {
    let Ok(entries) = fs::read_dir(folder().join("regressions")) else {
        return;
    };
    for entry in entries {
        let name = entry.expect("an entry").file_name();
        assert!(
            TARGETS.iter().any(|target| target.name == name),
            "{} is no target",
            name.display()
        );
    }
}
