//! The cables between the two hosts: the first is there from the start, tests plug in further ones, each
//! with a network of its own on it.

use std::{net::Ipv4Addr, time::Duration};

use crate::{
    Server, Terms,
    monitor::wait_for_link,
    sniffer::Sniffer,
    testbed::{
        Address, CLIENT_LINK, CLIENT_MAC, PREFIX_LENGTH, Route, SERVER_ADDRESS, SERVER_LINK,
        SERVER_MAC, Testbed, mac_text,
    },
};

/// The kernel looks at its links once a second.
const LINK_PATIENCE: Duration = Duration::from_secs(10);

/// A veth pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cable {
    /// The client's link.
    pub client: &'static str,
    /// Its hardware address.
    pub client_mac: [u8; 6],
    /// The server's link.
    pub server: &'static str,
    /// Its hardware address.
    pub server_mac: [u8; 6],
    /// The server's address on it; the network's prefix has [`PREFIX_LENGTH`].
    pub server_address: Ipv4Addr,
}

impl Cable {
    /// The one that every testbed has.
    pub const FIRST: Self = Self {
        client: CLIENT_LINK,
        client_mac: CLIENT_MAC,
        server: SERVER_LINK,
        server_mac: SERVER_MAC,
        server_address: SERVER_ADDRESS,
    };

    /// One for tests of two interfaces.
    pub const SECOND: Self = Self {
        client: "eth1",
        client_mac: [0x02, 0, 0, 0x78, 0, 0x02],
        server: "srv1",
        server_mac: [0x02, 0, 0, 0x78, 0, 0x01],
        server_address: Ipv4Addr::new(10, 78, 0, 1),
    };

    /// The same with another link at the client's end.
    #[must_use]
    pub const fn to(self, client: &'static str) -> Self {
        Self { client, ..self }
    }
}

impl Testbed {
    /// Plugs a cable in: both links are up, and the server's has its address.
    pub fn plug_in(&self, cable: &Cable) {
        self.lay(cable);
        self.server.ip(&format!("link set {} up", cable.server));
    }

    /// Plugs a cable in whose server is there before anybody can ask it.
    #[must_use]
    pub fn plug_in_served(&self, cable: &Cable) -> Server {
        self.lay(cable);
        let server = Server::start_on(self, cable, Terms::on(cable));
        self.server.ip(&format!("link set {} up", cable.server));
        server
    }

    /// Lays a cable that is not plugged in at the server's end.
    fn lay(&self, cable: &Cable) {
        let Cable {
            client,
            client_mac,
            server,
            server_mac,
            server_address,
        } = cable;
        let peer = self.server.network_path();
        self.client.ip(&format!(
            "link add {client} address {} type veth peer name {server} address {} netns {peer}",
            mac_text(*client_mac),
            mac_text(*server_mac),
        ));
        // Only what a test causes shall be on the cable: no router solicitation, no MLD.
        self.client
            .ip(&format!("link set {client} addrgenmode none"));
        self.server
            .ip(&format!("link set {server} addrgenmode none"));
        self.server.ip(&format!(
            "address add {server_address}/{PREFIX_LENGTH} dev {server}"
        ));
        self.client.ip(&format!("link set {client} up"));
    }

    /// Takes a cable away, with both links.
    pub fn unplug(&self, cable: &Cable) {
        self.server.ip(&format!("link del {}", cable.server));
    }

    /// Pulls a cable at the server's end, and returns when the client's kernel has said so: it tells nobody
    /// of a cable that is back sooner than it looks.
    pub fn pull(&self, cable: &Cable) {
        self.server.ip(&format!("link set {} down", cable.server));
        wait_for_link(&self.client, LINK_PATIENCE, || {
            self.operational_state(cable) != "UP"
        });
    }

    /// Plugs a pulled cable in again, and returns when the client's kernel has said so.
    pub fn push(&self, cable: &Cable) {
        self.server.ip(&format!("link set {} up", cable.server));
        wait_for_link(&self.client, LINK_PATIENCE, || {
            self.operational_state(cable) == "UP"
        });
    }

    fn operational_state(&self, cable: &Cable) -> String {
        let listed = self.links_json(&format!("dev {}", cable.client));
        listed[0]["operstate"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The kernel's number of one of the client's links.
    ///
    /// # Panics
    /// If there is no such link.
    #[must_use]
    pub fn index_of(&self, link: &str) -> u32 {
        let listed = self.links_json(&format!("dev {link}"));
        let index = listed[0]["ifindex"].as_u64();
        let index = index.and_then(|index| u32::try_from(index).ok());
        index.expect("ip tells every link's number")
    }

    /// The client's IPv4 addresses on one of its links.
    #[must_use]
    pub fn addresses_on(&self, link: &str) -> Vec<Address> {
        self.addresses_of(&format!("dev {link}"))
    }

    /// The client's IPv4 routes through one of its links.
    #[must_use]
    pub fn routes_through(&self, link: &str) -> Vec<Route> {
        self.routes_of(&format!("dev {link}"))
    }

    /// Starts to record all that passes the server's end of a cable.
    #[must_use]
    pub fn sniffer_on(&self, cable: &Cable) -> Sniffer {
        Sniffer::start(&self.server, cable.server)
    }
}
