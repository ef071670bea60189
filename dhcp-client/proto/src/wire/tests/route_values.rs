//! Options 121, 249 and 33: every width, the octets that must be zeroed, and the limits.

use alloc::{vec, vec::Vec};
use core::net::Ipv4Addr;

use super::builder::{long_option, only, option, read, read_area};
use crate::{discard::Discard, lease::Route, wire::routes::MAXIMUM_ROUTES};

const GATEWAY: [u8; 4] = [192, 0, 2, 1];

fn route(destination: [u8; 4], prefix_length: u8, gateway: [u8; 4]) -> Route {
    Route {
        destination: destination.into(),
        prefix_length,
        gateway: gateway.into(),
    }
}

/// One element of option 121 with all the octets that its width needs.
fn element(width: u8, destination: [u8; 4]) -> Vec<u8> {
    let significant = usize::from(width).div_ceil(8);
    [&[width], &destination[..significant], &GATEWAY].concat()
}

#[test]
fn case_067_every_width_is_decoded_and_its_host_bits_cleared() {
    for width in 0..=32_u8 {
        let (options, malformed) = read(&[(121, &element(width, [255; 4]))]);

        let mask = u32::MAX.checked_shl(32 - u32::from(width)).unwrap_or(0);
        let expected = route(mask.to_be_bytes(), width, GATEWAY);
        assert_eq!(options.classless_routes, Some(vec![expected]));
        assert!(malformed.is_empty());
    }
}

#[test]
fn the_table_of_rfc_3442_is_decoded() {
    let descriptors: [(&[u8], [u8; 4], u8); 7] = [
        (&[0], [0, 0, 0, 0], 0),
        (&[8, 10], [10, 0, 0, 0], 8),
        (&[24, 10, 0, 0], [10, 0, 0, 0], 24),
        (&[16, 10, 17], [10, 17, 0, 0], 16),
        (&[24, 10, 27, 129], [10, 27, 129, 0], 24),
        (&[25, 10, 229, 0, 128], [10, 229, 0, 128], 25),
        (&[32, 10, 198, 122, 47], [10, 198, 122, 47], 32),
    ];
    let value: Vec<u8> = descriptors
        .iter()
        .flat_map(|(descriptor, _, _)| [descriptor, GATEWAY.as_slice()].concat())
        .collect();

    let (options, malformed) = read(&[(121, &value)]);

    let expected = descriptors.map(|(_, subnet, width)| route(subnet, width, GATEWAY));
    assert_eq!(options.classless_routes, Some(expected.to_vec()));
    assert!(malformed.is_empty());
}

#[test]
fn the_masking_example_of_rfc_3442_is_obeyed() {
    let (options, _) = read(&[(121, &element(25, [129, 210, 177, 132]))]);

    let expected = route([129, 210, 177, 128], 25, GATEWAY);
    assert_eq!(options.classless_routes, Some(vec![expected]));
}

#[test]
fn case_067_gateway_zero_means_on_link() {
    let (options, malformed) = read(&[(121, &[24, 10, 0, 0, 0, 0, 0, 0])]);

    let expected = route([10, 0, 0, 0], 24, [0; 4]);
    assert_eq!(options.classless_routes, Some(vec![expected]));
    assert!(malformed.is_empty());
}

#[test]
fn case_080_one_bad_element_refuses_the_whole_option() {
    let good = element(24, [10, 0, 0, 0]);
    // Width 33 would have five significant octets, width 255 thirty-two.
    let wide = [&[255], [10; 32].as_slice(), &GATEWAY].concat();
    let bad: [&[u8]; 8] = [
        &[33, 10, 0, 0, 0, 192, 0, 2, 1],
        &[33, 10, 0, 0, 0, 0, 192, 0, 2, 1],
        &wide,
        &[24],
        &[24, 10],
        &[0],
        &[0, 192, 0, 2],
        &[32, 10, 0, 0, 1, 192, 0, 2],
    ];
    for bad in bad {
        let (options, malformed) = read(&[(121, &[&good, bad].concat())]);

        assert_eq!(options.classless_routes, None, "{bad:?}");
        assert_eq!(malformed, only(Discard::MalformedClasslessRoute));
    }
}

#[test]
fn a_bad_element_past_the_limit_refuses_the_whole_option_too() {
    let value = [element(0, [0; 4]).repeat(MAXIMUM_ROUTES + 1), vec![33]].concat();
    let area = [option(53, &[5]), long_option(121, &value), vec![255]].concat();

    let (options, malformed) = read_area(&area);

    assert_eq!(options.classless_routes, None);
    assert_eq!(malformed, only(Discard::MalformedClasslessRoute));
}

#[test]
fn case_082_a_thousand_routes_are_cut_and_counted() {
    let all: Vec<Route> = (0..1000_u32)
        .map(|number| {
            let destination = Ipv4Addr::from_bits(0x0a00_0000 + number);
            route(destination.octets(), 32, GATEWAY)
        })
        .collect();
    let value: Vec<u8> = all
        .iter()
        .flat_map(|route| element(32, route.destination.octets()))
        .collect();
    let area = [option(53, &[5]), long_option(121, &value), vec![255]].concat();

    let (options, malformed) = read_area(&area);

    assert_eq!(
        options.classless_routes.as_deref(),
        Some(&all[..MAXIMUM_ROUTES])
    );
    assert_eq!(malformed, only(Discard::ValueCut));
}

#[test]
fn case_068_microsofts_code_is_read_where_there_is_no_121() {
    let (options, malformed) = read(&[(249, &element(8, [10, 0, 0, 0]))]);

    let expected = route([10, 0, 0, 0], 8, GATEWAY);
    assert_eq!(options.classless_routes, Some(vec![expected]));
    assert!(malformed.is_empty());
}

#[test]
fn case_068_microsofts_code_is_ignored_beside_121() {
    let first = element(8, [10, 0, 0, 0]);
    let second = element(8, [11, 0, 0, 0]);

    let (options, malformed) = read(&[(249, &second), (121, &first)]);
    let expected = route([10, 0, 0, 0], 8, GATEWAY);
    assert_eq!(options.classless_routes, Some(vec![expected]));
    assert!(malformed.is_empty());

    let (options, malformed) = read(&[(249, &second), (121, &[33])]);
    assert_eq!(options.classless_routes, None);
    assert_eq!(malformed, only(Discard::MalformedClasslessRoute));
}

#[test]
fn static_routes_get_the_prefix_of_their_class() {
    let table = [
        ([10, 0, 0, 0], 8),
        ([127, 0, 0, 0], 8),
        ([128, 0, 0, 0], 16),
        ([172, 16, 0, 0], 16),
        ([191, 255, 0, 0], 16),
        ([192, 0, 0, 0], 24),
        ([223, 255, 255, 0], 24),
        // Host bits set, or no class of networks.
        ([10, 0, 0, 1], 32),
        ([172, 16, 1, 0], 32),
        ([192, 168, 1, 1], 32),
        ([224, 0, 0, 0], 32),
        ([255, 255, 255, 255], 32),
    ];
    let value: Vec<u8> = table
        .iter()
        .flat_map(|(destination, _)| [destination.as_slice(), &GATEWAY].concat())
        .collect();

    let (options, malformed) = read(&[(33, &value)]);

    let expected = table.map(|(destination, length)| route(destination, length, GATEWAY));
    assert_eq!(options.static_routes, expected);
    assert!(malformed.is_empty());
}

#[test]
fn case_068_a_static_default_route_is_left_out() {
    let value = [[0; 4], GATEWAY, [10, 0, 0, 0], GATEWAY].concat();

    let (options, malformed) = read(&[(33, &value)]);

    assert_eq!(options.static_routes, [route([10, 0, 0, 0], 8, GATEWAY)]);
    assert!(malformed.is_empty());
}

#[test]
fn a_static_route_is_never_on_link() {
    let (options, malformed) = read(&[(33, &[10, 0, 0, 0, 0, 0, 0, 0])]);

    assert!(options.static_routes.is_empty());
    assert_eq!(malformed, only(Discard::MalformedStaticRoute));
}
