//! The tutorial holds: its snippets are what is compiled, and each step prints what the tutorial says.
//!
//! In README.md, `<!-- all of FILE -->` or `<!-- of FILE -->` stands before a block that is that file, or a
//! part of it, and `<!-- prints: STEP -->` before one that is what the step prints.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test; clippy.toml excepts test functions, not what they share"
)]

use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// A block of the tutorial, with the remark before it.
struct Block {
    remark: String,
    text: String,
}

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(FOLDER).join(file))
        .unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn blocks() -> Vec<Block> {
    let tutorial = read("README.md");
    let block = |after: &str| {
        let (remark, rest) = after.split_once(" -->\n")?;
        let (_language, rest) = rest.strip_prefix("```")?.split_once('\n')?;
        let (text, _) = rest.split_once("```\n")?;
        let (remark, text) = (remark.to_owned(), text.to_owned());
        Some(Block { remark, text })
    };
    let remarks = tutorial.split("<!-- ").skip(1);
    remarks
        .map(|after| block(after).expect("a block after the remark"))
        .collect()
}

fn program(step: &str) -> &'static str {
    match step {
        "step1" => env!("CARGO_BIN_EXE_step1"),
        "step2" => env!("CARGO_BIN_EXE_step2"),
        "step3" => env!("CARGO_BIN_EXE_step3"),
        "step4" => env!("CARGO_BIN_EXE_step4"),
        "step5" => env!("CARGO_BIN_EXE_step5"),
        "step6" => env!("CARGO_BIN_EXE_step6"),
        "step7" => env!("CARGO_BIN_EXE_step7"),
        other => panic!("no step {other}"),
    }
}

fn printed(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {error}", output.status);
    assert_eq!(error, "");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn promised(step: &str) -> String {
    let remark = format!("prints: {step}");
    let found = blocks().into_iter().find(|block| block.remark == remark);
    found.expect("a block of what it prints").text
}

fn holds(step: &str) {
    let output = Command::new(program(step)).output().unwrap();
    assert_eq!(printed(&output), promised(step));
}

#[test]
fn one_capability_one_call() {
    holds("step1");
}

#[test]
fn another_process() {
    holds("step2");
}

#[test]
fn a_calf_in_the_sandbox_opens_nothing() {
    holds("step3");
}

#[test]
fn each_misbehaviour_has_its_name() {
    holds("step4");
}

#[test]
fn a_push_waits_for_its_calf() {
    holds("step5");
}

#[test]
fn a_dead_calf_is_replaced() {
    holds("step6");
}

#[test]
fn lines_and_counters_are_the_house_s_to_print() {
    holds("step7");
}

#[test]
fn every_snippet_is_of_a_compiled_file() {
    let mut compared = 0;
    for Block { remark, text } in blocks() {
        if let Some(file) = remark.strip_prefix("all of ") {
            assert_eq!(text, read(file), "{file}");
        } else if let Some(file) = remark.strip_prefix("of ") {
            // Whole lines of it.
            let found = format!("\n{}", read(file)).contains(&format!("\n{text}"));
            assert!(found, "this is not in {file}:\n{text}");
        } else {
            assert!(remark.starts_with("prints: "), "{remark}");
            continue;
        }
        compared += 1;
    }
    assert!(compared >= 9, "control: the snippets are found");
}

#[test]
fn every_step_is_in_the_tutorial() {
    let steps = fs::read_dir(Path::new(FOLDER).join("src/bin")).unwrap();
    let steps: Vec<_> = steps.map(|step| step.unwrap().path()).collect();
    assert_eq!(steps.len(), 7);
    for step in steps {
        promised(&step.file_stem().unwrap().to_string_lossy());
    }
}

#[test]
fn the_compiled_schema_is_of_the_schema_beside_it() {
    // If not: build once with SDK_RPC_CHECK_IN=1.
    assert!(sdk_rpc_build::is_current("schema/hello.capnp").unwrap());
}

/// A program where anybody may run it; goes with the test.
struct Copied(PathBuf);

impl Copied {
    fn new(step: &str, name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hello-calf-{}-{name}", std::process::id()));
        // By another process: while this one forks, a file that it writes is busy.
        let copied = Command::new("cp").arg(program(step)).arg(&path).status();
        assert!(copied.unwrap().success());
        Self(path)
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        let _gone: Result<(), _> = fs::remove_file(&self.0);
    }
}

/// Runs as an ordinary user, whoever runs the test.
fn as_nobody(command: &mut Command) -> Output {
    const NOBODY: u32 = 65534;
    let status = fs::read_to_string("/proc/self/status").unwrap();
    if status.contains("\nUid:\t0\t") {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir("/").output().unwrap()
}

#[test]
fn an_ordinary_user_has_the_same_sandbox() {
    let step3 = Copied::new("step3", "ordinary");
    let output = as_nobody(&mut Command::new(&step3.0));
    assert_eq!(printed(&output), promised("step3"));
}

#[test]
fn where_no_sandbox_can_be_had_there_is_no_calf_and_the_reason_is_said() {
    let step3 = Copied::new("step3", "refused");
    // A user namespace of the test's own, in which no process namespace can be made.
    let script = "echo 0 > /proc/sys/user/max_pid_namespaces && exec \"$0\"";
    let mut command = Command::new("unshare");
    command.args(["-Ur", "sh", "-c", script]).arg(&step3.0);
    let output = as_nobody(&mut command);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "in the sandbox:\n");
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        promised("step3 where no sandbox can be had")
    );
}
