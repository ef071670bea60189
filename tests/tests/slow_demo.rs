//! `cargo demo` ends well, is plain where there is no terminal, and leaves nothing behind. Slow, as it
//! shows the renewals of a lease in real time.

use std::{
    env, fs,
    process::{Command, Stdio},
    time::Duration,
};

use calfkit_tests::process::{Process, wait_gone};
use nix::sys::signal::Signal;

const SOON: Duration = Duration::from_secs(40);

fn demo() -> Command {
    let program = env::var_os("CALFKIT_BIN_DEMO");
    let mut command =
        Command::new(program.expect("CALFKIT_BIN_DEMO is not set: run `cargo xtask test`"));
    command.stdin(Stdio::null());
    command
}

/// What a run could leave on the machine.
fn traces() -> [String; 2] {
    ["/proc/self/mounts", "/proc/net/dev"].map(|file| {
        let text = fs::read_to_string(file).expect("the kernel tells it");
        // Counters of the links change all the time; their names are what counts.
        text.lines()
            .map(|line| line.split(':').next().unwrap_or_default())
            .collect()
    })
}

/// The process that a line `process  123 (dhcp-client)` names.
fn process_in(line: &str) -> Option<i32> {
    let mut words = line.split_whitespace();
    words.next().filter(|word| *word == "process")?;
    words.next()?.parse().ok()
}

#[test]
fn it_shows_every_scene_in_plain_lines_and_exits_well() {
    let before = traces();
    let mut demo = Process::start(demo());
    let status = demo.wait(SOON);
    let text = demo.stdout().entries().join("\n");

    assert!(
        status.is_some_and(|s| s.success()),
        "{status:?}\n{text}\n{}",
        demo.stderr_text()
    );
    assert!(!text.contains('\x1b'), "no colour in a pipe");
    for scene in [
        "calf",
        "DHCPDISCOVER",
        "DHCPACK",
        "10.77.0.100/24",
        "kill -9",
        "calf-restarted",
    ] {
        assert!(text.contains(scene), "{scene:?} is missing in\n{text}");
    }
    let processes: Vec<_> = demo
        .stdout()
        .entries()
        .iter()
        .filter_map(|line| process_in(line))
        .collect();
    assert_eq!(processes.len(), 2, "{text}");
    assert!(processes.iter().all(|pid| wait_gone(*pid, SOON)));
    assert_eq!(traces(), before);
}

#[test]
fn interrupted_it_leaves_no_process_behind() {
    let before = traces();
    let mut demo = Process::start(demo());
    let mut next = 0;
    let mut shown = || {
        let found = demo
            .stdout()
            .wait_from(next, SOON, |line| process_in(line).is_some());
        let (after, line) = found.expect("a process is shown");
        next = after;
        process_in(&line).expect("just seen")
    };
    let processes = [shown(), shown()];

    demo.signal(Signal::SIGINT);

    assert!(demo.wait(SOON).is_some_and(|status| !status.success()));
    assert!(processes.iter().all(|pid| wait_gone(*pid, SOON)));
    assert_eq!(traces(), before);
}
