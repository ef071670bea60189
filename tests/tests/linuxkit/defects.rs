//! Where dhcpcd's run at boot hangs, or ends well without a lease, and this program does not
//! (the reasons are in its `--explain`).

use std::{
    net::Ipv6Addr,
    thread::sleep,
    time::{Duration, Instant},
};

use calfkit_tests::{
    Server, Terms, Testbed,
    linuxkit::{CONFIGURATION, ONBOOT, container, machine},
    message::Kind,
    router::advertisement,
    server::{Decision, reply_frame},
};

use crate::{LEASED, SOON, addresses, ended, leases};

// Its twin with the time that it takes by itself is in slow_linuxkit.
#[test]
fn case_094_a_server_that_is_silent_is_an_end_that_fails_in_the_time_given() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.ignore_next(usize::MAX);
    let machine = machine(&bed, "linuxkit-box");

    let line = format!("{ONBOOT} -t 2");
    let (status, log) = ended(&mut container(&machine, &line, CONFIGURATION));

    assert_eq!(status, Some(1), "{log:#?}");
    // Whoever reads the log of a boot finds why, too.
    let [.., reason, counted] = log.as_slice() else {
        panic!("{log:#?}");
    };
    assert_eq!(reason, "timed out", "{log:#?}");
    let sent = "eth0: 1 DISCOVER sent, no frame seen, no ACK";
    assert_eq!(counted, sent, "{log:#?}");
    assert!(server.wait_received(0, Kind::DISCOVER, SOON).is_some());
    assert!(addresses(&bed).is_empty());
}

/// The prefix of documentation (RFC 3849).
const PREFIX: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0x77, 0, 0, 0, 0);

#[test]
fn case_095_an_ipv6_router_that_is_faster_than_the_server_is_no_end() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.hook(|_, _| Decision::Frames(Vec::new()));
    let machine = machine(&bed, "linuxkit-box");
    let mut onboot = container(&machine, ONBOOT, CONFIGURATION);
    let (_, discover) = server.wait_received(0, Kind::DISCOVER, SOON).expect("one");

    server.inject(&advertisement(PREFIX));
    let deadline = Instant::now() + SOON;
    while !bed
        .client
        .ip("-6 address show dev eth0")
        .contains("2001:db8:0:77:")
    {
        assert!(Instant::now() < deadline, "no address from the router");
        sleep(Duration::from_millis(20));
    }

    // With IPv6 configured, it still waits for what it was started for.
    assert_eq!(onboot.first_mut().wait(Duration::from_secs(1)), None);
    assert!(addresses(&bed).is_empty());
    server.unhook();
    let offer = Terms::default().grant(&discover.message, Kind::OFFER);
    server.inject(&reply_frame(&offer));

    leases(&mut onboot);

    assert_eq!(addresses(&bed), [LEASED]);
}

#[test]
fn an_interface_that_is_not_there_yet_is_waited_for() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    bed.client.ip("link set eth0 down");
    bed.client.ip("link set eth0 name late0");
    let machine = machine(&bed, "linuxkit-box");
    let mut onboot = container(&machine, ONBOOT, CONFIGURATION);
    let goes_on = onboot.first_mut().wait(Duration::from_secs(1));
    assert_eq!(goes_on, None, "{}", onboot.first().stderr_text());

    bed.client.ip("link set late0 name eth0");

    leases(&mut onboot);
}
