//! LinuxKit's machine in small: a name, a resolver file that services share, and the container of its DHCP
//! client, with the program in the place of dhcpcd and nothing of an image around it.

use crate::{
    capabilities::LINUXKIT,
    furniture::CLIENT,
    room::{Container, Room},
    testbed::Testbed,
};

/// The effective directives of the configuration that LinuxKit's image of dhcpcd ships.
pub const CONFIGURATION: &str = "\
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
noarp
waitip 4
";

/// What its YAML files run at boot, and wait for.
pub const ONBOOT: &str = "/sbin/dhcpcd --nobackground -f /dhcpcd.conf -1";

/// What its image runs as a service.
pub const SERVICE: &str = "/sbin/dhcpcd --nobackground -f /dhcpcd.conf";

/// The resolver file as the machine and its other services see it.
pub const RESOLVER_FILE: &str = "/run/resolvconf/resolv.conf";

/// A machine of that name on the testbed's client link, before any container runs.
#[must_use]
pub fn machine(bed: &Testbed, name: &str) -> Room {
    Room::new(&bed.client, name, |furniture| {
        furniture
            .client(&[])
            .file(RESOLVER_FILE, "")
            .link("/etc/resolv.conf", RESOLVER_FILE);
    })
}

/// Starts the container of the DHCP client: its root cannot be written to, /etc is the folder of the resolver
/// file, /run and /var begin empty, and it has four capabilities.
#[must_use]
pub fn container(machine: &Room, line: &str, configuration: &str) -> Room {
    let container = Container {
        words: line.split(' ').map(Into::into).collect(),
        capabilities: LINUXKIT,
        read_only: true,
    };
    let configuration = configuration.to_owned();
    machine.container(&container, move |furniture| {
        furniture
            .bind(CLIENT, CLIENT)
            .link("/sbin/dhcpcd", CLIENT)
            .file("/dhcpcd.conf", configuration)
            .bind("/run/resolvconf", "/etc")
            .scratch("/run")
            .scratch("/tmp")
            .scratch("/var");
    })
}
