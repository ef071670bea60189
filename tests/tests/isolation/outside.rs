//! What /proc shows of a confined calf, and what reaches it from outside: nothing.

use std::{
    fs,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
    path::Path,
    process::Command,
};

use nix::poll::{PollFd, PollFlags, poll};

use crate::hostile::{self, Held};

fn held() -> Held {
    Held::start(Command::new(hostile::program()).arg("wait"))
}

fn status_field(pid: i32, name: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("status");
    let line = status
        .lines()
        .find(|line| line.starts_with(name))
        .expect("the field is there");
    line.split_once(':')
        .expect("a name and a value")
        .1
        .trim()
        .to_owned()
}

#[test]
fn exactly_the_declared_descriptors_are_open() {
    let held = held();
    let mut open: Vec<(String, String)> = fs::read_dir(format!("/proc/{}/fd", held.pid))
        .expect("fd")
        .map(|entry| entry.expect("an entry"))
        .map(|entry| {
            (
                entry.file_name(),
                fs::read_link(entry.path()).expect("a link"),
            )
        })
        .map(|(name, link)| (name.to_string_lossy().into(), link.to_string_lossy().into()))
        .collect();
    open.sort();
    let kinds: Vec<(&str, &str)> = open
        .iter()
        .map(|(name, link)| (name.as_str(), link.split(':').next().unwrap_or_default()))
        .collect();
    assert_eq!(
        kinds,
        [("0", "pipe"), ("1", "pipe"), ("2", "pipe"), ("3", "socket")]
    );
    let mode = |number| {
        let text =
            fs::read_to_string(format!("/proc/{}/fdinfo/{number}", held.pid)).expect("fdinfo");
        let flags = text
            .lines()
            .find_map(|line| line.strip_prefix("flags:"))
            .expect("flags")
            .trim();
        i32::from_str_radix(flags, 8).expect("octal") & libc::O_ACCMODE
    };
    assert_eq!(
        [mode(0), mode(1), mode(2), mode(3)],
        [libc::O_RDONLY, libc::O_WRONLY, libc::O_WRONLY, libc::O_RDWR]
    );
    assert_eq!(held.finish().end(), "exited with status 0");
}

#[test]
fn two_hundred_stray_descriptors_of_the_caller_are_not_inherited() {
    let stray: Vec<OwnedFd> = (0..200)
        .map(|_| {
            // SAFETY: the name is a string; without the flag the descriptor is kept on exec.
            let fd = unsafe { libc::open(c"/etc".as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY) };
            assert!(fd >= 0);
            // SAFETY: just opened, for nobody else.
            unsafe { OwnedFd::from_raw_fd(fd) }
        })
        .collect();
    let held = held();
    let theirs = |pid: u32| fs::read_dir(format!("/proc/{pid}/fd")).expect("fd").count();
    assert!(
        theirs(held.child.id()) > stray.len(),
        "control: priv has them"
    );
    assert_eq!(theirs(held.pid.cast_unsigned()), 4);
    drop(held.finish());
}

#[test]
fn the_environment_of_the_caller_is_not_the_calfs() {
    let mut command = Command::new(hostile::program());
    command.arg("wait").env("SECRET", "of-the-caller");
    let held = Held::start(&mut command);
    let environment = fs::read(format!("/proc/{}/environ", held.pid)).expect("environ");
    let environment = String::from_utf8_lossy(&environment).into_owned();
    let names: Vec<&str> = environment
        .split_terminator('\0')
        .filter_map(|variable| variable.split('=').next())
        .collect();
    assert_eq!(names, ["CALF_INHERITED", "LD_LIBRARY_PATH"]);
    let ours = fs::read(format!("/proc/{}/environ", held.child.id())).expect("environ");
    assert!(
        String::from_utf8_lossy(&ours).contains("SECRET=of-the-caller"),
        "control: priv has it"
    );
    drop(held.finish());
}

#[test]
fn working_directory_mask_signals_session_and_limits_are_the_sandboxs_own() {
    let held = held();
    let pid = held.pid;
    let link = |name: &str| fs::read_link(format!("/proc/{pid}/{name}")).expect("a link");
    assert_eq!(link("cwd"), Path::new("/"));
    assert_eq!(status_field(pid, "Umask"), "0077");
    assert_eq!(status_field(pid, "SigBlk"), "0000000000000000");
    // SIGPIPE, which std ignores in every program it starts.
    assert_eq!(status_field(pid, "SigIgn"), "0000000000001000");
    assert_eq!(
        status_field(pid, "NSsid").split_whitespace().next_back(),
        Some("1")
    );
    assert_eq!(status_field(pid, "Threads"), "1");
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).expect("limits");
    for line in [
        "Max core file size",
        "Max processes",
        "Max open files",
        "Max locked memory",
        "Max file size",
    ] {
        let found = limits
            .lines()
            .find_map(|text| text.strip_prefix(line))
            .expect(line);
        assert_eq!(
            found.split_whitespace().take(2).collect::<Vec<_>>(),
            ["0", "0"],
            "{line}"
        );
    }
    assert_eq!(held.finish().end(), "exited with status 0");
}

#[test]
fn a_calf_of_root_is_nobody_outside() {
    let held = held();
    assert_eq!(status_field(held.pid, "Uid"), "65534\t65534\t65534\t65534");
    assert_eq!(status_field(held.pid, "Gid"), "65534\t65534\t65534\t65534");
    assert_eq!(status_field(held.pid, "Groups"), "");
    drop(held.finish());
}

#[test]
fn a_network_namespace_of_a_calf_has_only_a_loopback_that_is_down() {
    let held = held();
    let text = fs::read_to_string(format!("/proc/{}/net/dev", held.pid)).expect("net/dev");
    let names: Vec<&str> = text
        .lines()
        .skip(2)
        .filter_map(|line| line.trim().split(':').next())
        .collect();
    assert_eq!(names, ["lo"]);
    // No address, so no route: the table has its head only, or nothing.
    let routes = fs::read_to_string(format!("/proc/{}/net/route", held.pid)).expect("net/route");
    assert!(routes.lines().count() <= 1, "{routes}");
    drop(held.finish());
}

#[test]
fn a_mount_made_outside_after_the_start_does_not_appear_inside() {
    // A mount namespace of the test's own, in which everything is shared: what propagates would.
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--propagation", "shared", "--"])
        .arg(hostile::program())
        .arg("wait");
    let held = Held::start(&mut command);
    let mounts = |pid: u32| {
        fs::read_to_string(format!("/proc/{pid}/mountinfo"))
            .expect("mountinfo")
            .lines()
            .count()
    };
    let priv_before = mounts(held.child.id());
    let calf_before = mounts(held.pid.cast_unsigned());
    let mounted = Command::new("nsenter")
        .arg(format!("--mount=/proc/{}/ns/mnt", held.child.id()))
        .args(["mount", "-t", "tmpfs", "late", "/proc"])
        .status()
        .expect("nsenter starts");
    assert!(mounted.success());
    // The new mount hides /proc from that namespace only; this one still reads it.
    assert_eq!(
        mounts(held.child.id()),
        priv_before + 1,
        "control: priv sees it"
    );
    assert_eq!((calf_before, mounts(held.pid.cast_unsigned())), (1, 1));
    drop(held.finish());
}

#[test]
fn a_calf_dies_with_its_priv() {
    let mut held = held();
    // SAFETY: pidfd_open takes two numbers.
    let pidfd = unsafe { libc::syscall(libc::SYS_pidfd_open, held.pid, 0) };
    let pidfd = i32::try_from(pidfd).expect("a descriptor");
    assert!(pidfd >= 0);
    // SAFETY: just made, for nobody else.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    let wanted = || {
        [PollFd::new(
            std::os::fd::AsFd::as_fd(&pidfd),
            PollFlags::POLLIN,
        )]
    };
    assert_eq!(
        poll(&mut wanted(), 0_u8),
        Ok(0),
        "control: it lives while priv lives"
    );
    held.child.kill().expect("priv can be killed");
    assert_eq!(
        poll(&mut wanted(), 10_000_u16),
        Ok(1),
        "the calf outlived its priv"
    );
    assert!(pidfd.as_raw_fd() >= 0);
    held.child.wait().expect("priv can be waited for");
}
