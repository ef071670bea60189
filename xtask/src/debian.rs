//! The programs that tests and benches need from Debian, and their installation.
//!
//! What is installed is the developer's machine, so: the list is printed and asked about, packages without services
//! are preferred, no service starts, and a DHCP client is not installed where that could change which client
//! configures the machine.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::workspace::find_program;

/// A program, the package that brings it, and what it is needed for.
#[derive(Debug)]
pub(crate) struct Need {
    program: &'static str,
    package: &'static str,
    why: &'static str,
    /// Installing it could change which DHCP client a machine with ifupdown uses.
    dhcp_client: bool,
    /// Without it there is less to do, but something.
    optional: bool,
}

const fn need(program: &'static str, package: &'static str, why: &'static str) -> Need {
    Need {
        program,
        package,
        why,
        dhcp_client: false,
        optional: false,
    }
}

const fn client(program: &'static str, package: &'static str, why: &'static str) -> Need {
    Need {
        dhcp_client: true,
        ..need(program, package, why)
    }
}

const fn peer(program: &'static str, package: &'static str) -> Need {
    Need {
        optional: true,
        ..client(program, package, "a client to compare with")
    }
}

/// What the tests need.
pub(crate) const FOR_TESTS: &[Need] = &[
    need("capnp", "capnproto", "the schema drift check"),
    client(
        "dhclient",
        "isc-dhcp-client",
        "a client that shows the testbed to be right",
    ),
    need("dhcpd", "isc-dhcp-server", "a server to get leases from"),
    need("dnsmasq", "dnsmasq-base", "a server to get leases from"),
    need("ip", "iproute2", "the testbed's links and addresses"),
    need(
        "kea-dhcp4",
        "kea-dhcp4-server",
        "a server to get leases from",
    ),
    client(
        "udhcpc",
        "udhcpc",
        "a client that shows the testbed to be right",
    ),
    need("udhcpd", "udhcpd", "a server to get leases from"),
];

/// What `bench lease` needs.
pub(crate) const FOR_BENCH: &[Need] = &[
    peer("dhclient", "isc-dhcp-client"),
    peer("dhcpcd", "dhcpcd-base"),
    need("dnsmasq", "dnsmasq-base", "the server of the bench"),
    need("ip", "iproute2", "the bench's links and addresses"),
    need("strace", "strace", "counting system calls"),
    peer("udhcpc", "udhcpc"),
];

/// What a package installation may assume about the person in front of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Consent {
    /// `--yes`, or CI.
    Given,
    /// Ask on the terminal; without one, fail with what to type.
    Ask,
}

impl Consent {
    /// Consent as the command line and the environment give it.
    pub(crate) fn new(yes: bool) -> Self {
        if yes || std::env::var_os("CI").is_some() {
            Self::Given
        } else {
            Self::Ask
        }
    }
}

/// Makes sure that every program of `needs` is there, installing what is missing.
///
/// # Errors
///
/// When something is missing and cannot, or may not, be installed. DHCP clients that must not be installed here are
/// only warned about: the bench goes without them and says so.
pub(crate) fn provide(needs: &[Need], consent: Consent) -> Result<(), Failure> {
    let mut missing: Vec<&Need> = needs
        .iter()
        .filter(|need| find_program(need.program).is_none())
        .collect();
    let (clients, others): (Vec<&Need>, Vec<&Need>) =
        missing.iter().partition(|need| need.dhcp_client);
    if let (false, Some(file)) = (clients.is_empty(), interfaces_file_that_uses_dhcp()) {
        leave_to_the_person(&clients, &file)?;
        missing = others;
    }
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("These Debian packages are missing:");
    for need in &missing {
        eprintln!("  {:<18} {} ({})", need.package, need.why, need.program);
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    if find_program("apt-get").is_none() {
        return Err(Failure::Missing(format!(
            "this is not a Debian system: install what brings {} yourself",
            missing
                .iter()
                .map(|need| need.program)
                .collect::<Vec<_>>()
                .join(", ")
        )));
    }
    if consent == Consent::Ask {
        ask()?;
    }
    install(&packages)?;
    match needs
        .iter()
        .find(|need| packages.contains(&need.package) && find_program(need.program).is_none())
    {
        None => Ok(()),
        Some(need) => Err(Failure::Missing(format!(
            "{} was installed, but brought no program {}",
            need.package, need.program
        ))),
    }
}

/// Says which DHCP clients are not installed and why; fails when the work cannot go on without one.
fn leave_to_the_person(clients: &[&Need], file: &Path) -> Result<(), Failure> {
    let packages: Vec<&str> = clients.iter().map(|need| need.package).collect();
    let text = format!(
        "not installed: {}: by {} ifupdown configures this machine with whichever DHCP client it finds; \
         `apt-get install --no-install-recommends {}` if you agree",
        packages.join(", "),
        file.display(),
        packages.join(" ")
    );
    if clients.iter().all(|need| need.optional) {
        eprintln!("{text}");
        Ok(())
    } else {
        Err(Failure::Missing(text))
    }
}

fn ask() -> Result<(), Failure> {
    let refused = || {
        Failure::Missing(
            "packages are missing; say `--yes` to let this command install them".to_owned(),
        )
    };
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(refused());
    }
    eprint!("Install them now (no service is started)? [y/N] ");
    // A prompt that cannot be shown is answered by nobody: the read below then decides.
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    stdin
        .lock()
        .read_line(&mut answer)
        .map_err(Failure::file(Path::new("standard input")))?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(refused()),
    }
}

fn install(packages: &[&str]) -> Result<(), Failure> {
    let mut command = if nix::unistd::geteuid().is_root() {
        Command::new("sh")
    } else if find_program("sudo").is_some() {
        let mut sudo = Command::new("sudo");
        sudo.arg("sh");
        sudo
    } else {
        return Err(Failure::Missing(format!(
            "root is needed: apt-get install --no-install-recommends {}",
            packages.join(" ")
        )));
    };
    command
        .args(["-c", include_str!("install.sh"), "install.sh"])
        .args(packages)
        .stdin(Stdio::null());
    eprintln!("+ installing {}", packages.join(" "));
    let status = command.status().map_err(|error| Failure::Start {
        program: "apt-get".into(),
        error,
    })?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Exit {
            program: format!("apt-get install {}", packages.join(" ")),
            status,
        })
    }
}

/// The ifupdown file that configures an interface by DHCP, when ifupdown is in use.
///
/// ifupdown runs the first DHCP client of its own list that is installed: a new one could take over at the next boot.
fn interfaces_file_that_uses_dhcp() -> Option<PathBuf> {
    find_program("ifup")?;
    let folder = std::fs::read_dir("/etc/network/interfaces.d").ok();
    std::iter::once(PathBuf::from("/etc/network/interfaces"))
        .chain(
            folder
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path()),
        )
        .find(|file| std::fs::read_to_string(file).is_ok_and(|text| stanza_uses_dhcp(&text)))
}

fn stanza_uses_dhcp(text: &str) -> bool {
    text.lines().any(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some("iface") && words.any(|word| word == "dhcp")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_iface_line_with_dhcp_counts() {
        assert!(stanza_uses_dhcp("auto eth0\niface eth0 inet dhcp\n"));
        assert!(stanza_uses_dhcp("  iface eth0 inet6 dhcp"));
        assert!(!stanza_uses_dhcp(
            "iface lo inet loopback\n# iface eth0 inet dhcp\n"
        ));
        assert!(!stanza_uses_dhcp(
            "iface eth0 inet static\n  hostname dhcp\n"
        ));
    }

    #[test]
    fn clients_that_must_not_be_installed_stop_the_tests_but_not_the_bench() {
        let file = Path::new("/etc/network/interfaces");
        let clients = |needs: &'static [Need]| -> Vec<&'static Need> {
            needs.iter().filter(|need| need.dhcp_client).collect()
        };
        assert!(leave_to_the_person(&clients(FOR_BENCH), file).is_ok());
        let stopped = leave_to_the_person(&clients(FOR_TESTS), file);
        assert!(matches!(stopped, Err(Failure::Missing(text)) if text.contains("isc-dhcp-client")));
    }
}
