//! What is remembered over a restart, and what of it is believed. What happens to it when the program is killed
//! in the middle is in `slow_conformance`.

use std::{
    fs,
    net::Ipv4Addr,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use calfkit_tests::{
    Client, SOON, Server, Status, Terms, Testbed,
    client::STATE_DIRECTORY,
    frame::Content,
    message::{Kind, Message, code},
    monitor::AddressChange,
    server::Decision,
    terms::ADDRESS,
    testbed::CLIENT_LINK,
};
use nix::{sys::stat::Mode, unistd::mkfifo};

/// A lease of an earlier run is remembered, and nothing is configured: the host was started anew.
fn remembered(bed: &Testbed) -> Server {
    let server = Server::start(bed, Terms::default());
    let mut client = Client::start(bed, &["--once"]);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    bed.client.ip("address flush dev eth0");
    assert_eq!((bed.addresses(), bed.routes()), (vec![], vec![]));
    server
}

/// The first message at or after a position in the server's log.
fn first_message(server: &Server, from: usize) -> Message {
    let first = server.log().wait_from(from, SOON, |seen| !seen.sent);
    first.expect("a message of the client").1.message
}

fn record() -> PathBuf {
    Path::new(STATE_DIRECTORY).join("eth0.lease")
}

#[test]
fn case_044_first_message_asks_everyone_for_the_remembered_address() {
    let bed = Testbed::new();
    let server = remembered(&bed);
    let sniffer = bed.sniffer();
    let before = server.log().position();

    let mut client = Client::bound(&bed, &["--once"]);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());

    let Content::Dhcp {
        source,
        destination,
        message,
    } = sniffer.first_sent(Kind::REQUEST).content
    else {
        panic!("not DHCP");
    };
    assert_eq!(
        (source, destination),
        (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST)
    );
    assert_eq!(message.ciaddr, Ipv4Addr::UNSPECIFIED);
    assert_eq!(
        message.address_option(code::REQUESTED_ADDRESS),
        Some(ADDRESS)
    );
    assert_eq!(message.option(code::SERVER_IDENTIFIER), None);
    assert_eq!(server.received_kinds(before), [Kind::REQUEST]);
    assert_eq!(bed.addresses()[0].address, ADDRESS);
}

#[test]
fn case_045_nak_starts_discovery_and_the_stale_address_is_never_configured() {
    let bed = Testbed::new();
    let server = remembered(&bed);
    let monitor = bed.address_monitor();
    let before = server.log().position();
    let other = Ipv4Addr::new(10, 77, 0, 201);
    server.change(|terms| terms.address = other);

    let _client = Client::bound(&bed, &[]);

    let request = Kind::REQUEST;
    let kinds = server.received_kinds(before);
    assert_eq!(kinds, [request, Kind::DISCOVER, request]);
    let (_, discover) = server
        .wait_received(before, Kind::DISCOVER, SOON)
        .expect("it came before the lease");
    let wished = discover.message.address_option(code::REQUESTED_ADDRESS);
    assert_eq!(wished, None);
    // What the monitor hears comes a little later than the client's word.
    let changes = monitor.changes();
    changes.wait_for(SOON, |change| *change == AddressChange::Set(other));
    assert_eq!(changes.entries(), [AddressChange::Set(other)]);
}

#[test]
fn case_046_silence_ends_in_discovery_with_the_remembered_address_as_a_wish() {
    let bed = Testbed::new();
    let server = remembered(&bed);
    let before = server.log().position();
    server.hook(|message, _| match message.kind() {
        // A server that does not know the client says nothing (RFC 2131 section 4.3.2).
        Kind::REQUEST if message.option(code::SERVER_IDENTIFIER).is_none() => {
            Decision::Frames(Vec::new())
        }
        _ => Decision::Usual,
    });
    let words = ["-1", "-B", "-f", "/dev/null", "--noarp", "--nodelay"];
    let reboot = ["--reboot", "1", "-I", "", CLIENT_LINK];

    let mut client = Client::compat(&bed, "dhcpcd", &[&words[..], &reboot].concat());
    let status = client.wait(SOON).expect("it ends with its lease");

    assert!(status.success(), "{}", client.stderr_text());
    let request = Kind::REQUEST;
    let kinds = server.received_kinds(before);
    assert_eq!(kinds, [request, Kind::DISCOVER, request]);
    let (_, discover) = server
        .wait_received(before, Kind::DISCOVER, SOON)
        .expect("it came before the lease");
    let wished = discover.message.address_option(code::REQUESTED_ADDRESS);
    assert_eq!(wished, Some(ADDRESS));
}

/// What a file is turned into, and how: by its path and the record that was there.
type Spoilt<'a> = (&'a str, &'a (dyn Fn(&Path, &[u8]) + Sync));

/// Runs a client over each of these states of the file where its lease is remembered; it says that it ignores
/// the file, and begins with nothing in mind. Afterwards the file is a record again.
fn ignored(spoilt: &[Spoilt<'_>]) {
    let bed = Testbed::new();
    let server = remembered(&bed);
    let path = record();
    let good = bed.client.run(|| fs::read(&path)).expect("it was written");
    for (what, spoil) in spoilt {
        bed.client.run(|| {
            remove(&path);
            spoil(&path, &good);
        });
        bed.client.ip("address flush dev eth0");
        let before = server.log().position();

        let mut client = Client::start(&bed, &["--once"]);

        assert!(
            client.wait_exit(SOON).success(),
            "{what}: {}",
            client.said()
        );
        let first = first_message(&server, before);
        assert_eq!(first.kind(), Kind::DISCOVER, "{what}");
        let wished = first.option(code::REQUESTED_ADDRESS);
        assert_eq!(wished, None, "{what}");
        let said = client.process().stderr_text();
        assert!(said.contains("eth0.lease is ignored: "), "{what}: {said}");
        assert_eq!(bed.addresses()[0].address, ADDRESS, "{what}");
    }
    let mut client = Client::start(&bed, &["--once"]);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(client.process().stderr_text(), "", "it is a record again");
}

/// Whatever is there, and a file that a link there leads to stays.
fn remove(path: &Path) {
    if path.is_dir() && !path.is_symlink() {
        fs::remove_dir(path).expect("an empty folder");
    } else {
        fs::remove_file(path).expect("a file");
    }
}

fn write(path: &Path, content: &[u8]) {
    fs::write(path, content).expect("an own folder");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("an own file");
}

#[test]
fn case_048_a_damaged_record_is_ignored() {
    let flipped = |at: fn(usize) -> usize| {
        move |path: &Path, good: &[u8]| {
            let mut octets = good.to_vec();
            octets[at(good.len())] ^= 0x01;
            write(path, &octets);
        }
    };
    ignored(&[
        ("in its magic", &flipped(|_| 0)),
        ("in its version", &flipped(|_| 7)),
        ("in its middle", &flipped(|length| length / 2)),
        ("in its checksum", &flipped(|length| length - 1)),
        ("with more behind it", &|path, good| {
            write(path, &[good, b"\n"].concat());
        }),
    ]);
}

#[test]
fn case_048_what_is_no_record_is_ignored() {
    ignored(&[
        ("empty", &|path, _| write(path, b"")),
        ("zeros", &|path, _| write(path, &[0; 512])),
        ("text", &|path, _| {
            write(path, b"lease {\n  fixed-address 6.6.6.6;\n}\n");
        }),
        ("a megabyte", &|path, good| {
            write(path, &good.repeat((1 << 20) / good.len() + 1));
        }),
    ]);
}

#[test]
fn case_048_what_others_could_have_written_is_ignored() {
    ignored(&[
        ("a link to a record", &|path, good| {
            let real = path.with_extension("real");
            write(&real, good);
            symlink(real, path).expect("a free name");
        }),
        ("a folder", &|path, _| {
            fs::create_dir(path).expect("a free name")
        }),
        ("a pipe", &|path, _| {
            mkfifo(path, Mode::from_bits_truncate(0o600)).expect("a free name");
        }),
        ("writable by all", &|path, good| {
            write(path, good);
            fs::set_permissions(path, fs::Permissions::from_mode(0o666)).expect("an own file");
        }),
    ]);
}

// CVE-2021-25217 is of a parser that believed a line's length; here nothing that is not whole is parsed.
#[test]
fn cve_2021_25217_a_record_cut_at_any_length_is_ignored() {
    let cut = |at: fn(usize) -> usize| {
        move |path: &Path, good: &[u8]| write(path, &good[..at(good.len())])
    };
    ignored(&[
        ("after one octet", &cut(|_| 1)),
        ("after its magic", &cut(|_| 8)),
        ("after its clocks", &cut(|_| 30)),
        ("in its middle", &cut(|length| length / 2)),
        ("before its checksum", &cut(|length| length - 4)),
        ("before its last octet", &cut(|length| length - 1)),
    ]);
}

#[test]
fn case_048_a_record_of_another_interface_is_ignored() {
    let bed = Testbed::new();
    let server = remembered(&bed);
    // Under this name, another card: what was leased was leased to that one.
    bed.client.ip("link set eth0 address 02:00:00:77:00:09");
    let before = server.log().position();

    let client = Client::bound(&bed, &[]);

    let first = first_message(&server, before);
    assert_eq!(first.kind(), Kind::DISCOVER);
    assert_eq!(first.option(code::REQUESTED_ADDRESS), None);
    let said = client.process().stderr_text();
    assert!(said.contains("another interface's"), "{said}");
}

#[test]
fn case_049_the_record_is_its_owners_only_and_there_is_no_other_file() {
    let bed = Testbed::new();
    let _server = remembered(&bed);
    let look = || {
        let mode = |path: &Path| fs::metadata(path).expect("it is there").mode() & 0o7777;
        let folder = Path::new(STATE_DIRECTORY);
        let names = fs::read_dir(folder).expect("it is there");
        let names: Vec<String> = names
            .map(|entry| entry.expect("a name").file_name().to_string_lossy().into())
            .collect();
        (mode(folder), mode(&record()), names)
    };
    let (folder, file, names) = bed.client.run(look);
    assert_eq!((folder, file), (0o700, 0o600));
    assert_eq!(names, ["eth0.lease"]);
}

// A rename puts the new record in place of the old one: nobody ever sees a part of one.
#[test]
fn case_049_a_renewal_replaces_the_record_and_does_not_write_into_it() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = Client::bound(&bed, &[]);
    // It is written after it was said, and before anybody is answered.
    let written = || drop(Status::ask(&bed).expect("it runs"));
    written();
    let open = || fs::File::open(record()).expect("it was written");
    let (old, before) = bed.client.run(|| {
        let old = open();
        (
            old.try_clone().expect("a descriptor"),
            fs::read(record()).expect("it can be read"),
        )
    });

    client.renew();
    written();

    let (after, kept) = bed.client.run(|| {
        let mut kept = Vec::new();
        let mut old = &old;
        std::io::Read::read_to_end(&mut old, &mut kept).expect("it is still open");
        (fs::read(record()).expect("it can be read"), kept)
    });
    assert_ne!(after, before, "a renewed lease ends later");
    assert_eq!(kept, before, "the old one is as it was");
}

// What a crash left beside the record is in nobody's way, and nobody follows a link from there.
#[test]
fn case_049_what_a_crash_left_beside_the_record_is_replaced_and_never_followed() {
    let bed = Testbed::new();
    let server = remembered(&bed);
    let victim = Path::new("/run/testbed/victim");
    bed.client.write(victim, "untouched");
    bed.client.run(|| {
        symlink(victim, record().with_extension("lease.new")).expect("a free name");
    });
    let before = server.log().position();

    let mut client = Client::start(&bed, &["--once"]);

    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(first_message(&server, before).kind(), Kind::REQUEST);
    assert_eq!(bed.client.read(victim).expect("it stays"), "untouched");
    let leftover = bed
        .client
        .run(|| record().with_extension("lease.new").is_symlink());
    assert!(!leftover);
}
