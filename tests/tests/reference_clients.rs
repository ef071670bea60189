//! Other people's clients against our scripted server, and against the real servers as the testbed
//! starts them: what they accept is what a lease looks like, so a fault of the testbed is found here
//! and not mistaken for one of our client.

use std::{net::Ipv4Addr, time::Duration};

use calfkit_tests::{
    Server, Terms, Testbed,
    message::Kind,
    process::Process,
    servers::{Product, RealServer, ServerOptions},
    testbed::{CLIENT_LINK, SERVER_ADDRESS},
};

const SOON: Duration = Duration::from_secs(20);

/// udhcpc with a script that says what it was given, run once.
fn udhcpc(bed: &Testbed) -> Vec<String> {
    bed.client.write(
        "/run/testbed/script",
        "#!/bin/sh\necho \"$1 $ip $lease $router $domain\"\n",
    );
    let mut command = bed.client.command("sh");
    command.args([
        "-c",
        "chmod +x /run/testbed/script && exec udhcpc \"$@\"",
        "udhcpc",
    ]);
    command.args([
        "-f",
        "-n",
        "-q",
        "-i",
        CLIENT_LINK,
        "-s",
        "/run/testbed/script",
    ]);
    let mut client = Process::start(command);
    let status = client.wait(SOON);
    assert!(
        status.is_some_and(|s| s.success()),
        "{status:?}: {}",
        client.stderr_text()
    );
    client.stdout().entries()
}

fn udhcpc_binds_from(product: Product, lease_seconds: u32) {
    let bed = Testbed::new();
    let options = ServerOptions {
        lease_seconds,
        ..ServerOptions::default()
    };
    let _server = RealServer::start(&bed, product, &options);
    let said = udhcpc(&bed);
    let bound = format!("bound 10.77.0.100 {lease_seconds} 10.77.0.1 example.test");
    assert!(said.contains(&bound), "{said:?}");
}

#[test]
fn udhcpc_gets_all_terms_of_the_scripted_server() {
    let bed = Testbed::new();
    let terms = Terms {
        address: Ipv4Addr::new(10, 77, 0, 42),
        lease_seconds: 77,
        ..Terms::default()
    };
    let server = Server::start(&bed, terms);
    let said = udhcpc(&bed);
    assert!(
        said.contains(&"bound 10.77.0.42 77 10.77.0.1 example.test".into()),
        "{said:?}"
    );
    let kinds: Vec<_> = server
        .log()
        .entries()
        .iter()
        .map(|e| e.message.kind())
        .collect();
    assert_eq!(
        kinds,
        [Kind::DISCOVER, Kind::OFFER, Kind::REQUEST, Kind::ACK]
    );
}

#[test]
fn dhclient_configures_the_address_of_the_scripted_server() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let monitor = bed.address_monitor();
    let mut command = bed.client.command("dhclient");
    command.args([
        "-1",
        "-d",
        "-v",
        "-lf",
        "/run/testbed/l",
        "-pf",
        "/run/testbed/p",
        "-sf",
    ]);
    let script = "/run/testbed/script";
    let text = "#!/bin/sh\n[ \"$reason\" = BOUND ] && exec ip address add $new_ip_address/24 dev eth0\nexit 0\n";
    bed.client.write(script, text);
    bed.client.run(|| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).expect("own file");
    });
    let client = Process::start({
        command.args([script, CLIENT_LINK]);
        command
    });
    let seen = monitor.changes().wait_for(SOON, |_| true);
    assert!(seen.is_some(), "{}", client.stderr_text());
    assert_eq!(bed.addresses()[0].address, Ipv4Addr::new(10, 77, 0, 100));
}

#[test]
fn a_refusal_and_the_lease_after_it_are_seen_on_the_cable() {
    let bed = Testbed::new();
    let sniffer = bed.sniffer();
    let server = Server::start(&bed, Terms::default());
    server.refuse_next(1);
    let said = udhcpc(&bed);
    let (after, to, nak) = sniffer
        .wait_for_dhcp(0, Kind::NAK, SOON)
        .expect("a DHCPNAK");
    assert_eq!(to, Ipv4Addr::BROADCAST);
    assert_eq!(nak.address_option(54), Some(SERVER_ADDRESS));
    let (_, _, ack) = sniffer
        .wait_for_dhcp(after, Kind::ACK, SOON)
        .expect("then a DHCPACK");
    assert_eq!(ack.yiaddr, Ipv4Addr::new(10, 77, 0, 100));
    assert!(
        said.iter()
            .any(|line| line.starts_with("bound 10.77.0.100")),
        "{said:?}"
    );
}

#[test]
fn udhcpc_binds_from_dhcpd() {
    udhcpc_binds_from(Product::Dhcpd, 600);
}

#[test]
fn udhcpc_binds_from_dnsmasq() {
    udhcpc_binds_from(Product::Dnsmasq, 600);
}

#[test]
fn udhcpc_binds_from_kea() {
    udhcpc_binds_from(Product::Kea, 600);
}

#[test]
fn udhcpc_binds_from_udhcpd() {
    udhcpc_binds_from(Product::Udhcpd, 600);
}
