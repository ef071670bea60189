//! Whoever connects and means harm: keeps a socket for nothing, sends what is no message, or never reads.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    time::Duration,
};

use calfkit_tests::{
    Client, SOON, Server, Terms, Testbed, control::RUN_DIRECTORY, inspect::Snapshot,
    testbed::CLIENT_LINK, users::User,
};
use sdk_rpc::{Control as _, Verb};

use crate::run_of;

/// Asks for a renewal of everything over a connection, whichever socket it is of.
pub(crate) fn ask_for_renewal(socket: UnixStream) -> Result<Vec<String>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build_local(tokio::runtime::LocalOptions::default())
        .expect("a runtime");
    runtime.block_on(async {
        let socket = std::os::fd::OwnedFd::from(socket);
        let (control, _session) = sdk_rpc::connect_control(socket).expect("a socket");
        let asked = control.ask(Verb::Renew, Vec::new());
        let answer = tokio::time::timeout(SOON, asked).await.expect("an answer");
        answer.map_err(|error| error.to_string())
    })
}

/// Connections to the socket that everybody may connect to, from inside the host.
fn connect(count: usize) -> Vec<UnixStream> {
    let path = format!("{RUN_DIRECTORY}/eth0.view.sock");
    let connected = (0..count).map(|_| UnixStream::connect(&path));
    let connected: std::io::Result<Vec<_>> = connected.collect();
    connected.expect("the kernel queues them")
}

struct Attacked {
    bed: Testbed,
    _server: Server,
    client: Client,
}

impl Attacked {
    fn new() -> Self {
        let bed = Testbed::new();
        bed.client.open_folders();
        let server = Server::start(&bed, Terms::default());
        let client = run_of(&bed, CLIENT_LINK, &[]);
        Self {
            bed,
            _server: server,
            client,
        }
    }

    /// Connections to the socket that everybody may connect to.
    fn connections(&self, count: usize) -> Vec<UnixStream> {
        self.bed.client.run(|| connect(count))
    }

    /// What the run is for works on, and root's questions are answered.
    fn assert_unharmed(&mut self) {
        assert_eq!(self.bed.client.served_names(), ["eth0"]);
        assert_eq!(self.bed.client.ctl(&["renew"]).success(), ["renewing eth0"]);
        self.client.wait_for_event("renewed", SOON);
        let restarted = self
            .client
            .event_names()
            .contains(&"calf-restarted".to_owned());
        assert!(!restarted, "{}", self.client.said());
    }

    /// Kilobytes that the run has in memory.
    fn resident(&self) -> u64 {
        let pid = self.client.process().pid();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        kilobytes.expect("every process has some")
    }

    fn descriptors(&self) -> usize {
        let snapshot = Snapshot::read(self.client.process().pid()).expect("it runs");
        snapshot.descriptors.len()
    }
}

#[test]
fn a_hundred_who_connect_and_say_nothing_keep_nobody_out_of_the_other_socket() {
    let mut attacked = Attacked::new();
    let before = attacked.descriptors();
    let _silent = attacked.connections(100);
    attacked.assert_unharmed();
    assert!(attacked.descriptors() <= before + 40, "bounded");
}

#[test]
fn a_user_who_holds_all_the_connections_she_can_keeps_no_other_user_out() {
    if !User::exist() {
        return;
    }
    let attacked = Attacked::new();
    let held = attacked.bed.client.run_as(User::BOB, || connect(200));
    assert_eq!(held.len(), 200);

    let table = attacked
        .bed
        .client
        .ctl_as(User::ALICE, &["status"])
        .success();
    assert!(table[1].starts_with("eth0"), "{table:?}");
}

#[test]
fn octets_that_are_no_messages_end_that_connection_and_nothing_else() {
    let mut attacked = Attacked::new();
    let garbage: [&[u8]; 6] = [
        b"GET / HTTP/1.0\r\n\r\n",
        &[0xff; 4096],
        &[0; 4096],
        // One segment of 512 MiB, and four thousand million segments.
        &[0, 0, 0, 0, 0, 0, 0, 4],
        &[0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        // A message of one empty segment, for ever cut short.
        &[0, 0, 0, 0, 1, 0, 0],
    ];
    let before = attacked.resident();
    for octets in garbage {
        for mut connection in attacked.connections(4) {
            // It may be closed before all of it is written.
            drop(connection.write_all(octets));
            drop(connection.shutdown(std::net::Shutdown::Write));
            connection
                .set_read_timeout(Some(SOON))
                .expect("a time that is not zero");
            let mut rest = Vec::new();
            // Closed, orderly or not, is what it has to be.
            if let Err(error) = connection.read_to_end(&mut rest) {
                assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "{octets:?}");
            }
        }
    }
    attacked.assert_unharmed();
    let grown = attacked.resident().saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} kB more");
}

#[test]
fn two_thousand_who_come_and_go_leave_nothing_behind() {
    let mut attacked = Attacked::new();
    let descriptors = attacked.descriptors();
    let before = attacked.resident();
    for _ in 0..100 {
        for mut connection in attacked.connections(20) {
            drop(connection.write_all(&[0xff; 64]));
        }
    }
    attacked.assert_unharmed();
    let back = || (attacked.descriptors() <= descriptors).then_some(());
    calfkit_tests::until(SOON, back).expect("their descriptors are closed");
    let grown = attacked.resident().saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} kB more");
}

#[test]
fn one_who_asks_and_never_reads_the_answers_costs_a_bounded_lot() {
    let mut attacked = Attacked::new();
    let before = attacked.resident();
    let mut connections = attacked.connections(4);
    // The first message of a client that asks for what is offered, and then again and again, each a
    // question of its own (rpc.capnp, Bootstrap): one segment of five words.
    let bootstrap = |question: u32| {
        let mut words = vec![0_u8; 48];
        words[4..8].copy_from_slice(&5_u32.to_le_bytes());
        // Root pointer: a struct of one data word and one pointer.
        words[8..16].copy_from_slice(&[0, 0, 0, 0, 1, 0, 1, 0]);
        // Message.bootstrap is number 8.
        words[16..18].copy_from_slice(&8_u16.to_le_bytes());
        words[24..32].copy_from_slice(&[0, 0, 0, 0, 1, 0, 1, 0]);
        words[32..36].copy_from_slice(&question.to_le_bytes());
        words
    };
    for connection in &mut connections {
        connection
            .set_write_timeout(Some(Duration::from_millis(200)))
            .expect("a time that is not zero");
        for question in 0..50_000 {
            // Refused at a limit, or not read any more.
            if connection.write_all(&bootstrap(question)).is_err() {
                break;
            }
        }
    }
    attacked.assert_unharmed();
    let grown = attacked.resident().saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} kB more");
}
