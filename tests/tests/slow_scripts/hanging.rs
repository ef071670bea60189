//! A script that hangs, which has a minute.

use std::time::Duration;

use calfkit_tests::{Room, Server, Terms, Testbed, until};
use nix::sys::signal::Signal;

/// A script's minute, and what a busy machine adds to it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Hangs with a process of its own the first time, and leaves their numbers.
const SCRIPT: &str = "\
#!/bin/sh
echo $1 >> /run/told
[ -e /run/pids ] && exit
sleep 1000 &
echo $$ $! > /run/pids.new
mv /run/pids.new /run/pids
wait
";

#[test]
fn a_script_that_hangs_is_killed_with_all_that_it_started_and_the_run_goes_on() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let room = Room::new(&bed.client, "box1", |furniture| {
        furniture.debian();
        let path = "/usr/sbin/udhcpc";
        furniture.without(path).client(&[path]);
        furniture.script("/opt/script", SCRIPT);
    });
    let mut udhcpc = room.start(Room::words("udhcpc -f -i eth0 -s /opt/script"));
    let pids = until(PATIENCE, || room.host().read("/run/pids").ok());
    let pids = pids.expect("the script runs");
    let hanging: Vec<i32> = pids
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect();
    assert_eq!(hanging.len(), 2, "{pids}");
    assert!(hanging.iter().all(|pid| room.outside(*pid).is_some()));

    let line = "was killed: it ran longer than 60 s";
    let said = udhcpc
        .stderr()
        .wait_for(PATIENCE, |said| said.contains(line));
    assert!(said.is_some(), "{}", udhcpc.stderr_text());
    let gone = || hanging.iter().all(|pid| room.outside(*pid).is_none());
    assert!(until(PATIENCE, || gone().then_some(())).is_some());
    let told = || room.host().read("/run/told").ok();
    let expected = Some("deconfig\nbound\n");
    let bound = until(PATIENCE, || told().filter(|it| it.ends_with("bound\n")));
    assert_eq!(bound.as_deref(), expected);

    udhcpc.signal(Signal::SIGTERM);
    let ended = udhcpc.wait(PATIENCE).and_then(|end| end.code());
    assert_eq!(ended, Some(0));
}
