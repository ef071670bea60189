//! One schema through [`Build`], with the compiler there, old, and missing.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Build, Error, is_current};

const SCHEMA: &str = "@0xd3162a0b848fc028;\n\
    using Calfkit = import \"/calfkit.capnp\";\n\
    interface Ear { heard @0 (words :Text) -> stream; }\n\
    interface Mouth { listen @0 (ear :Ear) -> (keep :Calfkit.Subscription); }\n";

const MISSING: &str = "/nonexistent/capnp";

/// A crate's folder with one schema, which goes with the test.
struct Crate(PathBuf);

impl Crate {
    fn new(name: &str, schema: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("sdk-rpc-build-{}-{name}", std::process::id()));
        fs::create_dir_all(folder.join("my schemas")).unwrap();
        fs::write(folder.join("my schemas/ear.capnp"), schema).unwrap();
        Self(folder)
    }

    fn build(&self, compiler: impl Into<OsString>) -> Build {
        Build {
            crate_folder: self.0.clone(),
            schema: "my schemas/ear.capnp".into(),
            output: self.0.join("out put"),
            provided: Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema"),
            compiler: compiler.into(),
            check_in: false,
        }
    }

    fn check_in(&self) {
        let build = Build {
            check_in: true,
            ..self.build("capnp")
        };
        build.run().unwrap();
    }

    fn rust(&self) -> String {
        fs::read_to_string(self.0.join("out put/ear_capnp.rs")).unwrap()
    }

    fn forget_the_rust(&self) {
        fs::remove_dir_all(self.0.join("out put")).unwrap();
    }

    fn change(&self, file: &str) {
        let path = self.0.join("my schemas").join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text + "# another remark\n").unwrap();
    }
}

impl Drop for Crate {
    fn drop(&mut self) {
        let _gone: Result<(), _> = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_compiler_makes_rust_that_refers_to_the_sdk_in_a_folder_with_spaces() {
    let crate_ = Crate::new("there", SCHEMA);
    let told = crate_.build("capnp").run().unwrap();
    let rust = crate_.rust();
    assert!(rust.contains("::sdk_rpc::calfkit_capnp::subscription::"));
    assert!(rust.contains("::sdk_rpc::capnp::"));
    assert!(!rust.contains(" ::capnp::"), "another crate");
    let schema = format!(
        "cargo::rerun-if-changed={}/my schemas/ear.capnp",
        crate_.0.display()
    );
    assert!(told.contains(&schema), "{told:?}");
    assert!(
        told.iter().all(|line| !line.contains("ear.cgr")),
        "{told:?}"
    );
}

#[test]
fn without_a_compiler_the_checked_in_schema_makes_the_same_rust() {
    let crate_ = Crate::new("missing", SCHEMA);
    crate_.check_in();
    let rust = crate_.rust();
    crate_.forget_the_rust();
    crate_.build(MISSING).run().unwrap();
    assert_eq!(crate_.rust(), rust);
}

#[test]
fn a_checked_in_schema_holds_no_path_of_the_machine() {
    let crate_ = Crate::new("path", SCHEMA);
    crate_.check_in();
    let request = fs::read(crate_.0.join("my schemas/ear.cgr")).unwrap();
    let text = String::from_utf8_lossy(&request);
    assert!(text.contains("ear.capnp:Mouth"), "control: names are in it");
    assert!(!text.contains("my schemas"));
    assert!(!text.contains(env!("CARGO_MANIFEST_DIR")));
}

#[test]
fn without_a_compiler_a_stale_schema_is_refused_by_name() {
    let crate_ = Crate::new("stale", SCHEMA);
    crate_.check_in();
    crate_.change("ear.capnp");
    let error = crate_.build(MISSING).run().unwrap_err();
    assert!(matches!(error, Error::Stale { .. }), "{error}");
    let said = error.to_string();
    assert!(said.contains("ear.cgr is not of this ear.capnp"), "{said}");
    assert!(said.contains("apt-get install capnproto"), "{said}");
}

#[test]
fn a_change_of_an_imported_file_makes_a_compiled_schema_stale_too() {
    let schema = format!("{SCHEMA}using Word = import \"word.capnp\";\n");
    let crate_ = Crate::new("import", &schema);
    let word = "@0xb8ea5f38f0ca4d13;\nstruct Word { letters @0 :Text; }\n";
    fs::write(crate_.0.join("my schemas/word.capnp"), word).unwrap();
    crate_.check_in();
    crate_.build(MISSING).run().unwrap();
    crate_.change("word.capnp");
    let said = crate_.build(MISSING).run().unwrap_err().to_string();
    assert!(said.contains("is not of this word.capnp"), "{said}");
}

#[test]
fn a_compiled_schema_that_does_not_say_of_what_it_is_is_stale() {
    let crate_ = Crate::new("silent", SCHEMA);
    crate_.check_in();
    fs::remove_file(crate_.0.join("my schemas/ear.cgr.of")).unwrap();
    let error = crate_.build(MISSING).run().unwrap_err();
    assert!(matches!(error, Error::Stale { .. }), "{error}");
}

#[test]
fn with_a_compiler_a_stale_schema_is_a_warning() {
    let crate_ = Crate::new("warning", SCHEMA);
    crate_.check_in();
    let warned = |told: &[String]| told.iter().any(|line| line.starts_with("cargo::warning="));
    assert!(!warned(&crate_.build("capnp").run().unwrap()));
    crate_.change("ear.capnp");
    assert!(warned(&crate_.build("capnp").run().unwrap()));
}

#[test]
fn a_test_can_ask_whether_the_checked_in_schema_is_current() {
    let crate_ = Crate::new("current", SCHEMA);
    let schema = crate_.0.join("my schemas/ear.capnp");
    assert!(!is_current(&schema).unwrap(), "none is there");
    crate_.check_in();
    assert!(is_current(&schema).unwrap());
    crate_.change("ear.capnp");
    assert!(!is_current(&schema).unwrap());
}

#[test]
fn with_neither_the_error_says_what_to_install_and_how_to_do_without() {
    let crate_ = Crate::new("neither", SCHEMA);
    let error = crate_.build(MISSING).run().unwrap_err();
    // What cargo shows.
    let said = format!("{error:?}");
    assert!(
        said.contains("my schemas/ear.capnp cannot be compiled"),
        "{said}"
    );
    assert!(
        said.contains("`/nonexistent/capnp` cannot be run"),
        "{said}"
    );
    assert!(said.contains("apt-get install capnproto"), "{said}");
    assert!(said.contains("SDK_RPC_CHECK_IN=1"), "{said}");
}

#[test]
fn a_compiler_that_knows_no_streams_is_as_good_as_none() {
    let crate_ = Crate::new("old", SCHEMA);
    let old = crate_.0.join("capnp");
    // Written by another process: while this one forks, a file that it writes is busy.
    let write = "printf '#!/bin/sh\necho version 0.7.1\n' > \"$0\" && chmod 0755 \"$0\"";
    let written = Command::new("sh").args(["-c", write]).arg(&old).status();
    assert!(written.unwrap().success());
    let said = crate_.build(&old).run().unwrap_err().to_string();
    assert!(said.contains("is version 0.7.1, 0.8 is needed"), "{said}");
    crate_.check_in();
    crate_.forget_the_rust();
    crate_.build(&old).run().unwrap();
    assert!(crate_.rust().contains("pub mod mouth"));
}

#[test]
fn a_mistake_in_the_schema_is_named_with_its_line() {
    let crate_ = Crate::new("mistake", &SCHEMA.replace(":Text)", ":Txt)"));
    let error = crate_.build("capnp").run().unwrap_err();
    assert!(matches!(error, Error::Schema(_)), "{error}");
    let said = error.to_string();
    assert!(
        said.contains("my schemas/ear.capnp:3:") && said.contains("Txt"),
        "{said}"
    );
}

#[test]
fn a_schema_that_is_not_there_is_named() {
    let crate_ = Crate::new("gone", SCHEMA);
    fs::remove_file(crate_.0.join("my schemas/ear.capnp")).unwrap();
    let said = crate_.build("capnp").run().unwrap_err().to_string();
    assert!(
        said.contains("my schemas/ear.capnp: No such file"),
        "{said}"
    );
}
