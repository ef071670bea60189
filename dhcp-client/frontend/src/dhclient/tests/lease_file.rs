//! Entries of lease files: what the real client writes, what readers make of them, and what harm is kept
//! out.

use proptest::{collection::vec, prelude::*};
use sdk_rpc::{Lease, Value};

use super::configured;
use crate::{
    dhclient::{
        Vocabulary,
        lease_file::{Entry, entry},
        tokens::{Token, Tokens},
    },
    sample::{self, lease_with, numbers, parameter, route, text},
    script::Reason,
};

fn written(reason: Reason, new: Option<&Lease>, old: Option<&Lease>) -> Option<Entry> {
    entry(&Vocabulary::default(), &sample::occasion(reason, new, old))
}

fn bound(lease: &Lease) -> Entry {
    written(Reason::Bound, Some(lease), None).expect("an entry")
}

/// The statements of an entry as cloud-init reads them: cut at semicolons, without quotes.
fn as_cloud_init_reads(entry: &str) -> Vec<(String, String)> {
    let inner = entry
        .strip_prefix("lease {")
        .and_then(|it| it.strip_suffix("}\n"));
    let statements = inner
        .expect("one entry")
        .split(';')
        .filter_map(|statement| {
            let statement = statement.trim().replace('"', "").replace("option ", "");
            let (name, value) = statement.split_once(' ')?;
            Some((name.to_owned(), value.to_owned()))
        });
    statements.collect()
}

#[test]
fn a_lease_is_written_as_dhclient_writes_it() {
    let mut lease = sample::lease();
    lease.parameters.insert(9, parameter(53, numbers(&[5])));
    assert_eq!(
        bound(&lease).text,
        "\
lease {
  interface \"eth0\";
  fixed-address 10.9.0.50;
  filename \"file1.img\";
  server-name \"srv1\";
  option subnet-mask 255.255.255.0;
  option routers 10.9.0.1,10.9.0.2;
  option domain-name-servers 10.9.0.53,10.9.0.54;
  option host-name \"box1\";
  option domain-name \"example.org\";
  option interface-mtu 1500;
  option broadcast-address 10.9.0.255;
  option ntp-servers 10.9.4.42;
  option dhcp-lease-time 3600;
  option dhcp-message-type 5;
  option dhcp-server-identifier 10.9.0.1;
  option domain-search \"example.org.\", \"eng.example.org.\";
  renew 2 2026/11/24 23:07:39;
  rebind 2 2026/11/24 23:30:09;
  expire 2 2026/11/24 23:37:39;
}
"
    );
}

#[test]
fn rows_of_elements_have_commas_between_them_and_names_of_the_operators_are_used() {
    let vocabulary = configured(super::DEBIAN).profile.vocabulary;
    let routes = Value::Routes(vec![route([0, 0, 0, 0], 0, [10, 9, 0, 1])]);
    let mut lease = lease_with(121, routes);
    let pairs = [[10, 5, 0, 0], [10, 9, 0, 1], [10, 6, 0, 1], [10, 9, 0, 2]];
    lease
        .parameters
        .push(parameter(33, sample::addresses(&pairs)));
    lease
        .parameters
        .push(parameter(245, Value::Octets(vec![168, 63, 129, 16])));
    let occasion = sample::occasion(Reason::Bound, Some(&lease), None);
    let text = entry(&vocabulary, &occasion).expect("an entry").text;
    for line in [
        "  option rfc3442-classless-static-routes 0,10,9,0,1;\n",
        "  option static-routes 10.5.0.0 10.9.0.1,10.6.0.1 10.9.0.2;\n",
        "  option unknown-245 a8:3f:81:10;\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

#[test]
fn times_can_be_seconds_and_a_lease_without_end_never_ends() {
    let vocabulary = configured("db-time-format local;").profile.vocabulary;
    let lease = Lease {
        expires_at: None,
        ..sample::lease()
    };
    let occasion = sample::occasion(Reason::Renew, Some(&lease), Some(&lease));
    let text = entry(&vocabulary, &occasion).expect("an entry").text;
    assert!(text.contains("  renew epoch 1795561659; # Tue Nov 24 23:07:39 2026\n"));
    assert!(text.contains("  expire never;\n"));
}

#[test]
fn a_lease_without_a_message_type_is_one_of_bootp() {
    assert!(
        bound(&sample::bare())
            .text
            .starts_with("lease {\n  bootp;\n")
    );
}

#[test]
fn a_lease_that_was_given_back_is_over() {
    let lease = sample::lease();
    let entry = written(Reason::Release, None, Some(&lease)).expect("an entry");
    for name in ["renew", "rebind", "expire"] {
        assert!(
            entry
                .text
                .contains(&format!("  {name} 2 2026/11/24 22:37:39;\n"))
        );
    }
}

#[test]
fn other_occasions_leave_the_file_as_it_is() {
    let lease = sample::lease();
    for reason in [
        Reason::Preinit,
        Reason::Expire,
        Reason::Nak,
        Reason::Fail,
        Reason::Stop,
        Reason::Static,
        Reason::Carrier,
    ] {
        assert_eq!(
            written(reason, Some(&lease), Some(&lease)),
            None,
            "{reason:?}"
        );
    }
}

#[test]
fn cloud_init_finds_what_it_looks_for() {
    let lease = lease_with(245, Value::Octets(vec![168, 63, 129, 16]));
    let read = as_cloud_init_reads(&bound(&lease).text);
    for (name, value) in [
        ("interface", "eth0"),
        ("fixed-address", "10.9.0.50"),
        ("subnet-mask", "255.255.255.0"),
        ("routers", "10.9.0.1,10.9.0.2"),
        ("unknown-245", "a8:3f:81:10"),
    ] {
        assert!(
            read.contains(&(name.into(), value.into())),
            "{name}: {read:?}"
        );
    }
}

#[test]
fn cve_2026_42511_a_boot_file_that_ends_its_string_is_left_out() {
    for value in [
        "x\"; script \"/tmp/evil",
        "x\n  script \"/tmp/evil\";",
        "x\\",
        "x; fixed-address 6.6.6.6",
        "x}\nlease {",
        "x} lease {",
        "$(id)",
    ] {
        let mut lease = lease_with(17, text(value));
        lease
            .parameters
            .push(parameter(200, Value::Octets(value.as_bytes().to_vec())));
        lease.boot_file = Some(value.into());
        lease.server_name = Some(value.into());
        let Entry { text, left_out } = bound(&lease);
        assert!(
            !text.contains("evil") && !text.contains("6.6.6.6"),
            "{text}"
        );
        assert_eq!(text.matches(['{', '}']).count(), 2, "{text}");
        for name in ["filename", "server-name", "option root-path"] {
            assert!(
                left_out.contains(&name.to_owned()),
                "{value:?}: {left_out:?}"
            );
        }
    }
}

#[test]
fn the_authentication_option_is_never_written() {
    let lease = lease_with(90, Value::Octets(vec![7; 16]));
    assert!(!bound(&lease).text.contains("unknown-90"));
}

/// The keywords of an entry as a parser of dhclient.leases(5) finds them; `None` if it finds none.
fn keywords(text: &str) -> Option<Vec<String>> {
    let mut tokens = Tokens::new(text.as_bytes());
    if tokens.next() != Token::Word("lease") || !tokens.takes(b'{') {
        return None;
    }
    let mut keywords = Vec::new();
    while !tokens.takes(b'}') {
        let Token::Word(keyword) = tokens.peek() else {
            return None;
        };
        keywords.push(keyword.to_owned());
        tokens.skip_statement();
    }
    (tokens.next() == Token::End).then_some(keywords)
}

proptest! {
    #[test]
    fn whatever_a_lease_says_an_entry_is_one_entry_of_known_statements(
        octets in vec((any::<u8>(), vec(any::<u8>(), 0..30)), 0..8),
        texts in vec((any::<u8>(), "\\PC{0,20}|[ -~\\n]{0,20}"), 0..8),
        file in "[ -~\\n\\x00]{0,20}",
    ) {
        let mut lease = Lease { boot_file: Some(file), ..sample::lease() };
        let octets = octets.into_iter().map(|(code, it)| parameter(code, Value::Octets(it)));
        let texts = texts.into_iter().map(|(code, it)| parameter(code, Value::Text(it)));
        lease.parameters = octets.chain(texts).collect();
        let text = bound(&lease).text;
        let known = [
            "bootp", "interface", "fixed-address", "filename", "server-name", "option", "renew",
            "rebind", "expire",
        ];
        let keywords = keywords(&text);
        prop_assert!(keywords.is_some(), "{text}");
        for keyword in keywords.unwrap_or_default() {
            prop_assert!(known.contains(&keyword.as_str()), "{keyword}: {text}");
        }
    }
}
