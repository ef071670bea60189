//! The end of a run, when something is in its way.

use std::time::{Duration, Instant};

use calfkit_tests::{Cable, Client, SOON, Server, Terms, Testbed, testbed::CLIENT_LINK, until};
use nix::sys::signal::Signal;

/// An executable of the client's host.
const SCRIPT: &str = "/run/test/script";

fn script(bed: &Testbed, text: &str) {
    bed.client.write(SCRIPT, text);
    let made = bed.client.command("chmod").args(["755", SCRIPT]).status();
    assert!(made.is_ok_and(|status| status.success()), "chmod");
}

/// The content of a file, once there is some.
fn content(bed: &Testbed, path: &str) -> Option<String> {
    let content = || bed.client.read(path).ok();
    until(SOON, || content().filter(|text| text.ends_with('\n')))
}

#[test]
fn a_script_that_hangs_before_the_first_lease_does_not_keep_the_run_from_its_end() {
    let bed = Testbed::new();
    // Longer than a test may take.
    script(
        &bed,
        "#!/bin/sh\necho \"$1\" >> /run/test/told\nexec sleep 1000\n",
    );
    let mut client = Client::compat(&bed, "udhcpc", &["-f", "-i", CLIENT_LINK, "-s", SCRIPT]);
    assert_eq!(
        content(&bed, "/run/test/told").as_deref(),
        Some("deconfig\n")
    );

    let begin = Instant::now();
    client.signal(Signal::SIGTERM);
    let status = client.wait(SOON).expect("an end");
    assert_eq!(status.code(), Some(0));
    // A script has a minute.
    assert!(begin.elapsed() < Duration::from_secs(30));
}

#[test]
fn dhclient_in_the_foreground_leaves_its_process_id_when_a_server_comes_late() {
    let bed = Testbed::new();
    // The first attempt is over after a second.
    bed.client.write("/run/test/conf", "timeout 1;\nretry 1;\n");
    let files = "-cf /run/test/conf -pf /run/test/pid -lf /run/test/leases -sf /bin/true";
    let words: Vec<&str> = ["-d"]
        .into_iter()
        .chain(files.split(' '))
        .chain([CLIENT_LINK])
        .collect();
    let client = Client::compat(&bed, "dhclient", &words);
    client
        .stderr()
        .wait_for(SOON, |line| line.contains("No DHCPOFFERS received"))
        .expect("the first attempt is over");
    assert!(bed.client.read("/run/test/pid").is_err());

    let _server = Server::start(&bed, Terms::default());
    let written = content(&bed, "/run/test/pid").expect("a process id");
    assert_eq!(written.trim(), client.pid().to_string());
}

#[test]
fn a_client_that_is_to_end_everything_ends_no_run_of_another_client() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut native = Client::bound(&bed, &[]);

    let mut dhcpcd = Client::compat(&bed, "dhcpcd", &["-x"]);
    let status = dhcpcd.wait(SOON).expect("an end");
    let said = dhcpcd.stderr_text();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("nothing runs here"), "{said}");

    // The run goes on, as it shows by doing what it is asked.
    native.renew();
}

#[test]
fn an_interface_that_was_stopped_is_not_waited_for() {
    let bed = Testbed::new();
    let _server = bed.plug_in_served(&Cable::SECOND);
    let mut client = Client::start_on(&bed, &["eth0", "eth1"], &["--once"]);
    client.wait_for_event_of("eth1", "bound", SOON);

    // There is no server for the other one, and the run would wait for it.
    assert_eq!(
        bed.client.ctl(&["stop", "eth0"]).success(),
        ["stopped eth0"]
    );
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(bed.addresses_on("eth1").len(), 1);
}
