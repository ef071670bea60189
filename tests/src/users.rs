//! Other users than root, in a host.

use std::{ffi::OsStr, fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use crate::{
    namespace::{Namespace, SCRATCH},
    said::Said,
};

/// A user and the one group that she is of, by numbers; no such entry is in any file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

impl User {
    /// Any user.
    pub const ALICE: Self = Self {
        uid: 4201,
        gid: 4301,
    };

    /// Another one, of another group.
    pub const BOB: Self = Self {
        uid: 4202,
        gid: 4302,
    };

    /// Whether there are users besides root: a user namespace may have that one only. Says so if not, because
    /// a test that asks then has nobody to try it with.
    #[must_use]
    pub fn exist() -> bool {
        let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        let exist = !map.trim().ends_with(" 1");
        if !exist {
            eprintln!("skipped: this user namespace has one user only; run the tests as root");
        }
        exist
    }
}

impl Namespace {
    /// A command in the host, run by another user, with what she needs to get at a program of the build.
    ///
    /// # Panics
    /// If the program cannot be copied to where she may execute it.
    #[must_use]
    pub fn command_as(&self, user: User, program: impl AsRef<OsStr>) -> Command {
        let program = Path::new(program.as_ref());
        let name = program.file_name().expect("a program has a name");
        let copy = Path::new(SCRATCH).join(name);
        self.run(|| {
            // A program that runs cannot be written to: one copy serves all.
            if fs::exists(&copy).expect("an own folder") {
                return;
            }
            fs::copy(program, &copy).expect("the program was built");
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(&copy, mode).expect("an own file");
        });
        let mut command = self.command("setpriv");
        // A change of user would otherwise take away that it dies with the test.
        command.args(["--pdeathsig", "SIGKILL", "--clear-groups"]);
        command.args([
            format!("--reuid={}", user.uid),
            format!("--regid={}", user.gid),
        ]);
        command.arg(copy);
        command
    }

    /// Runs `work` on a thread inside the host, as another user: sockets connected there are hers.
    ///
    /// # Panics
    /// If `work` does.
    pub fn run_as<T: Send>(&self, user: User, work: impl FnOnce() -> T + Send) -> T {
        self.run(|| {
            // The raw calls are this thread's alone; those of the C library would change all threads.
            for (call, id) in [
                (libc::SYS_setresgid, user.gid),
                (libc::SYS_setresuid, user.uid),
            ] {
                // SAFETY: both take three numbers.
                let changed = unsafe { libc::syscall(call, id, id, id) };
                assert_eq!(changed, 0, "root may be anybody");
            }
            work()
        })
    }

    /// Lets every user through to a host's scratch files and sockets.
    ///
    /// # Panics
    /// If it cannot be done.
    pub fn open_folders(&self) {
        let mut open = self.command("chmod");
        open.args(["755", "/run", SCRATCH]);
        assert_eq!(Said::by(open).success(), [""; 0]);
    }
}
