//! Where there is next to nothing: an initramfs, and a boot that only wants to know what a server says.

use std::net::Ipv4Addr;

use calfkit_tests::{
    Room, Server, Terms, Testbed,
    message::{Kind, code},
};
use nix::sys::signal::Signal;

use crate::surroundings::{Daemon, LEASED, SOON, addresses, default_route, succeeds, text};

/// A script of udhcpc's as small systems have them.
const SCRIPT: &str = "\
#!/bin/sh
case $1 in
deconfig) ip address flush dev $interface; ip link set $interface up ;;
bound|renew)
    ip address replace $ip/$mask dev $interface
    for each in $router; do ip route replace default via $each dev $interface; done
    for each in $dns; do echo nameserver $each; done > /etc/resolv.conf ;;
esac
";

/// An initramfs: a shell and what is in it, the client, no /var, and of /etc only what `SCRIPT` writes to.
fn initramfs(bed: &Testbed) -> Room {
    Room::new(&bed.client, "(none)", |furniture| {
        for folder in ["/lib", "/lib64"] {
            furniture.bind(folder, folder);
        }
        furniture.bind("/bin/busybox", "/bin/busybox");
        for applet in ["sh", "ip", "true"] {
            furniture.link(format!("/bin/{applet}"), "/bin/busybox");
        }
        furniture.client(&["/sbin/dhclient", "/sbin/udhcpc"]);
        furniture.folder("/etc").script("/lib-script", SCRIPT);
    })
}

// cloud-init asks before the system has a network, in a folder of its own, with a script that does nothing,
// reads the lease file, and kills what the pid file names.
#[test]
fn with_the_line_of_cloud_init_nothing_is_configured_and_the_lease_is_in_the_file() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = initramfs(&bed);

    let line = "dhclient -1 -v -lf /run/dhclient.lease -pf /run/dhclient.pid eth0 -sf /bin/true";
    succeeds(&room.run(Room::words(line)));

    let lease = text(&room, "/run/dhclient.lease").expect("a lease file");
    for statement in [
        "lease {",
        "  interface \"eth0\";",
        "  fixed-address 10.77.0.100;",
        "  option subnet-mask 255.255.255.0;",
        "  option routers 10.77.0.1;",
    ] {
        assert!(lease.lines().any(|line| line == statement), "{lease}");
    }
    assert_eq!(addresses(&bed), Vec::<Ipv4Addr>::new());
    let daemon = Daemon::of(&room, "/run/dhclient.pid");
    daemon.signal(Signal::SIGKILL);
    daemon.ends();
    let log = server.log().entries();
    assert!(log.iter().all(|it| it.message.kind() != Kind::RELEASE));
}

#[test]
fn in_an_initramfs_udhcpc_runs_once_and_leaves_what_its_script_configured() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    let room = initramfs(&bed);

    succeeds(&room.run(Room::words(
        "udhcpc -n -q -f -i eth0 -s /lib-script -O search -x hostname:boot",
    )));

    assert_eq!(addresses(&bed), [LEASED]);
    assert_eq!(default_route(&bed).metric, 0);
    let resolver = text(&room, "/etc/resolv.conf");
    assert_eq!(resolver.as_deref(), Some("nameserver 10.77.0.1\n"));
    let (_, discover) = server.wait_received(0, Kind::DISCOVER, SOON).expect("one");
    assert_eq!(discover.message.option(12), Some(b"boot".as_slice()));
    let asked = discover.message.option(55).unwrap_or_default();
    assert!(asked.contains(&code::SEARCH), "{asked:?}");
}

#[test]
fn in_an_initramfs_without_a_server_udhcpc_gives_up_as_it_was_told() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.ignore_next(usize::MAX);
    let room = initramfs(&bed);

    let line = "udhcpc -n -q -f -i eth0 -s /lib-script -t 2 -T 1";
    let ended = room.run(Room::words(line));

    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("no lease, failing"),
        "{}",
        ended.stderr
    );
    let asked = server.log().entries();
    assert_eq!(asked.len(), 2, "{asked:#?}");
}

/// The least that dracut's own script does with a lease, and what it leaves to others.
const DRACUT: &str = "\
#!/bin/sh
echo $reason >> /tmp/reasons
case $reason in
PREINIT) ip link set $interface up ;;
BOUND) ip address add $new_ip_address/$new_subnet_mask dev $interface ;;
esac
";

// dracut looks for --timeout in the help before it gives it.
#[test]
fn with_the_line_of_dracut_its_script_configures_and_the_files_are_in_tmp() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let room = initramfs(&bed);
    room.host().write("/etc/dhclient.conf", "");
    room.host().write("/sbin/dhclient-script", DRACUT);
    succeeds(&room.shell("busybox chmod 755 /sbin/dhclient-script"));
    let help = room.shell("dhclient --help 2>&1 | busybox grep -q -F -- --timeout");
    succeeds(&help);

    succeeds(&room.run(Room::words(
        "dhclient -4 --timeout 20 -q -1 -cf /etc/dhclient.conf -pf /tmp/dhclient.eth0.pid \
         -lf /tmp/dhclient.eth0.lease eth0",
    )));

    assert_eq!(addresses(&bed), [LEASED]);
    let reasons = text(&room, "/tmp/reasons");
    assert_eq!(reasons.as_deref(), Some("PREINIT\nBOUND\n"));
    assert!(text(&room, "/tmp/dhclient.eth0.lease").is_some());
    Daemon::of(&room, "/tmp/dhclient.eth0.pid");
}
