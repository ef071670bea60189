//! What a service manager is told (sd_notify(3)), on a socket of the test's.

use std::{io, os::unix::net::UnixDatagram};

use calfkit_tests::{
    Client, SOON, Testbed,
    background::{Background, pid_inside},
    testbed::CLIENT_LINK,
};
use nix::sys::signal::Signal;

use crate::{network, serves};

const SOCKET: &str = "/run/testbed/notify";

/// Whoever started the service.
struct Starter(UnixDatagram);

impl Starter {
    fn new(bed: &Testbed) -> Self {
        let socket = bed.client.run(|| UnixDatagram::bind(SOCKET));
        let socket = socket.expect("an own folder");
        socket.set_read_timeout(Some(SOON)).expect("a limit");
        Self(socket)
    }

    /// The assignments of the next message.
    fn next(&self) -> Vec<String> {
        self.try_next().expect("it is told something")
    }

    fn try_next(&self) -> io::Result<Vec<String>> {
        let mut buffer = [0; 4096];
        let length = self.0.recv(&mut buffer)?;
        let text = std::str::from_utf8(&buffer[..length]).map_err(io::Error::other)?;
        Ok(text.split('\n').map(str::to_owned).collect())
    }

    /// Assignments that were told by now and not yet heard.
    fn waiting(&self) -> Vec<String> {
        self.0.set_nonblocking(true).expect("a mode");
        let mut all = Vec::new();
        while let Ok(more) = self.try_next() {
            all.extend(more);
        }
        self.0.set_nonblocking(false).expect("a mode");
        all
    }
}

fn background(bed: &Testbed, options: &[&str]) -> Background {
    let mut words = Client::usual_options()[1..].to_vec();
    words.push("--background");
    words.extend(options);
    words.push(CLIENT_LINK);
    Background::prepared(bed, r#""$@""#, &words, |command| {
        command.env("NOTIFY_SOCKET", SOCKET);
    })
}

#[test]
fn a_run_in_the_background_is_ready_with_its_lease_and_says_which_process_it_is() {
    let (bed, _server) = network();
    let starter = Starter::new(&bed);
    bed.carrier_down();
    let run = background(&bed, &[]);
    serves(&bed, &run);
    assert_eq!(starter.waiting(), [""; 0], "there is no lease yet");

    bed.carrier_up();
    let told = starter.next();
    assert_eq!(run.ended(), 0, "{}", run.said());
    let server = run.server();
    assert_eq!(told[0], "READY=1", "{told:?}");
    assert_eq!(told[1], format!("MAINPID={}", pid_inside(server)));
    assert!(told[2].starts_with("STATUS="), "{told:?}");
    assert_eq!(told.len(), 3, "{told:?}");
    let more = starter.waiting();
    assert!(!more.contains(&"STOPPING=1".to_owned()), "{more:?}");

    run.signal(server, Signal::SIGTERM);
    assert_eq!(starter.next(), ["STOPPING=1"]);
    run.wait_gone();
    assert_eq!(starter.waiting(), [""; 0], "nothing comes after the end");
}

#[test]
fn a_run_that_has_no_lease_in_time_is_never_ready_and_says_why() {
    let bed = Testbed::new();
    let starter = Starter::new(&bed);
    let run = background(&bed, &["--timeout", "1"]);
    assert_eq!(run.ended(), 1, "{}", run.said());
    assert_eq!(starter.waiting(), ["STATUS=no lease in time"]);
}

#[test]
fn a_run_in_the_foreground_is_ready_once_and_stops_when_an_operator_says_so() {
    let (bed, _server) = network();
    let starter = Starter::new(&bed);
    let mut command = Client::command(&bed, &[]);
    command.env("NOTIFY_SOCKET", SOCKET);
    let mut client = Client::start_command(command);
    client.wait_for_event("bound", SOON);
    let told = starter.next();
    assert_eq!(told[0], "READY=1", "{told:?}");
    assert_eq!(told[1], format!("MAINPID={}", client.process().pid()));
    client.renew();
    assert_eq!(starter.waiting(), [""; 0]);

    assert_eq!(bed.client.ctl(&["stop"]).success(), ["stopped eth0"]);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(starter.waiting(), ["STOPPING=1"]);
}

#[test]
fn one_who_does_not_listen_any_more_keeps_no_run_from_its_work() {
    let (bed, _server) = network();
    drop(Starter::new(&bed));
    let run = background(&bed, &[]);
    assert_eq!(run.ended(), 0, "{}", run.said());
    assert_eq!(bed.addresses().len(), 1);
}
