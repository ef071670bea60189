//! How each client is called in each row.

use std::path::Path;
use std::process::{Command, Stdio};

use super::bed::{FILES, interface};
use super::client::Client;
use super::row::Row;
use crate::failure::Failure;

/// The directives of the configuration that LinuxKit ships to its dhcpcd, but for `noarp`.
const DHCPCD_CONF: &str = "\
allowinterfaces eth*
hostname
clientid
persistent
option rapid_commit
option domain_name_servers, domain_name, domain_search, host_name
option classless_static_routes
option ntp_servers
option interface_mtu
require dhcp_server_identifier
slaac private
nodelay
waitip 4
";

/// A script that does nothing, as a shell script, because hooks are.
pub(super) const HOOK: &str = "#!/bin/sh\nexit 0\n";

/// The configuration of dhcpcd in a row.
pub(super) fn dhcpcd_conf(row: Row) -> String {
    match row {
        Row::AcdFull => DHCPCD_CONF.to_owned(),
        Row::Plain
        | Row::RapidCommit
        | Row::InitReboot
        | Row::AcdFast
        | Row::Hooks
        | Row::TenInterfaces
        | Row::HundredInterfaces => format!("{DHCPCD_CONF}noarp\n"),
    }
}

/// The program and arguments that get one lease and end (or go into the background).
pub(super) fn once(client: Client, row: Row, ours: &Path) -> Result<Command, Failure> {
    let words: &[&str] = match client {
        Client::Calfkit | Client::CalfkitNoAcd => &["--once", "--timeout", "20"],
        Client::Dhclient | Client::DhclientTrue => &["-1"],
        Client::Udhcpc => &["-n", "-q"],
        Client::Dhcpcd | Client::DhcpcdPrivsep => &["-1"],
    };
    command(client, row, ours, words)
}

/// The program and arguments that get leases and keep them.
pub(super) fn service(client: Client, row: Row, ours: &Path) -> Result<Command, Failure> {
    command(client, row, ours, &[])
}

fn command(client: Client, row: Row, ours: &Path, first: &[&str]) -> Result<Command, Failure> {
    let Some(program) = client.program(ours) else {
        return Err(Failure::Missing(format!(
            "{} is not installed",
            client.name()
        )));
    };
    let mut words: Vec<String> = first.iter().map(|word| (*word).to_owned()).collect();
    let hook = format!("{FILES}/hook");
    let file = |name: &str| format!("{FILES}/{name}");
    let mut add = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
    let hooks = row == Row::Hooks;
    match client {
        Client::Calfkit | Client::CalfkitNoAcd => {
            add(&["--json", "--state-dir", &file("state")]);
            add(&["--resolv-conf", &file("resolv.conf")]);
            if let Some(mode) = conflict_detection(client, row) {
                add(&["--acd", mode]);
            }
            if row == Row::RapidCommit {
                add(&["--rapid-commit"]);
            }
            if hooks {
                add(&["--hook", &hook]);
            }
        }
        // With hooks its stock script runs the trivial one: the bed puts it where that script looks.
        Client::Dhclient => add(&["-v"]),
        Client::DhclientTrue => add(&["-v", "-sf", if hooks { &hook } else { "/bin/true" }]),
        Client::Udhcpc => {
            add(&["-f"]);
            if row == Row::AcdFull {
                add(&["-a"]);
            }
            if hooks {
                add(&["-s", &hook]);
            }
        }
        Client::Dhcpcd | Client::DhcpcdPrivsep => {
            add(&["--nobackground", "--nodev", "-f", &file("dhcpcd.conf")]);
            if hooks {
                // In place of its own hooks: the least that it can run.
                add(&["-c", &hook]);
            }
        }
    }
    let names: Vec<String> = (0..row.interfaces()).map(interface).collect();
    let mut command = match client {
        Client::Udhcpc if row.serves() => one_for_each(&program, &words, &names),
        Client::Udhcpc => {
            let mut command = Command::new(program);
            command.args(words).arg("-i").args(names);
            command
        }
        // Its configuration says which interfaces.
        Client::Dhcpcd | Client::DhcpcdPrivsep => {
            let mut command = Command::new(program);
            command.args(words);
            command
        }
        Client::Calfkit | Client::CalfkitNoAcd | Client::Dhclient | Client::DhclientTrue => {
            let mut command = Command::new(program);
            command.args(words).args(names);
            command
        }
    };
    command.stdin(Stdio::null());
    Ok(command)
}

/// What ours is told about conflict detection; nothing where its default is measured.
const fn conflict_detection(client: Client, row: Row) -> Option<&'static str> {
    match (client, row) {
        (Client::CalfkitNoAcd, _) => Some("off"),
        (_, Row::AcdFull) => Some("full"),
        (_, Row::AcdFast) => Some("fast"),
        (
            _,
            Row::Plain
            | Row::RapidCommit
            | Row::InitReboot
            | Row::Hooks
            | Row::TenInterfaces
            | Row::HundredInterfaces,
        ) => None,
    }
}

/// A process for each interface, of a client that serves one.
fn one_for_each(program: &Path, words: &[String], names: &[String]) -> Command {
    let mut command = Command::new("sh");
    let script = format!(
        "for name in {}; do \"$0\" \"$@\" -i $name & done; wait",
        names.join(" ")
    );
    command.arg("-c").arg(script).arg(program).args(words);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(client: Client, row: Row) -> Option<String> {
        // This test's own program stands for ours; a peer that is not installed has no words.
        let ours = std::env::current_exe().unwrap();
        let command = once(client, row, &ours).ok()?;
        let words: Vec<String> = command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        Some(format!(" {} ", words.join(" ")))
    }

    #[test]
    fn rows_differ_in_what_ours_is_told() {
        let ours = |row| words(Client::Calfkit, row).unwrap();
        assert!(!ours(Row::Plain).contains("--acd"));
        assert!(ours(Row::AcdFull).contains(" --acd full "));
        assert!(ours(Row::AcdFast).contains(" --acd fast "));
        assert!(
            words(Client::CalfkitNoAcd, Row::AcdFast)
                .unwrap()
                .contains(" --acd off ")
        );
        assert!(ours(Row::RapidCommit).contains(" --rapid-commit "));
        assert!(ours(Row::Hooks).contains(" --hook /run/bench/hook "));
        assert!(ours(Row::TenInterfaces).ends_with(" eth8 eth9 "));
    }

    #[test]
    fn dhcpcd_probes_only_where_that_is_measured() {
        for row in Row::ALL {
            let probes = !dhcpcd_conf(row).contains("noarp");
            assert_eq!(probes, row == Row::AcdFull, "{row:?}");
        }
    }
}
