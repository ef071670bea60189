//! A server that asks for a renewal, and everybody else who does (RFC 3203, RFC 6704, CVE-2020-13529).

mod force;
mod support;
mod transcript;

use std::net::Ipv4Addr;

use dhcp_proto::{Discard, MessageType, Start, State, UpdateCause};
use force::{Force, NONCE, bound, config, digest_at, with_nonce};
use smoltcp::wire::EthernetAddress;
use support::server::{self, Reply, SERVER};
use transcript::{ADDRESS, Client, MAC, OTHER_SERVER, assert_update, extended};

#[track_caller]
fn assert_ignored(client: &mut Client, force: &Force, reason: Discard) {
    client.hear_frame(&force.frame());
    let counters = client.machine.counters();
    assert_eq!(counters.discarded_of(MessageType::ForceRenew, reason), 1);
    assert_eq!(client.machine.state(), State::Bound);
    assert_eq!(client.messages(), []);
    // The right one still works.
    client.hear_frame(&Force::default().frame());
    assert_eq!(client.machine.state(), State::Renewing);
}

#[test]
fn case_077_signed_and_fresh_it_renews_the_lease() {
    let mut client = bound();
    client.elapse(60_000);
    client.hear_frame(&Force::default().frame());
    let renewal = client.message();
    assert_eq!((renewal.at, renewal.datagram_to), (60_000, Some(SERVER)));
    assert_eq!(renewal.sent.message_type, MessageType::Request);
    assert_eq!(renewal.sent.ciaddr, ADDRESS);
    assert_eq!(client.machine.state(), State::Renewing);
    client.hear(&extended(&renewal));
    assert_update(client.action(), ADDRESS, UpdateCause::Renewed);
}

#[test]
fn case_077_replayed_it_is_ignored_also_after_the_renewal() {
    let mut client = bound();
    let force = Force::default().frame();
    client.hear_frame(&force);
    let renewal = client.message();
    client.hear(&extended(&renewal));
    client.hear_frame(&force);
    assert_eq!(client.discarded(Discard::Replayed), 1);
    assert_eq!(client.machine.state(), State::Bound);
    let next = Force {
        replay: 102,
        ..Force::default()
    };
    client.hear_frame(&next.frame());
    assert_eq!(client.machine.state(), State::Renewing);
}

#[test]
fn case_077_replay_value_of_the_nonce_itself_is_not_fresh() {
    let force = Force {
        replay: 100,
        ..Force::default()
    };
    assert_ignored(&mut bound(), &force, Discard::Replayed);
}

#[test]
fn case_077_signed_with_another_nonce_it_is_ignored() {
    let force = Force {
        nonce: [0; 16],
        ..Force::default()
    };
    assert_ignored(&mut bound(), &force, Discard::WrongSignature);
}

#[test]
fn case_077_changed_after_it_was_signed_it_is_ignored() {
    // secs, ciaddr, the server identifier's length is another matter, and the digest itself.
    let changes: [fn(&mut Vec<u8>); 3] = [
        |message| message[9] ^= 1,
        |message| message[12] ^= 1,
        |message| {
            let at = digest_at(message);
            message[at + 15] ^= 0x80;
        },
    ];
    for after in changes {
        let force = Force {
            after,
            ..Force::default()
        };
        assert_ignored(&mut bound(), &force, Discard::WrongSignature);
    }
}

#[test]
fn case_077_what_a_relay_changes_is_not_signed() {
    let force = Force {
        after: |message| {
            message[3] = 1;
            message[24..28].copy_from_slice(&[10, 0, 0, 1]);
        },
        ..Force::default()
    };
    let mut client = bound();
    client.hear_frame(&force.frame());
    assert_eq!(client.machine.state(), State::Renewing);
}

#[test]
fn case_077_by_another_server_it_is_ignored() {
    let force = Force {
        server: OTHER_SERVER,
        ..Force::default()
    };
    assert_ignored(&mut bound(), &force, Discard::OtherServer);
}

#[test]
fn case_077_broadcast_or_to_another_address_it_is_ignored() {
    let broadcast = Force {
        destination_mac: [0xff; 6],
        ..Force::default()
    };
    assert_ignored(&mut bound(), &broadcast, Discard::NotUnicast);
    for destination in [Ipv4Addr::BROADCAST, Ipv4Addr::new(192, 0, 2, 78)] {
        let force = Force {
            destination,
            ..Force::default()
        };
        assert_ignored(&mut bound(), &force, Discard::NotUnicast);
    }
}

#[test]
fn cve_2020_13529_without_authentication_it_is_ignored() {
    let force = Force {
        after: |message| {
            // Option 90 becomes one that says nothing.
            let at = digest_at(message) - 14;
            message[at] = 224;
        },
        ..Force::default()
    };
    assert_ignored(&mut bound(), &force, Discard::NotSigned);
}

#[test]
fn cve_2020_13529_where_nobody_asked_for_it_it_is_ignored() {
    let mut client = Client::bound(with_nonce);
    client.hear_frame(&Force::default().frame());
    assert_eq!(client.discarded(Discard::ForcedRenewalNotWanted), 1);
    assert_eq!(client.machine.state(), State::Bound);
}

#[test]
fn cve_2020_13529_without_a_nonce_nothing_is_believed() {
    let mut client = Client::bound_with(config(), |ack| ack);
    for nonce in [[0; 16], NONCE] {
        let force = Force {
            nonce,
            ..Force::default()
        };
        client.hear_frame(&force.frame());
    }
    assert_eq!(client.discarded(Discard::NoNonce), 2);
    assert_eq!(client.machine.state(), State::Bound);
}

#[test]
fn cve_2020_13529_flood_costs_the_client_no_message() {
    let mut client = bound();
    let forged = Force {
        nonce: [7; 16],
        ..Force::default()
    };
    let frame = forged.frame();
    for _ in 0..1000 {
        client.hear_frame(&frame);
    }
    assert_eq!(client.discarded(Discard::WrongSignature), 1000);
    assert_eq!(client.messages(), []);
}

#[test]
fn a_signature_of_another_form_is_none() {
    // Protocol, algorithm, replay detection method, type, by their place before the digest.
    let changes: [fn(&mut Vec<u8>); 4] = [
        |message| {
            let at = digest_at(message) - 12;
            message[at] = 1;
        },
        |message| {
            let at = digest_at(message) - 11;
            message[at] = 2;
        },
        |message| {
            let at = digest_at(message) - 10;
            message[at] = 1;
        },
        |message| {
            let at = digest_at(message) - 1;
            message[at] = 1;
        },
    ];
    for after in changes {
        let force = Force {
            after,
            ..Force::default()
        };
        assert_ignored(&mut bound(), &force, Discard::NotSigned);
    }
}

#[test]
fn a_signature_in_pieces_is_none() {
    let mut message = {
        let frame = Force::default().frame();
        frame[42..].to_vec()
    };
    let at = digest_at(&message) - 14;
    let value = message[at + 2..at + 30].to_vec();
    let pieces = [&[90, 14][..], &value[..14], &[90, 14], &value[14..]].concat();
    message.splice(at..at + 30, pieces);
    let frame = server::frame(&message, EthernetAddress(MAC), SERVER, ADDRESS);
    let mut client = bound();
    client.hear_frame(&frame);
    assert_eq!(client.discarded(Discard::NotSigned), 1);
}

#[test]
fn a_signature_in_file_is_none() {
    let mut message = {
        let frame = Force::default().frame();
        frame[42..].to_vec()
    };
    let at = digest_at(&message) - 14;
    let option: Vec<u8> = message.splice(at..at + 30, [52, 1, 1]).collect();
    message[108..138].copy_from_slice(&option);
    message[138] = 255;
    let frame = server::frame(&message, EthernetAddress(MAC), SERVER, ADDRESS);
    let mut client = bound();
    client.hear_frame(&frame);
    assert_eq!(client.discarded(Discard::NotSigned), 1);
}

#[test]
fn it_is_unexpected_where_no_lease_is_in_force() {
    let mut client = Client::with(config(), Start::Init);
    client.message();
    client.hear_frame(&Force::default().frame());
    assert_eq!(client.discarded(Discard::UnexpectedInState), 1);
}

#[test]
fn parameters_of_the_operators_address_are_asked_for_again() {
    let start = Start::Inform {
        address: ADDRESS,
        prefix_length: 24,
    };
    let mut client = Client::with(config(), start);
    let inform = client.message();
    assert_eq!(inform.sent.options.get(&145), None);
    client.hear(&with_nonce(Reply {
        lease_time: None,
        ..Reply::ack(&inform.sent, Ipv4Addr::UNSPECIFIED)
    }));
    client.hear_frame(&Force::default().frame());
    let again = client.message();
    assert_eq!(again.sent.message_type, MessageType::Inform);
    assert_eq!(client.machine.state(), State::Informing);
}
