//! Amendments, each by what scripts and the actuator see of it.

use super::*;
use crate::sample;

fn amendment(code: u8, how: How, value: Value) -> Amendment {
    Amendment { code, how, value }
}

fn addresses(last: &[u8]) -> Value {
    Value::Addresses(last.iter().map(|it| Ipv4Addr::new(9, 9, 9, *it)).collect())
}

fn parameter(lease: &Lease, code: u8) -> Option<&Value> {
    position(lease, code).map(|at| &lease.parameters[at].value)
}

#[test]
fn a_superseding_value_takes_the_place_of_the_servers() {
    let lease = amended(
        &sample::lease(),
        &[amendment(6, How::Supersede, addresses(&[1]))],
    );
    assert_eq!(lease.dns, [Ipv4Addr::new(9, 9, 9, 1)]);
    assert_eq!(parameter(&lease, 6), Some(&addresses(&[1])));
}

#[test]
fn prepended_and_appended_values_keep_their_order() {
    let amendments = [
        amendment(6, How::Prepend, addresses(&[1])),
        amendment(6, How::Append, addresses(&[2, 3])),
    ];
    let lease = amended(&sample::lease(), &amendments);
    let expected: Vec<Ipv4Addr> = ["9.9.9.1", "10.9.0.53", "10.9.0.54", "9.9.9.2", "9.9.9.3"]
        .iter()
        .map(|it| it.parse().expect("an address"))
        .collect();
    assert_eq!(lease.dns, expected);
    assert_eq!(parameter(&lease, 6), Some(&Value::Addresses(expected)));
}

#[test]
fn a_default_is_used_only_where_the_server_said_nothing() {
    let with = amended(
        &sample::lease(),
        &[amendment(6, How::Default, addresses(&[1]))],
    );
    assert_eq!(with, sample::lease());
    let without = amended(
        &sample::bare(),
        &[amendment(6, How::Default, addresses(&[1]))],
    );
    assert_eq!(without.dns, [Ipv4Addr::new(9, 9, 9, 1)]);
}

#[test]
fn what_is_prepended_to_nothing_stands_alone() {
    let lease = amended(
        &sample::bare(),
        &[amendment(42, How::Prepend, addresses(&[7]))],
    );
    assert_eq!(lease.ntp, [Ipv4Addr::new(9, 9, 9, 7)]);
}

#[test]
fn text_is_joined_as_text() {
    let value = || Value::Text(".test".into());
    let lease = amended(&sample::lease(), &[amendment(15, How::Append, value())]);
    assert_eq!(lease.domain.as_deref(), Some("example.org.test"));
}

#[test]
fn a_value_of_another_kind_is_not_joined() {
    let lease = amended(
        &sample::lease(),
        &[amendment(6, How::Append, Value::Text("x".into()))],
    );
    assert_eq!(lease, sample::lease());
}

#[test]
fn every_field_follows_its_option() {
    let text = |text: &str| Value::Text(text.into());
    let amendments = [
        amendment(
            1,
            How::Supersede,
            Value::Addresses(vec![Ipv4Addr::new(255, 255, 240, 0)]),
        ),
        amendment(12, How::Supersede, text("other")),
        amendment(15, How::Supersede, text("one.test two.test")),
        amendment(26, How::Supersede, Value::Numbers(vec![1400])),
        amendment(28, How::Supersede, addresses(&[255])),
        amendment(119, How::Supersede, Value::Names(vec!["a.test".into()])),
    ];
    let lease = amended(&sample::lease(), &amendments);
    assert_eq!(lease.prefix_length, 20);
    assert_eq!(lease.host_name.as_deref(), Some("other"));
    assert_eq!(lease.domain.as_deref(), Some("one.test"));
    assert_eq!(lease.mtu, Some(1400));
    assert_eq!(lease.broadcast, Some(Ipv4Addr::new(9, 9, 9, 255)));
    assert_eq!(lease.search, ["a.test"]);
}

#[test]
fn several_domains_are_searched_where_no_search_list_came() {
    let value = Value::Text("one.test two.test".into());
    let lease = amended(&sample::bare(), &[amendment(15, How::Supersede, value)]);
    assert_eq!(lease.domain.as_deref(), Some("one.test"));
    assert_eq!(lease.search, ["one.test", "two.test"]);
}

#[test]
fn classless_routes_leave_no_router_in_force() {
    let route = Route {
        destination: Ipv4Addr::UNSPECIFIED,
        prefix_length: 0,
        gateway: Ipv4Addr::new(9, 9, 9, 1),
    };
    let lease = amended(
        &sample::lease(),
        &[
            amendment(121, How::Supersede, Value::Routes(vec![route])),
            amendment(3, How::Supersede, addresses(&[2])),
        ],
    );
    assert_eq!(lease.routes, [route]);
    assert!(lease.routers.is_empty());
    assert_eq!(parameter(&lease, 3), Some(&addresses(&[2])));
}

#[test]
fn a_mask_with_holes_changes_no_prefix() {
    let mask = Value::Addresses(vec![Ipv4Addr::new(255, 0, 255, 0)]);
    let lease = amended(&sample::lease(), &[amendment(1, How::Supersede, mask)]);
    assert_eq!(lease.prefix_length, 24);
}

#[test]
fn parameters_stay_in_the_order_of_their_codes() {
    let amendments = [
        amendment(200, How::Supersede, Value::Octets(vec![1])),
        amendment(2, How::Supersede, Value::Numbers(vec![-3600])),
    ];
    let lease = amended(&sample::bare(), &amendments);
    let codes: Vec<u8> = lease.parameters.iter().map(|it| it.code).collect();
    assert!(codes.is_sorted(), "{codes:?}");
    assert_eq!((codes.first(), codes.last()), (Some(&1), Some(&200)));
}
