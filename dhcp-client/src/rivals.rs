//! Other DHCP clients on the same interface: two would fight over its address.
//!
//! Anybody can call a process `dhclient`; only one that could get a lease counts, or else any user of the host
//! could keep this program from starting.

use std::{fmt, fs, path::Path};

use nix::net::if_::if_nameindex;

/// Programs that get leases, by the first 15 characters of their names, as the kernel has them (proc(5)),
/// and whether their command lines say for which interfaces.
const CLIENTS: [(&str, bool); 8] = [
    ("NetworkManager", false),
    ("connmand", false),
    ("dhclient", true),
    ("dhcpcd", true),
    ("iwd", false),
    ("systemd-network", false),
    ("udhcpc", true),
    ("wickedd-dhcp4", false),
];

/// The capabilities of which a client needs one, as bits (capabilities(7)): CAP_NET_ADMIN and CAP_NET_RAW.
const OF_A_CLIENT: u64 = 1 << 12 | 1 << 13;

/// Another client's process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rival {
    name: String,
    pid: u32,
    /// The interfaces that it was told to serve; none: all, or those that its configuration has.
    interfaces: Vec<String>,
}

impl fmt::Display for Rival {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (process {})", self.name, self.pid)
    }
}

/// The other clients in this network namespace, as far as this process can see others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rivals(Vec<Rival>);

impl Rivals {
    /// Looks for them.
    pub(crate) fn look() -> Self {
        let names = if_nameindex().map_or_else(
            |_| Vec::new(),
            |interfaces| {
                let name = |interface: &nix::net::if_::Interface| {
                    interface.name().to_string_lossy().into_owned()
                };
                interfaces.iter().map(name).collect()
            },
        );
        Self(find(Path::new("/proc"), &names).unwrap_or_default())
    }

    /// Who serves `interface` for certain, because it was told to, or `Err` with who may.
    pub(crate) fn on(&self, interface: &str) -> Option<Result<&Rival, &Rival>> {
        let told = |rival: &&Rival| rival.interfaces.iter().any(|name| name == interface);
        let untold = |rival: &&Rival| rival.interfaces.is_empty();
        let certain = self.0.iter().find(told);
        certain
            .map(Ok)
            .or_else(|| self.0.iter().find(untold).map(Err))
    }
}

/// `None` where there is no /proc.
fn find(processes: &Path, interfaces: &[String]) -> Option<Vec<Rival>> {
    let own_network = fs::read_link(processes.join("self/ns/net")).ok()?;
    let own_program = fs::read_link(processes.join("self/exe")).ok();
    let rival = |process: &Path| {
        let pid = process.file_name()?.to_str()?.parse().ok()?;
        let name = fs::read_to_string(process.join("comm")).ok()?;
        let (name, says_interfaces) = CLIENTS
            .iter()
            .find(|(name_of, _)| *name_of == name.trim_end())?;
        // This very program is told apart by the lock of the interface, whatever it is called.
        let program = fs::read_link(process.join("exe")).ok();
        if program == own_program
            || fs::read_link(process.join("ns/net")).ok()? != own_network
            || !could_serve(processes, process, name, program.as_deref())?
        {
            return None;
        }
        let words = fs::read_to_string(process.join("cmdline")).ok()?;
        // A process that is ending, and serves nobody any more, has none.
        if words.is_empty() {
            return None;
        }
        // dhcpcd keeps its interfaces in its title, separated by spaces.
        let mut named: Vec<String> = Vec::new();
        if *says_interfaces {
            let words = words.split(['\0', ' ']);
            named.extend(
                words
                    .filter(|word| interfaces.iter().any(|name| name == word))
                    .map(str::to_owned),
            );
        }
        Some(Rival {
            name: (*name).to_owned(),
            pid,
            interfaces: named,
        })
    };
    let processes = fs::read_dir(processes).ok()?.flatten();
    Some(processes.filter_map(|entry| rival(&entry.path())).collect())
}

/// Whether `process`, which calls itself `name`, has the power to get a lease. `None` where that cannot be seen.
fn could_serve(
    processes: &Path,
    process: &Path,
    name: &str,
    program: Option<&Path>,
) -> Option<bool> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let field = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()
    };
    // The real user: whoever runs `su` or `passwd` has the effective one of root, and chooses the name.
    if field("Uid:")? == "0" {
        return Some(true);
    }
    let effective = u64::from_str_radix(field("CapEff:")?, 16).ok()?;
    // Everybody has every capability in a user namespace of their own, and none over this network with them.
    let users = |process: &Path| fs::read_link(process.join("ns/user")).ok();
    let here = users(process) == users(&processes.join("self"));
    Some(effective & OF_A_CLIENT != 0 && here && is_program_of(name, program?))
}

/// Whether `program` is what the client `name` is started from: a link called `dhclient` to a `ping` that has
/// CAP_NET_RAW is anybody's to make.
fn is_program_of(name: &str, program: &Path) -> bool {
    let file = program.file_name().unwrap_or_default().to_string_lossy();
    // Of a program that was replaced since it was started: proc_pid_exe(5).
    let file = file.strip_suffix(" (deleted)").unwrap_or(&file);
    let as_the_kernel_has_it = file.get(..15).unwrap_or(file);
    as_the_kernel_has_it == name || (name == "udhcpc" && file == "busybox")
}

#[cfg(test)]
mod tests {
    use std::{
        io::Read as _,
        os::unix::{fs::symlink, process::CommandExt as _},
        process::{Child, Command, Stdio},
    };

    use super::*;

    /// A /proc of our own, removed when it goes.
    struct Processes(std::path::PathBuf);

    impl Processes {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("rivals-{}-{name}", std::process::id()));
            drop(fs::remove_dir_all(&folder));
            let processes = Self(folder);
            processes.add("self", "test", "test\0", "net:[1]", "/own");
            processes
        }

        fn add(&self, pid: &str, name: &str, words: &str, network: &str, program: &str) {
            let process = self.0.join(pid);
            fs::create_dir_all(process.join("ns")).unwrap();
            fs::write(process.join("comm"), format!("{name}\n")).unwrap();
            fs::write(process.join("cmdline"), words).unwrap();
            symlink("user:[1]", process.join("ns/user")).unwrap();
            self.give(pid, [0; 2], "0");
            symlink(network, process.join("ns/net")).unwrap();
            symlink(program, process.join("exe")).unwrap();
        }

        /// Lets the process be of these users, real and effective, with these capabilities.
        fn give(&self, pid: &str, [real, effective]: [u32; 2], capabilities: &str) {
            let status = format!(
                "Name:\tx\nUid:\t{real}\t{effective}\t{effective}\t{effective}\nCapEff:\t{capabilities:0>16}\n"
            );
            fs::write(self.0.join(pid).join("status"), status).unwrap();
        }

        /// Moves the process to a user namespace of its own.
        fn unshare_users(&self, pid: &str) {
            let users = self.0.join(pid).join("ns/user");
            fs::remove_file(&users).unwrap();
            symlink("user:[2]", users).unwrap();
        }

        fn rivals(&self) -> Rivals {
            let interfaces = ["eth0".to_owned(), "eth1".to_owned()];
            Rivals(find(&self.0, &interfaces).unwrap())
        }
    }

    impl Drop for Processes {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn a_client_that_was_told_the_interface_serves_it_and_no_other() {
        let processes = Processes::new("told");
        processes.add(
            "7",
            "dhclient",
            "dhclient\0-v\0eth0\0",
            "net:[1]",
            "/sbin/dhclient",
        );
        let rivals = processes.rivals();
        let rival = rivals.on("eth0").unwrap().unwrap();
        assert_eq!(rival.to_string(), "dhclient (process 7)");
        assert_eq!(rivals.on("eth1"), None);
    }

    #[test]
    fn a_client_that_was_told_nothing_may_serve_any() {
        let processes = Processes::new("untold");
        processes.add(
            "8",
            "systemd-network",
            "/lib/systemd/systemd-networkd\0",
            "net:[1]",
            "/n",
        );
        processes.add(
            "9",
            "dhcpcd",
            "dhcpcd: eth1 [ip4]\0",
            "net:[1]",
            "/sbin/dhcpcd",
        );
        let rivals = processes.rivals();
        assert!(rivals.on("eth0").unwrap().is_err());
        let certain = rivals.on("eth1").unwrap().unwrap();
        assert_eq!(certain.name, "dhcpcd");
    }

    #[test]
    fn others_elsewhere_ending_or_of_this_program_are_no_rivals() {
        let processes = Processes::new("others");
        processes.add(
            "7",
            "udhcpc",
            "udhcpc\0-i\0eth0\0",
            "net:[2]",
            "/bin/busybox",
        );
        processes.add("8", "udhcpc", "", "net:[1]", "/bin/busybox");
        processes.add("9", "dhclient", "dhclient\0eth0\0", "net:[1]", "/own");
        processes.add(
            "10",
            "tcpdump",
            "tcpdump\0-i\0eth0\0",
            "net:[1]",
            "/usr/bin/tcpdump",
        );
        processes.add(
            "notes",
            "udhcpc",
            "udhcpc\0eth0\0",
            "net:[1]",
            "/bin/busybox",
        );
        assert_eq!(processes.rivals().0, []);
    }

    /// `CAP_NET_RAW` alone, as in /proc/PID/status.
    const NET_RAW: &str = "2000";
    /// `CAP_NET_ADMIN` alone.
    const NET_ADMIN: &str = "1000";

    #[test]
    fn a_client_of_another_user_counts_by_either_capability_that_it_needs() {
        for capabilities in [NET_RAW, NET_ADMIN] {
            let processes = Processes::new(capabilities);
            let program = "/lib/systemd/systemd-networkd (deleted)";
            processes.add("7", "systemd-network", "networkd\0", "net:[1]", program);
            processes.give("7", [998, 998], capabilities);
            assert!(processes.rivals().on("eth0").is_some(), "{capabilities}");
        }
    }

    #[test]
    fn whoever_only_calls_itself_a_client_is_no_rival() {
        let processes = Processes::new("names");
        let pretender = |pid: &str, program: &str, users, capabilities: &str| {
            let words = "dhclient\0eth0\0";
            processes.add(pid, "dhclient", words, "net:[1]", program);
            processes.give(pid, users, capabilities);
        };
        // CAP_SYS_PTRACE and others, but none that a client needs.
        pretender("7", "/tmp/dhclient", [1000, 1000], "80000");
        // `su`, by a link of that name, waits for a password.
        pretender("8", "/usr/bin/su", [1000, 0], "0");
        pretender("9", "/usr/bin/ping", [1000, 1000], NET_RAW);
        pretender("10", "/tmp/dhclient", [1000, 1000], "1ffffffffff");
        processes.unshare_users("10");
        assert_eq!(processes.rivals().0, []);
    }

    /// The shell, started by a link called `dhclient` and told the loopback device; it waits for its input.
    fn start_pretender(folder: &Path, user: Option<u32>) -> Child {
        let link = folder.join("dhclient");
        drop(fs::remove_file(&link));
        symlink("/bin/sh", &link).unwrap();
        let mut command = Command::new(link);
        if let Some(user) = user {
            command.uid(user).gid(user);
        }
        let mut pretender = command
            .args(["-c", "echo; read line", "dhclient", "lo"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It has its name and its words a little after whoever started it goes on.
        let output = pretender.stdout.as_mut().unwrap();
        output.read_exact(&mut [0]).unwrap();
        pretender
    }

    fn is_seen(pretender: &Child) -> bool {
        let rivals = find(Path::new("/proc"), &["lo".to_owned()]).unwrap();
        rivals.iter().any(|rival| rival.pid == pretender.id())
    }

    #[test]
    fn a_process_of_roots_counts_and_the_same_of_an_unprivileged_user_does_not() {
        let folder = Processes::new("real");
        let root = nix::unistd::geteuid().is_root();
        let mut of_nobody = start_pretender(&folder.0, root.then_some(65_534));
        assert!(!is_seen(&of_nobody));
        of_nobody.kill().unwrap();
        of_nobody.wait().unwrap();
        if root {
            let mut of_root = start_pretender(&folder.0, None);
            assert!(is_seen(&of_root), "the control");
            of_root.kill().unwrap();
            of_root.wait().unwrap();
        } else {
            eprintln!("the control is left out: it needs root");
        }
    }
}
