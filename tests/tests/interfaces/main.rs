//! Which interfaces the program serves, and what happens to it when they come, go, change, or when others
//! meddle with them.

mod arrival;
mod carrier;
mod meddling;
mod overrun;
mod selection;
mod several;

use calfkit_tests::{Cable, SOON, Testbed, namespace::RESOLVER_FILE, until};

/// A third cable, for links that are not to be served.
const THIRD: Cable = Cable {
    client: "veth7",
    client_mac: [0x02, 0, 0, 0x79, 0, 0x02],
    server: "srv2",
    server_mac: [0x02, 0, 0, 0x79, 0, 0x01],
    server_address: std::net::Ipv4Addr::new(10, 79, 0, 1),
};

/// A fourth, for a port.
const FOURTH: Cable = Cable {
    client: "eth5",
    client_mac: [0x02, 0, 0, 0x7a, 0, 0x02],
    server: "srv3",
    server_mac: [0x02, 0, 0, 0x7a, 0, 0x01],
    server_address: std::net::Ipv4Addr::new(10, 80, 0, 1),
};

/// Servers in the resolver file, in its order.
fn resolvers(bed: &Testbed) -> Vec<String> {
    let text = bed.client.read(RESOLVER_FILE).expect("the testbed made it");
    let servers = text
        .lines()
        .filter_map(|line| line.strip_prefix("nameserver "));
    servers.map(str::to_owned).collect()
}

/// Waits until a run is there to be asked, which a run without interfaces says in no other way.
fn wait_for_run(bed: &Testbed) {
    let there = || (bed.client.ctl(&["status"]).code == Some(0)).then_some(());
    until(SOON, there).expect("a run answers");
}
