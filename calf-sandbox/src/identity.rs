//! Which user namespace a calf gets, decided by what the starting process may do (decision by trial is
//! left to the kernel only where it cannot be asked).

use std::{fs, io};

use nix::{errno::Errno, unistd};

use crate::capabilities::{self, SET_FILE_CAPABILITIES, SET_GID, SET_UID};

/// The user and group a calf is outside of its namespace, where that may be chosen: "nobody".
const UNPRIVILEGED: u32 = 65534;

/// Who the calf is, outside; inside it is always 0, with nothing that 0 usually has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// A user namespace whose only user and group are these; `keeps_groups` if supplementary groups
    /// cannot be given up.
    Mapped {
        uid: u32,
        gid: u32,
        keeps_groups: bool,
    },
    /// No user namespace: root that may not map itself.
    Unmapped,
}

/// What this process may do, read once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) effective: u64,
    /// Whether "nobody" exists in this process's own user namespace.
    pub(crate) nobody_is_mapped: bool,
    /// Filters that this process is under already, and the calf with it.
    pub(crate) filters: u32,
}

impl Caller {
    /// # Errors
    /// /proc is not there or cannot be read.
    pub(crate) fn read() -> io::Result<Self> {
        let status = fs::read_to_string("/proc/self/status")?;
        Ok(Self {
            uid: unistd::geteuid().as_raw(),
            gid: unistd::getegid().as_raw(),
            effective: status_field(&status, "CapEff")
                .and_then(|set| u64::from_str_radix(set, 16).ok())
                .ok_or(Errno::ENOTSUP)?,
            nobody_is_mapped: maps_nobody(&fs::read_to_string("/proc/self/uid_map")?)
                && maps_nobody(&fs::read_to_string("/proc/self/gid_map")?),
            filters: filters(&status).ok_or(Errno::ENOTSUP)?,
        })
    }

    pub(crate) const fn has(&self, capabilities: u64) -> bool {
        self.effective & capabilities == capabilities
    }

    /// user_namespaces(7): mapping another user needs CAP_SETUID and CAP_SETGID, mapping the parent's
    /// user 0 needs CAP_SETFCAP (Linux 5.12), mapping oneself needs nothing.
    pub(crate) const fn identity(&self) -> Identity {
        let may_choose = self.has(capabilities::bit(SET_UID) | capabilities::bit(SET_GID));
        if may_choose && self.nobody_is_mapped {
            Identity::Mapped {
                uid: UNPRIVILEGED,
                gid: UNPRIVILEGED,
                keeps_groups: false,
            }
        } else if self.uid != 0 || self.has(capabilities::bit(SET_FILE_CAPABILITIES)) {
            Identity::Mapped {
                uid: self.uid,
                gid: self.gid,
                keeps_groups: true,
            }
        } else {
            Identity::Unmapped
        }
    }
}

/// The value of `name` in the text of /proc/PID/status.
pub(crate) fn status_field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
}

/// How many filters are installed; the line is older than any kernel that can sandbox (Linux 5.10).
pub(crate) fn filters(status: &str) -> Option<u32> {
    status_field(status, "Seccomp_filters")?.parse().ok()
}

fn maps_nobody(map: &str) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(first)), Some(Ok(_outside)), Some(Ok(count))) =
            (numbers.next(), numbers.next(), numbers.next())
        else {
            return false;
        };
        (first..first.saturating_add(count)).contains(&UNPRIVILEGED.into())
    })
}

/// Writes the maps of the process `pid`, which waits for them.
pub(crate) fn write_maps(pid: i32, uid: u32, gid: u32, keeps_groups: bool) -> io::Result<()> {
    if keeps_groups {
        // user_namespaces(7): without CAP_SETGID "the setgroups file must be written first with deny".
        fs::write(format!("/proc/{pid}/setgroups"), "deny")?;
    }
    fs::write(format!("/proc/{pid}/gid_map"), format!("0 {gid} 1"))?;
    fs::write(format!("/proc/{pid}/uid_map"), format!("0 {uid} 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Caller = Caller {
        uid: 0,
        gid: 0,
        effective: u64::MAX,
        nobody_is_mapped: true,
        filters: 0,
    };

    #[test]
    fn root_makes_its_calf_nobody() {
        let expected = Identity::Mapped {
            uid: 65534,
            gid: 65534,
            keeps_groups: false,
        };
        assert_eq!(ROOT.identity(), expected);
    }

    #[test]
    fn root_in_a_namespace_without_nobody_maps_itself() {
        let caller = Caller {
            nobody_is_mapped: false,
            ..ROOT
        };
        let expected = Identity::Mapped {
            uid: 0,
            gid: 0,
            keeps_groups: true,
        };
        assert_eq!(caller.identity(), expected);
    }

    #[test]
    fn root_with_four_capabilities_gets_no_user_namespace() {
        // CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN.
        let effective = [10, 12, 13, 21].map(capabilities::bit).iter().sum();
        let caller = Caller { effective, ..ROOT };
        assert_eq!(caller.identity(), Identity::Unmapped);
    }

    #[test]
    fn a_user_maps_itself() {
        let caller = Caller {
            uid: 1000,
            gid: 100,
            effective: 0,
            ..ROOT
        };
        let expected = Identity::Mapped {
            uid: 1000,
            gid: 100,
            keeps_groups: true,
        };
        assert_eq!(caller.identity(), expected);
    }

    #[test]
    fn nobody_is_found_in_the_extent_that_holds_it() {
        assert!(maps_nobody("         0          0 4294967295\n"));
        assert!(maps_nobody("0 1000 1\n1 100000 65536\n"));
        assert!(!maps_nobody("0 1000 1\n"));
        assert!(!maps_nobody(""));
    }
}
