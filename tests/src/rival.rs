//! Other DHCP clients on a link of the testbed: real ones, and processes that look like those that are not at
//! hand.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::{SOON, namespace::SCRATCH, process::Process, testbed::Testbed};

/// What a client's script does with a lease: an address, and a default route with the marks that dhcpcd gives
/// its routes (its `proto dhcp` and the leased address as source).
const SCRIPT: &str = r#"#!/bin/sh
address=${ip:-$new_ip_address} router=${router:-$new_routers} interface=${interface:-eth0}
[ -n "$address" ] || exit 0
ip address replace "$address/24" dev "$interface" valid_lft 3600 preferred_lft 3600
ip route replace default via "$router" dev "$interface" proto dhcp src "$address"
"#;

/// Another client's process; killed when dropped.
#[derive(Debug)]
pub struct Rival {
    process: Process,
}

impl Rival {
    /// ISC's dhclient, when it has configured a link.
    #[must_use]
    pub fn dhclient(bed: &Testbed, link: &str) -> Self {
        let script = install(bed, "dhclient-script", SCRIPT);
        let (leases, pid) = (
            format!("{SCRATCH}/leases"),
            format!("{SCRATCH}/dhclient.pid"),
        );
        let words = ["-d", "-lf", &leases, "-pf", &pid, "-sf", &script, link];
        Self::start(bed, "dhclient", &words)
    }

    /// Busybox's udhcpc, when it has configured a link.
    #[must_use]
    pub fn udhcpc(bed: &Testbed, link: &str) -> Self {
        let script = install(bed, "udhcpc-script", SCRIPT);
        Self::start(bed, "udhcpc", &["-f", "-i", link, "-s", &script])
    }

    fn start(bed: &Testbed, program: &str, words: &[&str]) -> Self {
        let monitor = bed.address_monitor();
        let mut command = bed.client.command(program);
        command.args(words);
        let process = Process::start(command);
        let configured = monitor.changes().wait_for(SOON, |_| true);
        assert!(configured.is_some(), "{}", process.stderr_text());
        Self { process }
    }

    /// A process with this name and this command line (dhcpcd, for one, writes its own over it), which does
    /// nothing.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn pretended(bed: &Testbed, name: &str, title: &str) -> Self {
        let copy = format!("{SCRATCH}/{name}");
        bed.client
            .run(|| fs::copy("/usr/bin/sleep", &copy).expect("every Debian has it"));
        let mut command = bed.client.command("bash");
        command.args(["-c", r#"exec -a "$1" "$0" 600"#, &copy, title]);
        let process = Process::start(command);
        let comm = format!("/proc/{}/comm", process.pid());
        // As much of a name as the kernel keeps (proc(5)).
        let kept: String = name.chars().take(15).collect();
        let there = || {
            let said = fs::read_to_string(&comm).unwrap_or_default();
            (said.trim_end() == kept).then_some(())
        };
        crate::until(SOON, there).expect("it starts");
        Self { process }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.process.pid()
    }
}

/// Makes a script that can be executed; gives its path.
fn install(bed: &Testbed, name: &str, text: &str) -> String {
    let path = format!("{SCRATCH}/{name}");
    bed.client.write(&path, text);
    bed.client.run(|| {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("an own file");
    });
    path
}
