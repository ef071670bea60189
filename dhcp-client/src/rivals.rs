//! Other DHCP clients on the same interface: two would fight over its address.

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
        if fs::read_link(process.join("exe")).ok() == own_program
            || fs::read_link(process.join("ns/net")).ok()? != own_network
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

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
            symlink(network, process.join("ns/net")).unwrap();
            symlink(program, process.join("exe")).unwrap();
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
}
