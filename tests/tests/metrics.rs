//! What a run tells a collector of metrics: in a file, and on a socket.

use std::{
    fs::{self, File},
    io::Read as _,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    time::{Duration, Instant},
};

use calfkit_tests::{
    Cable, Client, SOON, Server, Terms, Testbed, prometheus::Page, said::Said,
    server::reply_frame_of, testbed::CLIENT_LINK, until,
};
use nix::sys::signal::{Signal, kill};

const SOCKET: &str = "/run/testbed/metrics.sock";
const FILE: &str = "/run/testbed/metrics.prom";

/// A run that tells its metrics on the socket, with its lease.
fn bound(bed: &Testbed) -> Client {
    Client::bound(bed, &["--metrics-socket", SOCKET])
}

/// Asks until all series have these values: a calf tells its counters a moment after they changed.
#[track_caller]
fn comes_to(bed: &Testbed, wanted: &[(&str, u64)]) -> Page {
    let mut last = Page::default();
    let page = until(SOON, || {
        last = bed.client.metrics(SOCKET);
        let all = wanted.iter().all(|(series, value)| {
            let value_now = last.value(series);
            value_now == Some(*value)
        });
        all.then(|| last.clone())
    });
    page.unwrap_or_else(|| panic!("in the end: {last:#?}"))
}

/// Messages sent and received, and leases, of an acquisition.
const ACQUIRED: [(&str, u64); 7] = [
    (r#"state{interface="eth0",state="BOUND"}"#, 1),
    (r#"carrier{interface="eth0"}"#, 1),
    (r#"leases_total{interface="eth0"}"#, 1),
    (
        r#"messages_sent_total{interface="eth0",type="DISCOVER"}"#,
        1,
    ),
    (r#"messages_sent_total{interface="eth0",type="REQUEST"}"#, 1),
    (
        r#"messages_received_total{interface="eth0",type="OFFER"}"#,
        1,
    ),
    (r#"messages_received_total{interface="eth0",type="ACK"}"#, 1),
];

const LEFT: &str = r#"lease_seconds_left{interface="eth0"}"#;
const RESTARTS: &str = r#"calf_restarts_total{interface="eth0"}"#;

#[test]
fn a_lease_and_its_renewal_are_counted() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = bound(&bed);
    let page = comes_to(&bed, &ACQUIRED);
    let left = page.value(LEFT).expect("the lease ends some time");
    assert!((3000..=3600).contains(&left), "{left}");
    assert_eq!(page.value(RESTARTS), Some(0));

    client.renew();
    comes_to(
        &bed,
        &[
            (r#"state{interface="eth0",state="BOUND"}"#, 1),
            (r#"leases_total{interface="eth0"}"#, 2),
            (
                r#"messages_sent_total{interface="eth0",type="DISCOVER"}"#,
                1,
            ),
            (r#"messages_sent_total{interface="eth0",type="REQUEST"}"#, 2),
            (r#"messages_received_total{interface="eth0",type="ACK"}"#, 2),
        ],
    );
}

#[test]
fn what_is_ignored_is_counted_by_type_and_reason() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    // Before the offer and before the acknowledgement, one of each.
    server.precede(|usual| {
        let mut others = usual.clone();
        others.chaddr[5] ^= 1;
        vec![
            // To this host all the same.
            reply_frame_of(usual, &others.encode()),
            reply_frame_of(usual, &usual.encode_with(&[0; 300], &[], &[])),
        ]
    });
    let _client = bound(&bed);
    let series = |kind: &str, reason: &str| {
        format!(r#"discards_total{{interface="eth0",type="{kind}",reason="{reason}"}}"#)
    };
    let wanted = [
        (series("OFFER", "wrong chaddr"), 1),
        (series("ACK", "wrong chaddr"), 1),
        (series("", "no message type"), 2),
    ];
    let wanted: Vec<(&str, u64)> = wanted.iter().map(|(s, n)| (s.as_str(), *n)).collect();
    comes_to(&bed, &wanted);
}

#[test]
fn a_calf_that_is_replaced_is_counted_and_the_lease_stays() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = bound(&bed);
    let before = comes_to(&bed, &ACQUIRED);
    assert_eq!(before.value(RESTARTS), Some(0));

    kill(
        nix::unistd::Pid::from_raw(client.calf_pid()),
        Signal::SIGKILL,
    )
    .expect("it runs");
    client.wait_for_event("calf-restarted", SOON);

    let page = comes_to(&bed, &[(RESTARTS, 1)]);
    assert!(page.value(LEFT).is_some(), "{page:#?}");
    comes_to(&bed, &[(r#"state{interface="eth0",state="BOUND"}"#, 1)]);
}

#[test]
fn each_interface_of_a_run_has_series_of_its_own() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    bed.plug_in(&Cable::SECOND);
    let _client = {
        let options = ["--metrics-socket", SOCKET];
        let mut client = Client::start_on(&bed, &["eth0", "eth1"], &options);
        client.wait_for_event_of("eth0", "bound", SOON);
        client
    };
    let page = comes_to(&bed, &ACQUIRED);
    assert_eq!(page.value(r#"leases_total{interface="eth1"}"#), Some(0));
    assert_eq!(page.value(r#"lease_seconds_left{interface="eth1"}"#), None);
}

#[test]
fn the_socket_is_everybodys_answers_get_only_and_goes_with_the_run() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = bound(&bed);
    let socket = || bed.client.run(|| fs::symlink_metadata(SOCKET));
    let metadata = socket().expect("it is there");
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.mode() & 0o777, 0o666);

    for request in [
        "POST /metrics HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        "get / HTTP/1.0\r\n\r\n",
        "\r\n\r\n",
    ] {
        let answer = bed.client.asked(SOCKET, request);
        assert_eq!((answer.status, answer.body.as_str()), (405, ""));
    }
    comes_to(&bed, &ACQUIRED);

    client.signal(Signal::SIGTERM);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert!(socket().is_err(), "it stays");
}

#[test]
fn readers_who_say_nothing_delay_no_other() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = bound(&bed);
    // Each may take two seconds.
    let silent: Vec<_> = (0..30).map(|_| bed.client.connect(SOCKET)).collect();
    let begin = Instant::now();
    comes_to(&bed, &ACQUIRED);
    assert!(
        begin.elapsed() < Duration::from_secs(20),
        "{:?}",
        begin.elapsed()
    );
    client.renew();
    drop(silent);
}

#[test]
fn the_file_is_replaced_whole_and_goes_with_the_run() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &["--metrics-file", FILE]);
    let open = || bed.client.run(|| File::open(FILE)).expect("it is there");
    let read = |mut file: &File| {
        let mut text = String::new();
        let read = file.read_to_string(&mut text);
        read.expect("a file of text");
        text
    };
    // A collector that is slow to read: what it has open is never changed under it.
    let first = open();
    let half = first.try_clone().expect("a descriptor can be duplicated");
    let number = |file: &File| file.metadata().expect("it is open").ino();
    let first_number = number(&first);
    let begun = read(&first);
    Page::parse(&begun).unwrap_or_else(|wrong| panic!("{wrong}; {begun}"));

    // It is written anew every five seconds.
    let page = until(SOON, || {
        let file = open();
        let text = read(&file);
        let page = Page::parse(&text).unwrap_or_else(|wrong| panic!("{wrong}; {text}"));
        let all = ACQUIRED
            .iter()
            .all(|(series, value)| page.value(series) == Some(*value));
        (all && number(&file) != first_number).then_some(file)
    });
    let file = page.unwrap_or_else(|| panic!("in the end: {}", read(&open())));
    assert_eq!(file.metadata().expect("it is open").mode() & 0o777, 0o644);
    let length = half.metadata().expect("it is open").len();
    assert_eq!(usize::try_from(length), Ok(begun.len()));

    client.signal(Signal::SIGTERM);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    for path in [FILE, "/run/testbed/metrics.prom.new"] {
        assert!(
            !bed.client.run(|| fs::exists(path)).expect("a folder"),
            "{path}"
        );
    }
}

#[test]
fn metrics_that_cannot_be_had_are_refused_in_one_line_and_nothing_is_changed() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    bed.client.write("/run/testbed/precious", "precious");
    for (option, path) in [
        ("--metrics-socket", "/run/testbed/precious"),
        ("--metrics-socket", "/run/none/metrics.sock"),
        ("--metrics-file", "/run/none/metrics.prom"),
        ("--metrics-file", "/run/testbed"),
    ] {
        let said = Said::by(Client::command(&bed, &[option, path])).refusal(1);
        assert!(said.contains(option) && said.contains(path), "{said}");
    }
    assert_eq!(
        bed.client.read("/run/testbed/precious").ok().as_deref(),
        Some("precious")
    );
    assert_eq!(server.log().entries().len(), 0);
    assert_eq!(bed.addresses_on(CLIENT_LINK), []);
}

#[test]
fn the_socket_of_a_run_that_goes_on_is_refused_and_that_of_a_killed_one_replaced() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    bed.plug_in(&Cable::SECOND);
    let mut client = bound(&bed);
    let options = ["--metrics-socket", SOCKET];
    let said = Said::by(Client::command_on(&bed, &["eth1"], &options)).refusal(1);
    assert!(said.contains("another run has it"), "{said}");
    comes_to(&bed, &ACQUIRED);

    client.signal(Signal::SIGKILL);
    assert!(!client.wait_exit(SOON).success());
    assert!(bed.client.run(|| fs::exists(SOCKET)).expect("a folder"));
    let _client = bound(&bed);
    comes_to(&bed, &[(r#"leases_total{interface="eth0"}"#, 1)]);
}
