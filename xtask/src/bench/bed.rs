//! The bed of a measurement: a client's place and a server's place, a link between them, a server that answers at
//! once, and the way back to a fresh start after each run.

use std::path::Path;

use super::client::Client;
use super::place::Place;
use super::processes;
use crate::failure::Failure;

/// The client's interface, named so that `allowinterfaces eth*` takes it.
pub(super) const INTERFACE: &str = "eth0";

/// Where a client finds what the bench lays out for it, inside its place.
pub(super) const FILES: &str = "/run/bench";

/// Two joined places and the server.
pub(super) struct Bed {
    pub(super) client: Place,
    server: Place,
    passwd: String,
}

impl Bed {
    /// Makes both places, joins them and starts the server.
    pub(super) fn new(name: &str, client_core: usize, server_core: usize) -> Result<Self, Failure> {
        let client = Place::new(&format!("{name}-client"), client_core)?;
        let server = Place::new(&format!("{name}-server"), server_core)?;
        let other_end = server.namespace().to_string_lossy().into_owned();
        client.call("ip", &["link", "set", "lo", "up"])?;
        client.call(
            "ip",
            &[
                "link",
                "add",
                INTERFACE,
                "address",
                "02:00:00:00:00:01",
                "type",
                "veth",
                "peer",
                "name",
                "srv0",
                "netns",
                &other_end,
            ],
        )?;
        server.call("ip", &["link", "set", "lo", "up"])?;
        server.call("ip", &["address", "add", "10.77.0.1/24", "dev", "srv0"])?;
        server.call("ip", &["link", "set", "srv0", "up"])?;
        client.call("ip", &["link", "set", INTERFACE, "up"])?;
        start_server(&server)?;
        let passwd = client.etc().join("passwd");
        let passwd = std::fs::read_to_string(&passwd).map_err(Failure::file(&passwd))?;
        Ok(Self {
            client,
            server,
            passwd,
        })
    }

    /// Ends what the last client left running and takes away its address, routes, state and resolver file, so that
    /// `next` starts as on a freshly booted machine whose link is up.
    pub(super) fn fresh_start(&self, next: Client) -> Result<(), Failure> {
        processes::end_all(&self.client)?;
        self.client
            .call("ip", &["-4", "address", "flush", "dev", INTERFACE])?;
        self.client
            .call("ip", &["-4", "route", "flush", "dev", INTERFACE])?;
        self.client.call(
            "ip",
            &[
                "link",
                "set",
                INTERFACE,
                "mtu",
                "1500",
                "addrgenmode",
                "eui64",
                "up",
            ],
        )?;

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
        write(&run.join("bench/dhcpcd.conf"), super::client::DHCPCD_CONF)?;
        write(&run.join("bench/resolv.conf"), "")?;
        let etc = self.client.etc();
        let resolver = etc.join("resolv.conf");
        if resolver.is_symlink() {
            std::fs::remove_file(&resolver).map_err(Failure::file(&resolver))?;
        }
        write(&resolver, "")?;
        let passwd: String = self
            .passwd
            .lines()
            .filter(|line| next.keeps_account(line))
            .flat_map(|line| [line, "\n"])
            .collect();
        write(&etc.join("passwd"), &passwd)
    }

    /// The last lines that the client printed, for a failure's message.
    pub(super) fn last_words(&self) -> String {
        let log = self.client.run_folder().join("bench/log");
        let text = std::fs::read_to_string(log).unwrap_or_default();
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

/// Starts dnsmasq, which returns when it is ready: the parent waits for the daemon to have its sockets.
///
/// No ping check: every client would wait three seconds for it at its first lease.
fn start_server(server: &Place) -> Result<(), Failure> {
    server.call(
        "dnsmasq",
        &[
            "--conf-file=/dev/null",
            "--port=0",
            "--user=root",
            "--interface=srv0",
            "--dhcp-range=10.77.0.50,10.77.0.250,255.255.255.0,1h",
            "--dhcp-option=option:router,10.77.0.1",
            "--dhcp-option=option:dns-server,10.77.0.1",
            "--domain=bench.test",
            "--dhcp-authoritative",
            "--no-ping",
            "--quiet-dhcp",
            "--dhcp-leasefile=/run/leases",
            "--pid-file=/run/dnsmasq.pid",
            "--log-facility=/run/log",
        ],
    )
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(Failure::file(path))
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
