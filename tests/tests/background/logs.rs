//! Where the lines of a run in the background go: a file, and the system log, which is the test's own.

use std::{
    fs::{self, File},
    os::unix::net::UnixDatagram,
    path::Path,
};

use calfkit_tests::{
    SOON, Testbed,
    background::{Background, pid_inside},
    namespace::SCRATCH,
    until,
};
use nix::{
    mount::{MsFlags, mount},
    sys::signal::Signal,
};

use crate::{leased, network};

const FILE: &str = "/run/testbed/log";

/// What the run says of its lease.
const LEASED: &str = "eth0: leased 10.77.0.100 for 3600 seconds from 10.77.0.1";
const RENEWED: &str = "eth0: renewed lease of 10.77.0.100 for 3600 seconds from 10.77.0.1";

/// Gives the client's host a /dev of its own, in which nobody listens to the log.
fn part_devices(bed: &Testbed) {
    let bind = |from: &Path, to: &Path| {
        let nothing = None::<&str>;
        let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
        mount(Some(from), to, nothing, flags, nothing)
            .unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    };
    bed.client.run(|| {
        let folder = Path::new(SCRATCH).join("dev");
        fs::create_dir(&folder).expect("an own folder");
        for device in ["null", "zero", "full", "random", "urandom", "tty"] {
            let place = folder.join(device);
            File::create(&place).expect("an own folder");
            bind(&Path::new("/dev").join(device), &place);
        }
        bind(&folder, Path::new("/dev"));
    });
}

/// The system log of the client's host.
fn syslog(bed: &Testbed) -> UnixDatagram {
    let socket = bed.client.run(|| UnixDatagram::bind("/dev/log"));
    let socket = socket.expect("an own folder");
    socket.set_read_timeout(Some(SOON)).expect("a limit");
    socket
}

fn heard(log: &UnixDatagram) -> String {
    let mut buffer = [0; 4096];
    let length = log.recv(&mut buffer).expect("it is told something");
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

/// The texts of the file's lines, each behind a date and the name of the program.
fn texts(bed: &Testbed) -> Vec<String> {
    let log = bed.client.read(FILE).unwrap_or_default();
    let text = |line: &str| {
        let (date, text) = line.split_once(" dhcp-client: ")?;
        let well = date.starts_with("20") && date.contains(':');
        well.then(|| text.to_owned())
    };
    log.lines()
        .map(|line| text(line).unwrap_or_else(|| panic!("{line:?}")))
        .collect()
}

fn wait_for_text(bed: &Testbed, run: &Background, wanted: &str) {
    let said = until(SOON, || {
        texts(bed).contains(&wanted.to_owned()).then_some(())
    });
    assert!(said.is_some(), "{:?}; {}", texts(bed), run.said());
}

#[test]
fn the_file_and_the_system_log_are_told_before_and_after_the_launcher_has_ended() {
    let (bed, _server) = network();
    part_devices(&bed);
    let log = syslog(&bed);
    let targets = ["--log", "stderr", "--log", FILE, "--log", "syslog"];
    let run = leased(&bed, &targets);
    let server = run.server();
    let pid = pid_inside(server);
    // RFC 3164 section 4.1.1: facility "system daemons", severity "Informational".
    let line = |text: &str| format!("<30>dhcp-client[{pid}]: {text}");
    assert_eq!(heard(&log), line(LEASED));
    assert_eq!(run.process().stderr().entries(), [LEASED]);

    run.signal(server, Signal::SIGUSR1);
    assert_eq!(heard(&log), line(RENEWED));
    wait_for_text(&bed, &run, RENEWED);
    run.signal(server, Signal::SIGTERM);
    run.wait_gone();
    assert_eq!(texts(&bed), [LEASED, RENEWED, "eth0: stopped"]);
    assert_eq!(heard(&log), line("eth0: stopped"));
    assert_eq!(
        run.process().stderr().entries(),
        [LEASED],
        "standard error was left"
    );
}

#[test]
fn without_a_system_log_that_is_said_once_and_one_that_comes_later_is_told() {
    let (bed, _server) = network();
    part_devices(&bed);
    let run = leased(&bed, &["--log", "stderr", "--log", "syslog"]);
    let said = run.process().stderr().entries();
    let complaints = said.iter().filter(|line| line.contains("/dev/log"));
    assert_eq!(complaints.count(), 1, "{said:?}");
    assert!(said.contains(&LEASED.to_owned()), "{said:?}");

    let log = syslog(&bed);
    // It is looked for once a second.
    let server = run.server();
    log.set_nonblocking(true).expect("a mode");
    let told = until(SOON, || {
        run.signal(server, Signal::SIGUSR1);
        let mut buffer = [0; 4096];
        let length = log.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    });
    let told = told.unwrap_or_else(|| panic!("nothing; {}", run.said()));
    assert!(told.starts_with("<30>dhcp-client["), "{told:?}");
}

#[test]
fn a_file_that_cannot_be_had_is_said_and_keeps_no_run_from_its_work() {
    let (bed, _server) = network();
    let run = leased(&bed, &["--log", "stderr", "--log", "/proc/none/log"]);
    let said = run.process().stderr().entries();
    assert!(said[0].contains("/proc/none/log"), "{said:?}");
    assert_eq!(said[1..], [LEASED]);
}

#[test]
fn the_lines_of_the_run_before_stay_in_the_file() {
    let (bed, _server) = network();
    bed.client
        .write(FILE, "2020-01-01 00:00:00 dhcp-client: before\n");
    let run = leased(&bed, &["--log", FILE]);
    assert_eq!(run.process().stderr().entries(), [""; 0]);
    assert_eq!(texts(&bed), ["before", LEASED]);
}
