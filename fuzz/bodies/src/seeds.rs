//! The inputs that the fuzzers start from: messages and sequences of this repository's own tests, in the form
//! that each target reads.

mod files;
mod leases;

use dhcp_proto::{Config, Start};

use crate::{
    support::{
        arp::Heard,
        server::{Reply, SERVER},
    },
    transcript::{ADDRESS, Client, MAC},
};

pub(crate) use files::{command_lines, dhclient_conf, dhcpcd_conf};
pub(crate) use leases::{exports, lease_store, policy, rpc_message};

/// Inputs by name.
type Seeds = Vec<(&'static str, Vec<u8>)>;

fn with(head: &[u8], rest: &[u8]) -> Vec<u8> {
    [head, rest].concat()
}

/// Clients in each stage, and frames of each sort, bare and as parts.
pub(crate) fn frame() -> Seeds {
    let mut client = Client::with(Config::new(MAC), Start::Init);
    let discover = client.message().sent;
    let offer = Reply::offer(&discover, ADDRESS);
    client.hear(&offer);
    let request = client.message().sent;
    let ack = Reply::ack(&request, ADDRESS)
        .with(6, &SERVER.octets())
        .with(15, b"example.com")
        .with(119, b"\x03eng\x07example\x03com\0\xc0\x04")
        .with(26, &[5, 220])
        .with(121, &[0, 192, 0, 2, 1, 24, 10, 1, 2, 192, 0, 2, 1])
        .with(43, &[1, 2, 3]);
    let options = |reply: &Reply| reply.message()[240..].to_vec();
    let overloaded = {
        let mut fields = vec![0xff];
        let mut sname = vec![6, 4, 192, 0, 2, 1, 255];
        sname.resize(64, 0);
        let mut file = vec![15, 3, b'a', b'.', b'b', 255];
        file.resize(128, 0);
        fields.extend(sname);
        fields.extend(file);
        fields.extend([
            52, 1, 3, 53, 1, 5, 54, 4, 192, 0, 2, 1, 51, 4, 0, 0, 14, 16, 255,
        ]);
        fields
    };
    vec![
        ("offer", with(&[0x80, 0, 0], &offer.frame())),
        ("ack", with(&[0x81, 0, 0], &ack.frame())),
        ("nak", with(&[0x81, 2, 0], &Reply::nak(&request).frame())),
        (
            "boot_reply",
            with(&[0, 0x80, 0], &Reply::boot(&discover, ADDRESS).frame()),
        ),
        ("message_of_ack", with(&[1, 1, 1], &ack.message())),
        ("options_of_offer", with(&[0, 0x40, 2, 0], &options(&offer))),
        ("options_of_ack", with(&[1, 2, 2, 0], &options(&ack))),
        ("overloaded", with(&[1, 0, 2], &overloaded)),
        ("options_of_renewal", with(&[3, 0x20, 2, 0], &options(&ack))),
        (
            "arp_reply",
            with(&[2, 1, 3], &Heard::reply(ADDRESS).frame()[14..]),
        ),
        (
            "arp_probe",
            with(&[2, 2, 0], &Heard::probe(ADDRESS).frame()),
        ),
    ]
}

/// Configurations with something in them, and an option of each sort.
pub(crate) fn encode_round_trip() -> Seeds {
    let mut everything = vec![0x1f, 7, 1, 2, 0, 0, 0, 0, 0x10];
    // Host name, full name, vendor class, two further options, address, time, size, list.
    everything.extend(b"\xff\x04box1\xff\x05\x09box.local\x06calf01\x02\x4d\x03abc\xe0\x01z");
    everything.extend(b"\xff\xc0\0\x02\x05\xff\0\0\x0e\x10\x05\xc0\x06\x01\x79\x03\x21\x06\x0c");
    // Eight options.
    everything.push(8);
    everything.extend(b"\0\x01\xc0\0\x02\x01\0\x01\0\x17");
    everything.extend(b"\x02\x01\x07pxe.img\x03\x01\x02ab\0\0\x04\x02cd\0\x01\xff");
    everything.extend(b"\x05\x18\x0a\x01\x02\x00\xc0\0\x02\x01\0\x06\0\x05\xdc\x07\0\x03abc\0");
    vec![
        ("nothing", vec![0]),
        ("everything", everything),
        ("long_identifier", [vec![8, 255], vec![b'x'; 255]].concat()),
        ("release", [vec![0; 12], vec![1]].concat()),
        ("decline", [vec![0; 12], vec![2]].concat()),
    ]
}

/// Runs with a beginning of each sort; the numbers are those of `machine::step`.
pub(crate) fn machine() -> Seeds {
    const WAKE: u8 = 0;
    const OFFER: u8 = 18;
    const ACK: u8 = 21;
    // Half an hour, as five times two hundred seconds cannot be more.
    const SLEEP: [u8; 5] = [7, 0, 0x1b, 0x77, 0x40];
    let bound = [WAKE, OFFER, ACK];
    let run = |head: [u8; 4], steps: &[&[u8]]| [&head[..], &steps.concat()].concat();
    vec![
        (
            "lease",
            run(
                [0, 0, 0, 0x5a],
                &[&bound, &SLEEP, &[ACK], &SLEEP, &[WAKE, ACK]],
            ),
        ),
        (
            "probed",
            run([2, 0, 0, 1], &[&bound, &[WAKE; 8], &SLEEP, &[ACK]]),
        ),
        (
            "conflict",
            run([2, 0, 0, 2], &[&bound, &[WAKE, 8, 1], &[WAKE; 4], &bound]),
        ),
        (
            "defended",
            run([1, 0, 0, 3], &[&bound, &[8, 0, WAKE, 8, 0], &[WAKE; 4]]),
        ),
        (
            "refused",
            run(
                [0, 0, 0, 4],
                &[&[16, 1], &bound, &[16, 0], &[WAKE; 3], &bound],
            ),
        ),
        ("rebooted", run([0, 0, 1, 5], &[&[ACK, 12, 1, 12, 0, ACK]])),
        (
            "resumed",
            run([0, 0, 2, 6], &[&SLEEP, &[ACK, 15, 1, ACK, 15, 2]]),
        ),
        ("link_local", run([1, 4, 0, 7], &[&[WAKE; 12], &bound])),
        ("inform", run([0, 0, 5, 8], &[&[ACK, 15, 0, ACK]])),
        (
            "boot_only",
            run([0x20, 0, 0, 9], &[&[WAKE, 25, 0xff, 0, 3]]),
        ),
        (
            "expired",
            run([0, 0x10, 0, 10], &[&bound, &SLEEP, &SLEEP, &SLEEP, &[WAKE]]),
        ),
        (
            "answers",
            run(
                [1, 9, 0, 11],
                &[
                    &[
                        25, 0xf0, 0x30, 0, 0, 0, 9, 0, 2, 43, 1, 7, 121, 5, 0, 192, 0, 2, 1,
                    ],
                    &bound,
                ],
            ),
        ),
    ]
}
