//! Numbers, masks and lists of addresses: their values, their order and their limits.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::builder::{long_option, only, option, read, read_area};
use crate::{
    discard::Discard,
    wire::values::{MAXIMUM_ADDRESSES, prefix_length},
};

/// Distinct addresses, as the value of a list option.
fn addresses(count: u32) -> (Vec<Ipv4Addr>, Vec<u8>) {
    let list: Vec<_> = (0..count)
        .map(|number| Ipv4Addr::from_bits(0x0a00_0001 + number))
        .collect();
    let value = list.iter().flat_map(Ipv4Addr::octets).collect();
    (list, value)
}

#[test]
fn each_code_lands_in_its_own_field() {
    let (options, malformed) = read(&[
        (1, &[255, 255, 240, 0]),
        (3, &[10, 0, 0, 3]),
        (6, &[10, 0, 0, 6]),
        (12, b"host"),
        (15, b"domain.example"),
        (26, &[0x05, 0x78]),
        (28, &[10, 0, 15, 255]),
        (42, &[10, 0, 0, 42]),
        (51, &[0, 0, 0, 51]),
        (54, &[10, 0, 0, 54]),
        (56, b"hello"),
        (58, &[0, 0, 0, 58]),
        (59, &[0, 0, 0, 59]),
    ]);

    assert!(malformed.is_empty());
    assert_eq!(options.prefix_length, Some(20));
    assert_eq!(options.routers, [Ipv4Addr::new(10, 0, 0, 3)]);
    assert_eq!(options.dns, [Ipv4Addr::new(10, 0, 0, 6)]);
    assert_eq!(options.host_name.as_deref(), Some("host"));
    assert_eq!(options.domain.as_deref(), Some("domain.example"));
    assert_eq!(options.mtu, Some(1400));
    assert_eq!(options.broadcast, Some(Ipv4Addr::new(10, 0, 15, 255)));
    assert_eq!(options.ntp, [Ipv4Addr::new(10, 0, 0, 42)]);
    assert_eq!(options.lease_time, Some(51));
    assert_eq!(options.server_identifier, Some(Ipv4Addr::new(10, 0, 0, 54)));
    assert_eq!(options.message.as_deref(), Some("hello"));
    assert_eq!(options.renewal_time, Some(58));
    assert_eq!(options.rebinding_time, Some(59));
    assert_eq!(options.classless_routes, None);
    assert!(options.static_routes.is_empty() && options.search.is_empty());
}

#[test]
fn times_are_whole_32_bit_numbers() {
    for seconds in [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
        let (options, malformed) = read(&[(51, &seconds.to_be_bytes())]);

        assert_eq!(options.lease_time, Some(seconds));
        assert!(malformed.is_empty());
    }
}

#[test]
fn every_prefix_of_ones_is_a_mask() {
    for length in 1..=32_u8 {
        let mask = u32::MAX << (32 - u32::from(length));

        assert_eq!(prefix_length(1, &mask.to_be_bytes()), Some(length));
    }
}

#[test]
fn masks_with_holes_or_without_ones_are_malformed() {
    for mask in [
        [0, 0, 0, 0],
        [255, 0, 255, 0],
        [0, 255, 255, 255],
        [255, 255, 255, 1],
        [127, 255, 255, 255],
    ] {
        let (options, malformed) = read(&[(1, &mask)]);

        assert_eq!(options.prefix_length, None);
        assert_eq!(malformed, only(Discard::MalformedSubnetMask));
    }
}

#[test]
fn case_073_an_mtu_below_68_is_malformed() {
    assert_eq!(read(&[(26, &[0, 68])]).0.mtu, Some(68));
    assert_eq!(read(&[(26, &[255, 255])]).0.mtu, Some(65_535));
    for mtu in [[0, 0], [0, 67]] {
        let (options, malformed) = read(&[(26, &mtu)]);

        assert_eq!(options.mtu, None);
        assert_eq!(malformed, only(Discard::MalformedInterfaceMtu));
    }
}

#[test]
fn a_list_keeps_its_order() {
    let (options, _) = read(&[(3, &[10, 0, 0, 9, 10, 0, 0, 1, 10, 0, 0, 5])]);

    let expected = [9, 1, 5].map(|last| Ipv4Addr::new(10, 0, 0, last));
    assert_eq!(options.routers, expected);
}

#[test]
fn a_full_list_over_two_options_is_read_whole() {
    let limit = u32::try_from(MAXIMUM_ADDRESSES).unwrap();
    let (list, value) = addresses(limit);
    assert!(value.len() > 255);
    let area = [option(53, &[5]), long_option(6, &value), [255].to_vec()].concat();

    let (options, malformed) = read_area(&area);

    assert_eq!(options.dns, list);
    assert!(malformed.is_empty());
}

#[test]
fn a_longer_list_is_cut_and_counted() {
    let (list, value) = addresses(4000);
    for code in [3, 6, 42] {
        let area = [option(53, &[5]), long_option(code, &value), [255].to_vec()].concat();

        let (options, malformed) = read_area(&area);

        let read = [options.routers, options.dns, options.ntp].concat();
        assert_eq!(read, list[..MAXIMUM_ADDRESSES]);
        assert_eq!(malformed, only(Discard::ValueCut));
    }
}
