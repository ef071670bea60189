//! How long a boot waits at most where the command line does not say: real time, so slow.

use std::time::Duration;

use calfkit_tests::{
    Room, Server, Terms, Testbed,
    linuxkit::{CONFIGURATION, ONBOOT, container, machine},
};

/// dhcpcd's own timeout is 30 s, which its run at boot does not keep; this is twice that.
const PATIENCE: Duration = Duration::from_secs(60);

#[track_caller]
fn fails_in_time(mut onboot: Room) {
    // It does not give up early either: a bridge that learns takes up to half of it.
    let early = onboot.first_mut().wait(Duration::from_secs(20));
    assert_eq!(early, None, "{}", onboot.first().stderr_text());
    let status = onboot.first_mut().wait(PATIENCE);
    let code = status.expect("the boot goes on").code();
    assert_eq!(code, Some(1), "{}", onboot.first().stderr_text());
}

#[test]
fn case_094_a_boot_with_a_silent_server_goes_on_after_the_usual_timeout() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.ignore_next(usize::MAX);
    let machine = machine(&bed, "linuxkit-box");
    fails_in_time(container(&machine, ONBOOT, CONFIGURATION));
}

#[test]
fn a_boot_without_the_interface_goes_on_after_the_usual_timeout() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    bed.client.ip("link set eth0 down");
    bed.client.ip("link set eth0 name lan0");
    let machine = machine(&bed, "linuxkit-box");
    fails_in_time(container(&machine, ONBOOT, CONFIGURATION));
}
