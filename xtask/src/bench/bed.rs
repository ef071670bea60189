//! The bed of a measurement: a client's place and a server's place, a link between them, a server that answers at
//! once, and the way back to a fresh start after each run.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::client::Client;
use super::invocation::{self, HOOK};
use super::place::Place;
use super::processes;
use super::row::Row;
use crate::failure::Failure;

/// The client's interface of that number, named so that `allowinterfaces eth*` takes it.
pub(super) fn interface(number: usize) -> String {
    format!("eth{number}")
}

/// The server's end of the client's only link, and where there are more, the bridge that joins their ends.
const SERVER_LINK: &str = "srv0";
const BRIDGE: &str = "bridge0";

/// Where a client finds what the bench lays out for it, inside its place.
pub(super) const FILES: &str = "/run/bench";

/// Two joined places and the server.
pub(super) struct Bed {
    pub(super) client: Place,
    server: Place,
    row: Row,
    passwd: String,
}

impl Bed {
    /// Makes both places, joins them as `row` wants it and starts the server.
    pub(super) fn new(
        name: &str,
        row: Row,
        client_core: usize,
        server_core: usize,
    ) -> Result<Self, Failure> {
        let link = if row.interfaces() == 1 {
            SERVER_LINK
        } else {
            BRIDGE
        };
        Self::build(name, row, link, client_core, server_core)
    }

    /// The same with a bridge on the way, for others to join.
    pub(super) fn bridged(
        name: &str,
        row: Row,
        client_core: usize,
        server_core: usize,
    ) -> Result<Self, Failure> {
        Self::build(name, row, BRIDGE, client_core, server_core)
    }

    fn build(
        name: &str,
        row: Row,
        link: &str,
        client_core: usize,
        server_core: usize,
    ) -> Result<Self, Failure> {
        let client = Place::new(&format!("{name}-client"), client_core)?;
        let server = Place::new(&format!("{name}-server"), server_core)?;
        join(&client, &server, row.interfaces(), link)?;
        start_server(&server, link, row.server_words())?;
        let passwd = client.etc().join("passwd");
        let passwd = std::fs::read_to_string(&passwd).map_err(Failure::file(&passwd))?;
        Ok(Self {
            client,
            server,
            row,
            passwd,
        })
    }

    /// Another host on the bridge, its interface `eth0` up and without address.
    pub(super) fn rival(&self, name: &str, core: usize) -> Result<Place, Failure> {
        let rival = Place::new(name, core)?;
        let other_end = self.server.namespace().to_string_lossy().into_owned();
        batch(
            &rival,
            &format!("link add eth0 type veth peer name {name} netns {other_end}\n"),
        )?;
        batch(
            &self.server,
            &format!("link set {name} master {BRIDGE} up\n"),
        )?;
        batch(&rival, "link set eth0 up\n")?;
        Ok(rival)
    }

    /// How many messages of this type the server has logged.
    pub(super) fn served(&self, message: &str) -> usize {
        let log = self.server.run_folder().join("log");
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let word = format!(" {message}(");
        text.lines().filter(|line| line.contains(&word)).count()
    }

    /// Ends what the last client left running and takes away its addresses, routes, state and resolver file, so that
    /// `next` starts as on a freshly installed machine whose links are up.
    pub(super) fn fresh_start(&self, next: Client) -> Result<(), Failure> {
        self.reboot()?;
        let run = self.client.run_folder();
        let lib = self.client.lib();
        empty(&run)?;
        empty(&lib)?;
        for folder in [
            run.join("bench/state"),
            lib.join("dhcp"),
            lib.join("dhcpcd"),
        ] {
            std::fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
        }
        let conf = invocation::dhcpcd_conf(self.row);
        write(&run.join("bench/dhcpcd.conf"), &conf)?;
        write_program(&run.join("bench/hook"), HOOK)?;
        write(&run.join("bench/resolv.conf"), "")?;
        let etc = self.client.etc();
        let resolver = etc.join("resolv.conf");
        if resolver.is_symlink() {
            std::fs::remove_file(&resolver).map_err(Failure::file(&resolver))?;
        }
        write(&resolver, "")?;
        if self.row == Row::Hooks {
            // Where dhclient's stock script looks; it reads them into its own shell.
            let hooks = etc.join("dhcp/dhclient-exit-hooks.d");
            std::fs::create_dir_all(&hooks).map_err(Failure::file(&hooks))?;
            write(&hooks.join("bench"), "true\n")?;
        }
        let passwd: String = self
            .passwd
            .lines()
            .filter(|line| next.keeps_account(line))
            .flat_map(|line| [line, "\n"])
            .collect();
        write(&etc.join("passwd"), &passwd)
    }

    /// Ends what the last client left running and takes away its addresses and routes, as a reboot would: what it
    /// keeps in files stays.
    pub(super) fn reboot(&self) -> Result<(), Failure> {
        processes::end_all(&self.client)?;
        let mut script = String::new();
        for number in 0..self.row.interfaces() {
            let name = interface(number);
            script.push_str(&format!(
                "address flush dev {name}\nroute flush dev {name}\n\
                 link set {name} mtu 1500 addrgenmode eui64 up\n"
            ));
        }
        batch(&self.client, &script)
    }

    /// Has a client write to the log.
    pub(super) fn log_to(&self, command: &mut Command) -> Result<(), Failure> {
        let path = self.client.run_folder().join("bench/log");
        let log = std::fs::File::create(&path).map_err(Failure::file(&path))?;
        let copy = log.try_clone().map_err(Failure::file(&path))?;
        command.stdout(log).stderr(copy);
        Ok(())
    }

    /// What the client wrote.
    pub(super) fn log(&self) -> String {
        let log = self.client.run_folder().join("bench/log");
        std::fs::read_to_string(log).unwrap_or_default()
    }

    /// A failure of a client, with its last words.
    pub(super) fn failed(&self, client: Client, what: &str) -> Failure {
        Failure::Unexpected {
            program: client.name().to_owned(),
            reason: format!("{what}: {}", self.last_words()),
        }
    }

    /// The last lines that the client printed, for a failure's message.
    pub(super) fn last_words(&self) -> String {
        let text = self.log();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(5)..].join(" | ")
    }
}

impl Drop for Bed {
    /// Ends the server and any client: the processes would otherwise stay until the bench ends, and cost time.
    fn drop(&mut self) {
        for place in [&self.client, &self.server] {
            if let Err(failure) = processes::end_all(place) {
                eprintln!("bench: {failure}");
            }
        }
    }
}

/// Joins the places by `links` pairs whose server ends are one network, that of `link`.
fn join(client: &Place, server: &Place, links: usize, link: &str) -> Result<(), Failure> {
    let other_end = server.namespace().to_string_lossy().into_owned();
    let mut here = String::from("link set lo up\n");
    let mut there = String::from("link set lo up\n");
    if link == BRIDGE {
        there.push_str(&format!("link add {BRIDGE} type bridge forward_delay 0\n"));
    }
    for number in 0..links {
        let name = interface(number);
        let end = format!("srv{number}");
        here.push_str(&format!(
            "link add {name} address 02:00:00:00:{:02x}:{:02x} type veth peer name {end} netns {other_end}\n",
            number / 256,
            number % 256 + 1
        ));
        if link == BRIDGE {
            there.push_str(&format!("link set {end} master {BRIDGE}\n"));
        }
        there.push_str(&format!("link set {end} up\n"));
    }
    there.push_str(&format!(
        "address add 10.77.0.1/16 dev {link}\nlink set {link} up\n"
    ));
    batch(client, &here)?;
    batch(server, &there)?;
    let up: String = (0..links)
        .map(|number| format!("link set {} up\n", interface(number)))
        .collect();
    batch(client, &up)
}

/// Runs a list of `ip` commands in a place, by one process.
fn batch(place: &Place, script: &str) -> Result<(), Failure> {
    write(&place.run_folder().join("commands"), script)?;
    place.call("ip", &["-4", "-batch", "/run/commands"])
}

/// Starts dnsmasq, which returns when it is ready: the parent waits for the daemon to have its sockets.
///
/// No ping check: every client would wait three seconds for it at its first lease.
fn start_server(server: &Place, link: &str, more: &[&str]) -> Result<(), Failure> {
    let interface = format!("--interface={link}");
    let mut words = vec![
        "--conf-file=/dev/null",
        "--port=0",
        "--user=root",
        &interface,
        // Every client has identifiers of its own, and a hundred interfaces.
        "--dhcp-range=10.77.1.1,10.77.240.250,255.255.0.0,1h",
        "--dhcp-lease-max=20000",
        "--dhcp-option=option:router,10.77.0.1",
        "--dhcp-option=option:dns-server,10.77.0.1",
        "--domain=bench.test",
        "--dhcp-authoritative",
        "--no-ping",
        "--dhcp-leasefile=/run/leases",
        "--pid-file=/run/dnsmasq.pid",
        "--log-facility=/run/log",
    ];
    words.extend(more);
    server.call("dnsmasq", &words)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(Failure::file(path))
}

fn write_program(path: &Path, text: &str) -> Result<(), Failure> {
    write(path, text)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
        .map_err(Failure::file(path))
}

fn empty(folder: &Path) -> Result<(), Failure> {
    for entry in std::fs::read_dir(folder).map_err(Failure::file(folder))? {
        let entry = entry.map_err(Failure::file(folder))?;
        let path = entry.path();
        let is_folder = entry.file_type().map_err(Failure::file(&path))?.is_dir();
        let removed = if is_folder {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        removed.map_err(Failure::file(&path))?;
    }
    Ok(())
}
