//! What a calf must be able to do under its filters: the twin of every refusal.

use crate::hostile::{self, Outcome};

fn assert_lives(outcome: &Outcome) {
    assert_eq!(outcome.refused, None);
    assert_eq!(outcome.said, ["echoed true allocated 1999000"]);
    assert_eq!(outcome.end(), "exited with status 0");
}

#[test]
fn a_confined_event_loop_echoes_sleeps_and_allocates() {
    assert_lives(&hostile::run(&["echo"]));
}

#[test]
fn a_static_calf_lives_the_same_life() {
    let outcome = hostile::run_program(&hostile::static_program(), &["echo"]);
    assert_lives(&outcome);
    assert_eq!(outcome.layers, hostile::run(&["wait"]).layers);
}

#[test]
fn without_a_backend_the_same_program_runs_and_no_layer_is_claimed() {
    let outcome = hostile::run(&["--none", "echo"]);
    assert_lives(&outcome);
    assert_eq!(outcome.layers, [""; 0]);
}

#[test]
fn a_calf_that_panics_says_so_and_exits() {
    let outcome = hostile::run(&["panic"]);
    assert!(
        outcome.said.iter().any(|line| line == "as told"),
        "{:?}",
        outcome.said
    );
    assert_eq!(outcome.end(), "exited with status 101");
}

#[test]
fn live_calls_that_no_ordinary_run_forces_are_allowed() {
    let calls = [
        "9 0 65536 3 0x22 -1 0",
        "9 0 65536 0 0x4022 -1 0",
        "10 page 0 1",
        "11 page 0",
        "12 0",
        "25 page 0 0 1",
        "72 3 1 0",
        "131 0 0",
        "186",
        "202 page 129 1",
        "202 page 128 1 0",
        "202 page 137 1 0 0 1",
        "228 0 page",
        "228 1 page",
        "228 7 page",
        "3 99",
    ];
    let joined = calls.join(" then ");
    let words: Vec<&str> = ["call"].into_iter().chain(joined.split(' ')).collect();
    let outcome = hostile::run(&words);
    assert_eq!(outcome.end(), "exited with status 0", "{:?}", outcome.said);
    assert_eq!(outcome.said.len(), calls.len());
}

#[test]
fn every_live_call_is_forced_by_a_test_or_by_an_ordinary_run() {
    // The first two lines are what `echo` and every run make, the last what the tests above make raw.
    let forced = [
        "epoll_ctl",
        "epoll_wait",
        "exit_group",
        "read",
        "timerfd_settime",
        "write",
        "sigaltstack",
        "brk",
        "close",
        "mmap",
        "mremap",
        "munmap",
        "gettid",
        "clock_gettime",
        "fcntl",
        "futex",
        "mprotect",
    ];
    let mut listed: Vec<&str> = calf_sandbox::calf_abi()
        .iter()
        .map(|call| call.name)
        .collect();
    let mut forced = Vec::from(forced);
    listed.sort_unstable();
    forced.sort_unstable();
    assert_eq!(listed, forced);
}
