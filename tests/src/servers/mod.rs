//! Real DHCP servers in the testbed: what a client must get along with in the field.

mod dhcpd;
mod dnsmasq;
mod kea;
mod udhcpd;

use std::{
    net::Ipv4Addr,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use crate::{frame::SERVER_PORT, process::Process, testbed::Testbed};

/// How long a server may take to open its port.
const START: Duration = Duration::from_secs(20);

/// Where servers keep configuration and leases, on their host's scratch disk.
const FOLDER: &str = "/run/testbed/server";

/// The servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// ISC dhcpd.
    Dhcpd,
    /// dnsmasq.
    Dnsmasq,
    /// ISC Kea.
    Kea,
    /// busybox udhcpd.
    Udhcpd,
}

/// What a server shall grant: one address of a network whose prefix has 24 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    /// The whole pool.
    pub address: Ipv4Addr,
    /// Length of the lease; dnsmasq grants no less than two minutes.
    pub lease_seconds: u32,
    /// T1; dnsmasq says no less than three seconds.
    pub renewal_seconds: u32,
    /// T2.
    pub rebinding_seconds: u32,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::new(10, 77, 0, 100),
            lease_seconds: 3600,
            renewal_seconds: 1800,
            rebinding_seconds: 3150,
        }
    }
}

/// A real server that runs until it is dropped.
#[derive(Debug)]
pub struct RealServer {
    process: Process,
}

impl RealServer {
    /// Starts it with no leases on record, in the network of its options, and returns when it listens.
    ///
    /// # Panics
    /// If it is not installed or does not start, with its own words.
    #[must_use]
    pub fn start(bed: &Testbed, product: Product, options: &ServerOptions) -> Self {
        bed.move_server(options.server());
        // An address that an earlier server granted is forgotten with its files.
        bed.server.run(|| {
            if Path::new(FOLDER).exists() {
                std::fs::remove_dir_all(FOLDER).expect("scratch files can be removed");
            }
        });
        let command = match product {
            Product::Dhcpd => dhcpd::command(bed, options),
            Product::Dnsmasq => dnsmasq::command(bed, options),
            Product::Kea => kea::command(bed, options),
            Product::Udhcpd => udhcpd::command(bed, options),
        };
        let mut server = Self {
            process: Process::start(command),
        };
        server.wait_until_it_listens(bed, product);
        server
    }

    /// The server's process, and what it wrote.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Most servers tell nobody that they are ready, so their port is looked for, with a pause between
    /// two looks in which an end would be noticed. Kea does tell, and drops what comes before.
    fn wait_until_it_listens(&mut self, bed: &Testbed, product: Product) {
        let deadline = Instant::now() + START;
        let said = match product {
            Product::Kea => Some(kea::READY),
            Product::Dhcpd | Product::Dnsmasq | Product::Udhcpd => None,
        };
        let ready = |server: &Self| match said {
            Some(said) => server.said().contains(said),
            None => listens(bed),
        };
        while !ready(self) {
            let ended = self.process.wait(Duration::from_millis(10));
            assert!(
                ended.is_none(),
                "{product:?} ended ({ended:?}): {}",
                self.said()
            );
            assert!(
                Instant::now() < deadline,
                "{product:?} is not ready: {}",
                self.said()
            );
        }
    }

    fn said(&self) -> String {
        [
            self.process.stdout().entries(),
            self.process.stderr().entries(),
        ]
        .concat()
        .join("\n")
    }
}

/// Whether anything in the server's host has a UDP socket on the port of DHCP servers.
fn listens(bed: &Testbed) -> bool {
    let port = format!(":{SERVER_PORT:04X}");
    let sockets = bed
        .server
        .read("/proc/thread-self/net/udp")
        .unwrap_or_default();
    sockets
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .any(|at| at.ends_with(&port))
}

/// A command in the server's host.
fn command(bed: &Testbed, program: &str, package: &str) -> Command {
    let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    let candidates = folders.map(|folder| Path::new(folder).join(program));
    let found = candidates.iter().find(|path| path.exists());
    let path =
        found.unwrap_or_else(|| panic!("install the Debian package {package} for {program}"));
    bed.server.command(path)
}

/// The domain that every server gives.
pub const DOMAIN: &str = "example.test";

/// The mask of every network, for the servers that want one.
const MASK: Ipv4Addr = Ipv4Addr::new(255, 255, 255, 0);

impl ServerOptions {
    /// The server in the network of the granted address; also its router and resolver.
    #[must_use]
    pub fn server(&self) -> Ipv4Addr {
        self.in_network(1)
    }

    fn network(&self) -> Ipv4Addr {
        self.in_network(0)
    }

    fn in_network(&self, last: u8) -> Ipv4Addr {
        let [a, b, c, _] = self.address.octets();
        Ipv4Addr::new(a, b, c, last)
    }
}
