//! What is only handed on: of one line, each number once, and not too much of it.

use sdk_rpc::{Parameter, Value};

use super::*;

fn parameter(code: u8, value: Value) -> Parameter {
    Parameter { code, value }
}

fn of_parameters(parameters: Vec<Parameter>) -> (Vec<Parameter>, Vec<Dropped>) {
    let (lease, dropped) = checked(|lease| lease.parameters = parameters);
    (lease.parameters, dropped)
}

#[test]
fn sound_parameters_of_every_kind_pass() {
    let all = vec![
        parameter(6, Value::Addresses(vec![[0, 0, 0, 0].into()])),
        parameter(26, Value::Numbers(vec![1400, -1])),
        parameter(43, Value::Octets(vec![0, 10, 255])),
        parameter(66, Value::Text("tftp.test `$(id)`".to_owned())),
        parameter(119, Value::Names(vec!["a.test".to_owned()])),
        parameter(121, Value::Routes(vec![route([0; 4], 0, [10, 0, 0, 1])])),
        parameter(254, Value::Numbers(Vec::new())),
    ];
    assert_eq!(of_parameters(all.clone()), (all, vec![]));
}

#[test]
fn parameters_that_cannot_be_are_left_out_by_their_number() {
    let text = |text: &str| Value::Text(text.to_owned());
    let given = vec![
        parameter(0, text("pad")),
        parameter(66, text("first")),
        parameter(66, text("second")),
        parameter(67, text("two\nlines")),
        parameter(100, text("bell \u{7}")),
        parameter(101, text("c1 \u{9b}")),
        parameter(119, Value::Names(vec!["a".to_owned(), "b\r".to_owned()])),
        parameter(255, text("end")),
    ];
    let (kept, dropped) = of_parameters(given);
    assert_eq!(kept, [parameter(66, text("first"))]);
    let expected = [
        (0, ParameterFault::NoOption),
        (66, ParameterFault::Duplicate),
        (67, ParameterFault::ControlCharacter),
        (100, ParameterFault::ControlCharacter),
        (101, ParameterFault::ControlCharacter),
        (119, ParameterFault::ControlCharacter),
        (255, ParameterFault::NoOption),
    ];
    assert_eq!(
        dropped,
        expected.map(|(code, fault)| Dropped::Parameter(code, fault))
    );
    let line = line(&dropped).unwrap();
    assert!(line.contains("option 67 (control characters)"), "{line}");
}

#[test]
fn all_parameters_together_are_no_larger_than_a_message() {
    let large = |code| parameter(code, Value::Octets(vec![0; 2047]));
    let (kept, dropped) = of_parameters((1..=20).map(large).collect());
    assert_eq!(kept.len(), MOST_PARAMETER_OCTETS / 2048);
    assert_eq!(dropped.len(), 20 - kept.len());
    assert_eq!(dropped[0], Dropped::Parameter(9, ParameterFault::NoRoom));

    // What is small still has room beside what has not.
    let given = vec![
        parameter(1, Value::Numbers(vec![0; 2048])),
        parameter(2, Value::Numbers(vec![0; 2000])),
        parameter(3, Value::Text("small".to_owned())),
    ];
    let (kept, dropped) = of_parameters(given);
    assert_eq!(
        kept.iter().map(|kept| kept.code).collect::<Vec<_>>(),
        [2, 3]
    );
    assert_eq!(dropped, [Dropped::Parameter(1, ParameterFault::NoRoom)]);
}

#[test]
fn server_name_and_boot_file_are_short_lines() {
    let texts = |text: &str| {
        let (lease, dropped) = checked(|lease| {
            lease.server_name = Some(text.to_owned());
            lease.boot_file = Some(text.to_owned());
        });
        (lease.server_name, lease.boot_file, dropped)
    };
    for fit in ["boot.test", "../../etc/passwd", "$(id)", &"x".repeat(255)] {
        let kept = Some(fit.to_owned());
        assert_eq!(texts(fit), (kept.clone(), kept, vec![]));
    }
    for unfit in ["two\nlines", "\u{1b}[31m", "nul\0", &"x".repeat(256)] {
        let named = vec![
            Dropped::ServerName(unfit.to_owned()),
            Dropped::BootFile(unfit.to_owned()),
        ];
        assert_eq!(texts(unfit), (None, None, named));
    }
}

#[test]
fn servers_are_hosts_or_none() {
    let (lease, dropped) = checked(|lease| {
        lease.server = Ipv4Addr::BROADCAST;
        lease.next_server = Ipv4Addr::LOCALHOST;
    });
    let none = Ipv4Addr::UNSPECIFIED;
    assert_eq!((lease.server, lease.next_server), (none, none));
    let named = [
        Dropped::Server(Ipv4Addr::BROADCAST),
        Dropped::NextServer(Ipv4Addr::LOCALHOST),
    ];
    assert_eq!(dropped, named);

    let (lease, dropped) = checked(|lease| lease.next_server = [10, 0, 0, 9].into());
    assert_eq!((lease.next_server, dropped), ([10, 0, 0, 9].into(), vec![]));
}
