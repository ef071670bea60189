//! Setting up fails closed: whichever step fails, no calf lives that has less of a sandbox, and the error
//! names the step. And what priv sees of a calf that is not what it says.

use crate::hostile;

/// Makes the kernel refuse `number` with `errno` to priv and calf, and wants this step named.
fn assert_step(number: i64, errno: i32, step: &str) {
    for program in [hostile::program(), hostile::static_program()] {
        let rule = format!("--fail={number}:{errno}");
        let outcome = hostile::run_program(&program, &[&rule, "wait"]);
        assert!(outcome.refused().contains(step), "{number}: {outcome:?}");
        assert_eq!((outcome.end, outcome.layers), (None, vec![]), "{number}");
    }
}

#[test]
fn a_set_up_call_that_is_refused_is_an_error_that_names_its_step() {
    assert_step(
        libc::SYS_clone,
        libc::EPERM,
        "cannot make the sandbox's namespaces",
    );
    assert_step(
        libc::SYS_prctl,
        libc::EPERM,
        "cannot tie the calf's life to its parent's",
    );
    assert_step(libc::SYS_setsid, libc::EPERM, "cannot start a session");
    assert_step(libc::SYS_mount, libc::EACCES, "cannot make mounts private");
    assert_step(
        libc::SYS_setgroups,
        libc::EPERM,
        "cannot become the calf's user and group",
    );
    assert_step(
        libc::SYS_setresgid,
        libc::EPERM,
        "cannot become the calf's user and group",
    );
    assert_step(
        libc::SYS_setresuid,
        libc::EPERM,
        "cannot become the calf's user and group",
    );
    assert_step(
        libc::SYS_fsopen,
        libc::ENOSYS,
        "cannot mount an empty file system",
    );
    assert_step(
        libc::SYS_fsconfig,
        libc::EPERM,
        "cannot mount an empty file system",
    );
    assert_step(
        libc::SYS_fsmount,
        libc::EPERM,
        "cannot mount an empty file system",
    );
    assert_step(
        libc::SYS_move_mount,
        libc::EPERM,
        "cannot enter the empty root",
    );
    assert_step(libc::SYS_fchdir, libc::EPERM, "cannot enter the empty root");
    assert_step(
        libc::SYS_pivot_root,
        libc::EPERM,
        "cannot enter the empty root",
    );
    assert_step(libc::SYS_umount2, libc::EPERM, "cannot detach the old root");
    assert_step(
        libc::SYS_sethostname,
        libc::EPERM,
        "cannot set the host name",
    );
    assert_step(
        libc::SYS_dup2,
        libc::EMFILE,
        "cannot arrange the declared descriptors",
    );
    assert_step(
        libc::SYS_close_range,
        libc::ENOSYS,
        "cannot arrange the declared descriptors",
    );
    assert_step(
        libc::SYS_prlimit64,
        libc::EPERM,
        "cannot set resource limits",
    );
    assert_step(libc::SYS_capset, libc::EPERM, "cannot drop capabilities");
    assert_step(
        libc::SYS_seccomp,
        libc::EINVAL,
        "cannot install the start filter",
    );
    assert_step(
        libc::SYS_execveat,
        libc::EACCES,
        "cannot execute the program",
    );
    assert_step(
        libc::SYS_landlock_restrict_self,
        libc::E2BIG,
        "cannot enter a Landlock domain",
    );
}

#[test]
fn a_dynamic_program_whose_libraries_cannot_be_shown_is_refused() {
    let rule = format!("--fail={}:{}", libc::SYS_open_tree, libc::EACCES);
    let outcome = hostile::run(&[&rule, "wait"]);
    let reason = outcome.refused();
    assert!(
        reason.starts_with("cannot mount the program's loader and libraries"),
        "{reason}"
    );
    assert!(reason.contains("use a static build"), "{reason}");
}

#[test]
fn where_pivot_root_is_impossible_the_root_is_covered_and_left() {
    // What the kernel says where the root is rootfs.
    let rule = format!("--fail={}:{}", libc::SYS_pivot_root, libc::EINVAL);
    let outcome = hostile::run_program(&hostile::static_program(), &[&rule, "wait"]);
    assert_eq!(outcome.refused, None);
    assert!(outcome.layers.iter().any(|layer| layer == "empty-root"));
    assert_eq!(outcome.end(), "exited with status 0");
}

#[test]
fn a_calf_that_only_claims_to_be_confined_is_found_out() {
    let outcome = hostile::run(&["liar"]);
    assert!(
        outcome.refused().starts_with("the sandbox lacks"),
        "{outcome:?}"
    );
    assert!(outcome.refused().contains("seccomp"), "{outcome:?}");
}

#[test]
fn a_static_calf_that_only_claims_to_be_confined_is_found_out_too() {
    let outcome = hostile::run_program(&hostile::static_program(), &["liar"]);
    assert_eq!(
        outcome.refused(),
        "the sandbox lacks resource-limits, seccomp"
    );
}

#[test]
fn a_calf_that_ends_before_it_is_confined_is_an_error() {
    let outcome = hostile::run(&["quit"]);
    let expected = "the sandboxed process exited with status 0 before it was confined";
    assert_eq!(outcome.refused(), expected);
}

#[test]
fn a_directory_left_open_is_refused_by_the_calf_itself() {
    let outcome = hostile::run(&["keep-directory"]);
    assert!(
        outcome
            .refused()
            .starts_with("cannot find exactly the declared descriptors"),
        "{outcome:?}"
    );
}

#[test]
fn a_granted_descriptor_that_was_never_taken_is_refused() {
    let outcome = hostile::run(&["untaken"]);
    assert!(
        outcome
            .refused()
            .starts_with("cannot find exactly the declared descriptors"),
        "{outcome:?}"
    );
}

#[test]
fn more_descriptors_than_declared_are_seen_from_outside() {
    let outcome = hostile::run(&["keep-eventfds"]);
    assert_eq!(outcome.refused(), "the sandbox lacks descriptors");
}

#[test]
fn descriptors_are_claimed_once() {
    let outcome = hostile::run(&["inherit-twice"]);
    assert_eq!(
        outcome.said,
        ["failed: inherited descriptors were claimed twice"]
    );
}
