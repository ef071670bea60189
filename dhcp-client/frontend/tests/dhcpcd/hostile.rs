//! Files and command lines that nobody in his right mind would write.

use std::time::{Duration, Instant};

use dhcp_frontend::{
    Client, Request, Setup, parse,
    setup::{Fate, Profile},
};
use proptest::prelude::*;

use crate::bed::{Bed, is_missing, profile};

/// Notes that one run makes at most.
const MOST_NOTES: usize = 501;

fn is_bounded(setup: &Setup) {
    assert!(setup.notes.len() <= MOST_NOTES, "{}", setup.notes.len());
    for note in &setup.notes {
        assert!(note.what.len() < 1200, "{note:?}");
        assert!(!note.what.chars().any(char::is_control), "{note:?}");
    }
    assert!(setup.profiles.len() <= 256);
}

/// What is the same for each file that says nothing.
fn says_nothing(content: impl Into<Vec<u8>>) {
    let setup = Bed::with(content).run("");
    is_bounded(&setup);
    assert_eq!(setup.profile, profile(""));
}

#[test]
fn files_that_say_nothing_change_nothing() {
    says_nothing("");
    says_nothing("\n\n\n");
    says_nothing("\0");
    says_nothing([0; 60_000]);
    says_nothing([0xff; 60_000]);
    says_nothing("#".repeat(60_000));
    says_nothing("\\".repeat(60_000));
    says_nothing("\"".repeat(60_000));
    says_nothing(" ".repeat(60_000));
    says_nothing("x".repeat(60_000));
    says_nothing("option\n".repeat(8000));
    says_nothing("\x7fELF\x02\x01\x01\0metric 5\n");
}

#[test]
fn a_file_of_64_kib_is_not_read_at_all() {
    let mut longest = "metric 5\n".to_owned();
    longest.push_str(&"#".repeat(65_535 - longest.len()));
    assert_eq!(profile(&longest).metric, Some(5));
    longest.push('#');
    for content in [longest.clone(), longest.repeat(16)] {
        let setup = Bed::with(content).run("");
        assert_eq!(setup.profile, profile(""));
        let note = setup
            .notes
            .iter()
            .find(|note| note.place == "/etc/dhcpcd.conf");
        assert!(matches!(&note.expect("one").fate, Fate::Missing(why) if why.contains("65535")));
    }
}

#[test]
fn more_mistakes_than_anybody_reads_are_not_all_noted() {
    let setup = Bed::with("a\n".repeat(30_000)).run("");
    is_bounded(&setup);
    let last = setup.notes.last().expect("some");
    assert!(is_missing(&last.fate), "{last:?}");
    assert!(setup.notes.len() > 400);
}

/// A block for each of a great many interfaces, and then some for all.
#[test]
fn many_blocks_take_neither_memory_nor_time_without_end() {
    use std::fmt::Write as _;

    let mut content = "env a=b\n".repeat(1000);
    for index in 0..3500 {
        let _ = writeln!(content, "interface e{index}");
    }
    let started = Instant::now();
    let setup = Bed::with(content).run("");
    is_bounded(&setup);
    assert_eq!(setup.profiles.len(), 256);
    let stars = format!("interface {}\nmetric 5\n", "*a".repeat(30_000));
    is_bounded(&Bed::with(stars).run("aaaaaaaaaaaaaaa"));
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn values_without_end_are_refused_or_cut() {
    for line in [
        format!("static domain_search={}", "a.example ".repeat(6000)),
        format!("static domain_name_servers={}", "1.2.3.4 ".repeat(7000)),
        format!("define 224 string {}", "x".repeat(60_000)),
        format!("hostname {}", "x".repeat(60_000)),
        format!("metric {}", "9".repeat(60_000)),
    ] {
        let setup = Bed::with(line).run("");
        is_bounded(&setup);
        assert!(setup.notes.iter().any(|note| is_missing(&note.fate)));
        assert_eq!(setup.profile, profile(""));
    }
}

fn run(content: Vec<u8>, words: &[&str]) -> Option<Setup> {
    match Bed::with(content).try_parse(words) {
        Ok(Request::Run(setup)) => Some(*setup),
        _ => None,
    }
}

/// Profiles without what a line of notes says.
fn profiles(setup: &Setup) -> (&Profile, &[(String, Profile)]) {
    (&setup.profile, &setup.profiles)
}

/// Files of real words with values that are nearly right.
fn nearly_right() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "static",
        "option",
        "require",
        "nooption",
        "reject",
        "define",
        "embed",
        "encap",
        "vendor",
        "clientid",
        "duid",
        "iaid",
        "interface",
        "profile",
        "fallback",
        "ssid",
        "inform",
        "env",
        "userclass",
        "vsio",
        "vendclass",
        "timeout",
        "whitelist",
        "fqdn",
        "hostname",
        "anonymous",
        "nohook",
        "leasetime",
        "metric",
        "script",
    ]);
    let value = prop_oneof![
        "[ -~]{0,40}",
        "(1|15|54|80|224|255|0x50|domain_name)[, ](2|host_name|x)?",
        "(ip_address|routers|routes|mtu|domain_search|subnet_mask)=[0-9./ a]{0,30}",
        "[0-9]{1,3} (array )?(byte|string|domain|rfc3442|flag) [a-z_]{1,5}",
        r#"[0-9]{0,3},["\\x0-9a-f:]{0,20}"#,
        "(eth|wl|\\*|\\[|\\?){1,4}",
    ];
    prop::collection::vec((word, value), 0..40).prop_map(|lines| {
        lines
            .into_iter()
            .map(|(word, value)| format!("{word} {value}\n"))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_octets_are_a_file(content in prop::collection::vec(any::<u8>(), 0..2000)) {
        let setup = run(content, &["eth0"]).expect("a file is never an error");
        is_bounded(&setup);
    }

    #[test]
    fn any_words_are_a_command_line_or_an_error_of_status_1(
        words in prop::collection::vec("[ -~]{0,12}|-[ -~]{1,4}|--[a-z_=]{1,12}", 0..6),
    ) {
        match parse(Client::Dhcpcd, words.iter().map(Into::into), &Bed::default()) {
            Ok(Request::Run(setup)) => is_bounded(&setup),
            Ok(Request::Control(_) | Request::Print { .. }) => {}
            Ok(Request::Role(_)) => prop_assert!(false, "dhcpcd has no roles"),
            Err(error) => prop_assert_eq!(error.status, 1),
        }
    }

    #[test]
    fn files_that_are_nearly_right_are_read_the_same_each_time(content in nearly_right()) {
        let first = run(content.clone().into_bytes(), &["-L"]).expect("a file is never an error");
        is_bounded(&first);
        let again = run(content.clone().into_bytes(), &["-L"]).expect("a file is never an error");
        prop_assert_eq!(&first, &again);
        // Comments and blank lines between change nothing but the places.
        let spread = content.replace('\n', "\n\n # x\n;y\n");
        let spread = run(spread.into_bytes(), &["-L"]).expect("a file is never an error");
        prop_assert_eq!(profiles(&first), profiles(&spread));
    }

    #[test]
    fn whatever_the_operator_wrote_can_be_sent(content in nearly_right()) {
        let setup = run(content.into_bytes(), &[]).expect("a file is never an error");
        for (_, profile) in setup.profiles.iter().chain([&(String::new(), setup.profile.clone())]) {
            let settings = &profile.settings;
            prop_assert!(settings.vendor_class.len() <= 255);
            prop_assert!(!settings.requested.contains(&0) && !settings.requested.contains(&255));
            let mut once = settings.requested.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), settings.requested.len());
            for (code, octets) in &settings.sent {
                prop_assert!(!octets.is_empty() && !matches!(code, 0 | 50..=55 | 61 | 82 | 90 | 255));
            }
            if let Some(address) = &profile.address {
                prop_assert!((1..=32).contains(&address.prefix_length));
            }
        }
    }
}
