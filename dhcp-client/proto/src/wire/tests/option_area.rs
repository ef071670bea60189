//! The option area as one: padding, ends, fragments and overload.

use alloc::{string::String, vec, vec::Vec};
use core::net::Ipv4Addr;

use super::builder::{
    OPTIONS, READING, SERVER, ack, frame, message, only, option, read_area, receive, receive_with,
    rejected,
};
use crate::{
    discard::Discard,
    message::{MessageType, Options},
    wire::{MalformedOptions, Reading},
};

fn read_fields(options: &[u8], file: &[u8], sname: &[u8]) -> (Options, MalformedOptions) {
    let (received, malformed) = receive(&frame(&message(options, file, sname))).unwrap();
    (received.options, malformed)
}

/// Concatenation of parts of an option area.
fn area(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[test]
fn pads_between_options_are_walked_over() {
    let (options, malformed) = read_area(&[0, 0, 53, 1, 5, 0, 54, 4, 192, 0, 2, 1, 0, 255, 0, 0]);

    assert_eq!(options.server_identifier, Some(SERVER.into()));
    assert!(malformed.is_empty());
}

#[test]
fn case_012_nothing_after_the_end_is_read() {
    let (options, malformed) = read_area(&[53, 1, 5, 255, 54, 4, 192, 0, 2, 1, 54, 200]);

    assert_eq!(options.server_identifier, None);
    assert!(malformed.is_empty());
}

#[test]
fn case_079_an_area_of_pads_has_no_type() {
    let bytes = message(&[0; 400], &[], &[]);

    assert_eq!(rejected(&frame(&bytes)), Discard::NoMessageType);
}

#[test]
fn case_079_a_missing_end_is_counted_and_the_message_used() {
    let (options, malformed) = read_area(&[53, 1, 5, 54, 4, 192, 0, 2, 1]);

    assert_eq!(options.server_identifier, Some(SERVER.into()));
    assert_eq!(malformed, only(Discard::NoEndOption));
}

#[test]
fn an_option_past_the_end_of_the_options_field_is_refused() {
    for tail in [&[54][..], &[54, 4], &[54, 4, 192, 0, 2], &[200, 255]] {
        let bytes = message(&area(&[&[53, 1, 5], tail]), &[], &[]);

        assert_eq!(rejected(&frame(&bytes)), Discard::OptionOverrun);
    }
}

#[test]
fn an_option_past_the_end_of_file_or_sname_is_refused() {
    let file = area(&[&[0; 120], &[12, 8, b'h']]);
    let sname = area(&[&[0; 60], &[12, 3, b'h', b'h']]);
    for (overload, file, sname) in [(1, &file[..], &[][..]), (2, &[], &sname[..])] {
        let bytes = message(&ack(&[(52, &[overload])]), file, sname);

        assert_eq!(rejected(&frame(&bytes)), Discard::OptionOverrun);
    }
}

#[test]
fn case_079_an_ack_cut_at_any_octet_is_refused_or_says_less() {
    let whole = message(
        &ack(&[
            (54, &SERVER),
            (51, &[0, 0, 14, 16]),
            (1, &[255, 255, 255, 0]),
        ]),
        &[],
        &[],
    );
    let complete = receive(&frame(&whole)).unwrap().0.options;
    for length in 0..whole.len() {
        // With lengths and checksums made right for the shorter message.
        if let Ok((received, malformed)) = receive(&frame(&whole[..length])) {
            assert!(length > OPTIONS);
            assert_eq!(malformed, only(Discard::NoEndOption));
            assert!(received.options != complete || length == whole.len() - 1);
        }
        // Cut by the link: the lengths still speak of the whole.
        let mut cut = frame(&whole);
        cut.truncate(length);
        assert!(receive(&cut).is_err());
    }
}

#[test]
fn case_071_overload_1_reads_file_only() {
    let options = ack(&[(52, &[1])]);
    let (read, malformed) = read_fields(
        &options,
        &area(&[&option(12, b"file"), &[255]]),
        &area(&[&option(15, b"sname"), &[255]]),
    );

    assert_eq!(read.host_name.as_deref(), Some("file"));
    assert_eq!(read.domain, None);
    // What the other field holds is no text either.
    assert_eq!(malformed, only(Discard::MalformedParameter));
}

#[test]
fn case_071_overload_2_reads_sname_only() {
    let options = ack(&[(52, &[2])]);
    let (read, malformed) = read_fields(
        &options,
        &area(&[&option(12, b"file"), &[255]]),
        &area(&[&option(15, b"sname"), &[255]]),
    );

    assert_eq!(read.host_name, None);
    assert_eq!(read.domain.as_deref(), Some("sname"));
    // What the other field holds is no text either.
    assert_eq!(malformed, only(Discard::MalformedParameter));
}

#[test]
fn case_071_without_overload_file_and_sname_are_no_options() {
    let (read, malformed) = read_fields(
        &ack(&[]),
        &area(&[&option(12, b"file"), &[255]]),
        &[15, 200, 1],
    );

    assert_eq!(read, Options::default());
    // What the other field holds is no text either.
    assert_eq!(malformed, only(Discard::MalformedParameter));
}

#[test]
fn case_070_fragments_are_joined_in_the_order_options_file_sname() {
    // In the message the order is sname, file, options.
    let options = area(&[
        &option(53, &[5]),
        &option(15, b"a."),
        &option(52, &[3]),
        &option(54, &SERVER),
        &option(15, b"b."),
        &[255],
    ]);
    let file = area(&[&option(15, b"c."), &option(15, b"d."), &[255]]);
    let sname = area(&[&option(15, b"e"), &[255]]);

    let (read, malformed) = read_fields(&options, &file, &sname);

    assert_eq!(read.domain.as_deref(), Some("a.b.c.d.e"));
    assert_eq!(read.server_identifier, Some(SERVER.into()));
    assert!(malformed.is_empty());
}

#[test]
fn case_070_a_number_may_be_split_at_every_octet() {
    let options = area(&[
        &option(53, &[5]),
        &option(51, &[0]),
        &option(51, &[0]),
        &option(6, &[192]),
        &option(51, &[]),
        &option(51, &[14]),
        &option(6, &[0, 2, 53]),
        &option(51, &[16]),
        &[255],
    ]);

    let (read, malformed) = read_area(&options);

    assert_eq!(read.lease_time, Some(3600));
    assert_eq!(read.dns, [Ipv4Addr::new(192, 0, 2, 53)]);
    assert!(malformed.is_empty());
}

#[test]
fn an_option_sent_twice_is_one_of_double_length() {
    // RFC 3396 section 4: "it should concatenate them"; for one address that is malformed.
    let (read, malformed) = read_area(&ack(&[(54, &SERVER), (54, &SERVER)]));

    assert_eq!(read.server_identifier, None);
    assert_eq!(malformed, only(Discard::MalformedServerIdentifier));
}

#[test]
fn the_message_type_may_be_in_file() {
    let options = area(&[&option(52, &[1]), &[255]]);
    let file = area(&[&option(53, &[5]), &[255]]);

    assert!(receive(&frame(&message(&options, &file, &[]))).is_ok());
}

#[test]
fn a_malformed_overload_refuses_the_message() {
    for value in [&[][..], &[0], &[4], &[255], &[1, 1], &[0, 3]] {
        let bytes = message(&ack(&[(52, value)]), &[], &[]);

        assert_eq!(rejected(&frame(&bytes)), Discard::MalformedOverload);
    }
}

#[test]
fn overload_inside_file_is_not_followed() {
    let file = area(&[&option(52, &[2]), &[255]]);
    let sname = area(&[&option(15, b"sname"), &[255]]);

    let (read, malformed) = read_fields(&ack(&[(52, &[1])]), &file, &sname);

    assert_eq!(read.domain, None);
    assert_eq!(
        malformed,
        [Discard::NestedOverload, Discard::MalformedParameter].into()
    );
}

#[test]
fn case_080_overload_inside_every_field_ends() {
    let nested = area(&[&option(52, &[3]), &[255]]);

    let (read, malformed) = read_fields(&ack(&[(52, &[3])]), &nested, &nested);

    assert_eq!(read, Options::default());
    assert_eq!(malformed, only(Discard::NestedOverload));
}

#[test]
fn overloaded_fields_without_an_end_are_used_and_counted() {
    let file = [&option(12, &[b'h'; 60])[..], &[0; 66]].concat();

    let (read, malformed) = read_fields(&ack(&[(52, &[1])]), &file, &[]);

    assert_eq!(
        read.host_name,
        Some(String::from_utf8(vec![b'h'; 60]).unwrap())
    );
    assert_eq!(malformed, only(Discard::NoEndOption));
}

#[test]
fn case_079_the_largest_datagram_of_one_option_is_read_in_bounds() {
    let mut options = option(53, &[5]);
    for _ in 0..253 {
        options.extend(option(6, &[10; 255]));
    }
    options.resize(65_507 - OPTIONS - 1, 0);
    options.push(255);

    let (read, malformed) = read_area(&options);

    // 253 * 255 is no multiple of 4.
    assert!(read.dns.is_empty());
    assert_eq!(malformed, only(Discard::MalformedDomainNameServer));
}

#[test]
fn options_that_are_only_exported_change_nothing_else() {
    let (read, malformed) = read_area(&ack(&[
        (43, &[1, 2, 3]),
        (66, b"$(reboot)"),
        (67, b"../../etc/passwd"),
        (114, b"http://\x1b[2J"),
        (252, b"'; touch /tmp/x; '\n"),
        (82, &[]),
    ]));

    assert_eq!(read, Options::default());
    // 114 and 252 have control characters.
    assert_eq!(malformed, only(Discard::MalformedParameter));
}

#[test]
fn ignored_options_are_as_if_they_were_not_there() {
    let area = ack(&[(15, b"example"), (54, &[192, 0, 2, 1]), (3, &[1])]);
    let reading = Reading {
        ignored: &[3, 53, 54],
        ..READING
    };
    let (received, malformed) = receive_with(&frame(&message(&area, &[], &[])), reading).unwrap();

    // 53 stays: it is what makes this a DHCPACK.
    assert_eq!(received.message_type, MessageType::Ack);
    assert_eq!(received.present, [15, 53].into());
    assert_eq!(received.options.server_identifier, None);
    assert_eq!(received.options.domain.as_deref(), Some("example"));
    assert!(malformed.is_empty());
}
