//! `--pid-file`: the file that says which process serves.

use std::{fs, os::unix::fs::PermissionsExt as _};

use calfkit_tests::{
    SOON, Testbed,
    background::{Background, pid_inside},
    until,
};
use nix::sys::signal::Signal;

use crate::{leased, network, waiting};

const FILE: &str = "/run/testbed/pid/file";
const OPTIONS: [&str; 2] = ["--pid-file", FILE];

fn written(bed: &Testbed) -> Option<String> {
    bed.client.read(FILE).ok()
}

fn line_of(pid: i32) -> Option<String> {
    Some(format!("{}\n", pid_inside(pid)))
}

#[test]
fn it_names_the_process_that_serves_before_and_after_the_lease_and_goes_with_it() {
    let (bed, _server) = network();
    let run = waiting(&bed, &OPTIONS);
    let (_, server) = run.launcher_and_server();
    assert_eq!(written(&bed), line_of(server));
    bed.carrier_up();
    assert_eq!(run.ended(), 0, "{}", run.said());
    assert_eq!(run.server(), server);
    assert_eq!(written(&bed), line_of(server));
    let metadata = bed.client.run(|| fs::metadata(FILE)).expect("it is there");
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o644);

    run.signal(server, Signal::SIGTERM);
    run.wait_gone();
    assert_eq!(written(&bed), None);
}

#[test]
fn it_goes_with_a_run_that_has_no_lease_in_time() {
    let bed = Testbed::new();
    let mut options = vec!["--background", "--timeout", "1"];
    options.extend(OPTIONS);
    let run = Background::start(&bed, &options);
    let was_there = until(SOON, || {
        written(&bed).or_else(|| run.has_ended().then(String::new))
    });
    assert_ne!(was_there.as_deref(), Some(""), "it was never there");
    assert_eq!(run.ended(), 1, "{}", run.said());
    assert_eq!(written(&bed), None);
}

#[test]
fn one_that_a_killed_run_left_is_replaced() {
    let (bed, _server) = network();
    let run = leased(&bed, &OPTIONS);
    let killed = run.server();
    let left = line_of(killed);
    run.signal(killed, Signal::SIGKILL);
    run.wait_gone();
    assert_eq!(written(&bed), left, "nobody was there to remove it");
    // A number that nobody can have (proc(5), pid_max).
    bed.client.write(FILE, "4194305\n");

    let run = leased(&bed, &OPTIONS);
    assert_eq!(written(&bed), line_of(run.server()));
    assert_eq!(run.process().stderr().entries().len(), 1, "{}", run.said());
}

#[test]
fn where_it_cannot_be_written_nothing_is_begun() {
    let (bed, server) = network();
    let path = "/proc/none/pid";
    let run = Background::start(&bed, &["--background", "--pid-file", path]);
    assert_eq!(run.ended(), 1, "{}", run.said());
    run.wait_gone();
    let said = run.process().stderr().entries();
    assert!(said.len() == 1 && said[0].contains(path), "{said:?}");
    assert_eq!(server.log().position(), 0);
}
