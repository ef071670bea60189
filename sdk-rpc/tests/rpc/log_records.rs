//! Records: the same here and behind a connection, understood by a peer that has none, and never a way to
//! forge a line.

use std::{cell::RefCell, rc::Rc};

use capnp::{any_pointer, capability, private::capability::ClientHook};
use sdk_rpc::{
    Counter, Disconnect, Error, Field, FieldValue, Level, Limits, Log, Record, connect_log,
    limits::{FIELD_NAME_OCTETS, FIELD_OCTETS, FIELDS, LINE_OCTETS},
    serve, serve_log,
};

use crate::{
    calfkit_capnp as c,
    local::LocalHost,
    rogue::Rogue,
    stage::{run, socket_pair},
};

/// Keeps lines, and records as records.
#[derive(Clone, Default)]
struct Kept {
    lines: Rc<RefCell<Vec<(Level, String)>>>,
    records: Rc<RefCell<Vec<Record>>>,
}

impl Log for Kept {
    async fn line(&self, level: Level, text: &str) -> Result<(), Error> {
        self.lines.borrow_mut().push((level, text.to_owned()));
        Ok(())
    }

    async fn counters(&self, _counters: Vec<Counter>, _state: &str) -> Result<(), Error> {
        Ok(())
    }

    async fn record(&self, record: Record) -> Result<(), Error> {
        // Calls that arrive together would overtake each other here.
        tokio::task::yield_now().await;
        self.records.borrow_mut().push(record);
        Ok(())
    }
}

/// One with a field of each kind.
fn full() -> Record {
    Record::new(Level::Warn, "dns.resolver", "no answer \u{2713}")
        .with("server", "192.0.2.1")
        .with("tries", u64::MAX)
        .with("skew-seconds", i64::MIN)
        .with("cached", true)
        .with("answer", [0, 0xab, 0xff].as_slice())
}

const FULL_LINE: &str = "target=dns.resolver message=\"no answer \u{2713}\" server=\"192.0.2.1\" \
     tries=18446744073709551615 skew-seconds=-9223372036854775808 cached=true answer=0x00abff";

async fn records_body(log: impl Log, kept: Kept, records: Vec<Record>) {
    for record in records.clone() {
        log.record(record).await.unwrap();
    }
    while kept.records.borrow().len() < records.len() {
        tokio::task::yield_now().await;
    }
    assert_eq!(*kept.records.borrow(), records);
    assert_eq!(*kept.lines.borrow(), []);
}

fn some_records() -> Vec<Record> {
    let mut crowded = Record::new(Level::Debug, "a", "");
    for field in 0..=u64::from(FIELDS) {
        crowded = crowded.with("n", field);
    }
    let numbered = (0..100).map(|number: u64| Record::new(Level::Info, "b", "").with("n", number));
    [full(), crowded].into_iter().chain(numbered).collect()
}

#[test]
fn records_arrive_whole_and_in_order_locally() {
    run(async {
        let kept = Kept::default();
        records_body(kept.clone(), kept, some_records()).await;
    });
}

#[test]
fn records_arrive_whole_and_in_order_remotely() {
    run(async {
        let (here, there) = socket_pair();
        let kept = Kept::default();
        let _serving = serve_log(there, kept.clone(), Limits::host()).unwrap();
        let (log, _session) = connect_log(here, Limits::host()).unwrap();
        records_body(log, kept, some_records()).await;
    });
}

#[test]
fn a_record_is_one_line_of_names_and_values() {
    assert_eq!(full().to_string(), FULL_LINE);
}

#[test]
fn a_log_without_records_takes_their_lines() {
    run(async {
        let host = LocalHost::new();
        host.record(full()).await.unwrap();
        let expected = [(Level::Warn, FULL_LINE.to_owned())];
        assert_eq!(*host.0.lines.borrow(), expected);
    });
}

/// A server of the schema before records.
struct Older(Kept);

impl c::log::Server for Older {
    async fn line(self: Rc<Self>, params: c::log::LineParams) -> capnp::Result<()> {
        let params = params.get()?;
        let text = params.get_text()?.to_string()?;
        assert_eq!(params.get_level()?, c::Level::Warn);
        self.0.lines.borrow_mut().push((Level::Warn, text));
        Ok(())
    }
}

/// What the compiler made of that schema: it does not know the third method, nor that it streams.
#[derive(Clone)]
struct OlderDispatch(Rc<Older>);

impl std::ops::Deref for OlderDispatch {
    type Target = Older;

    fn deref(&self) -> &Older {
        &self.0
    }
}

impl capability::Server for OlderDispatch {
    fn dispatch_call(
        self,
        _interface: u64,
        method: u16,
        params: capability::Params<any_pointer::Owned>,
        results: capability::Results<any_pointer::Owned>,
    ) -> capability::DispatchCallResult {
        if method < 2 {
            return c::log::ServerDispatch::dispatch_call_internal(self.0, method, params, results);
        }
        let unknown = capnp::Error::unimplemented("no such method".into());
        capability::DispatchCallResult::new(capability::Promise::err(unknown), false)
    }

    fn as_ptr(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}

struct OlderClient(Box<dyn ClientHook>);

impl capability::FromClientHook for OlderClient {
    fn new(hook: Box<dyn ClientHook>) -> Self {
        Self(hook)
    }

    fn into_client_hook(self) -> Box<dyn ClientHook> {
        self.0
    }

    fn as_client_hook(&self) -> &dyn ClientHook {
        &*self.0
    }
}

impl capability::FromServer<Older> for OlderClient {
    type Dispatch = OlderDispatch;

    fn from_server(server: Rc<Older>) -> OlderDispatch {
        OlderDispatch(server)
    }
}

#[test]
fn a_peer_of_before_records_is_sent_lines() {
    run(async {
        let (here, there) = socket_pair();
        let kept = Kept::default();
        let older: OlderClient = capnp_rpc::new_client(Older(kept.clone()));
        let mut serving = serve(there, older, Limits::host()).unwrap();
        let (log, session) = connect_log(here, Limits::host()).unwrap();

        let other = log.clone();
        futures::try_join!(log.record(full()), other.record(full())).unwrap();
        log.record(full()).await.unwrap();
        log.line(Level::Warn, "plain").await.unwrap();
        drop((log, other));
        session.close().await;
        serving.closed().await;

        let expected = [FULL_LINE, FULL_LINE, FULL_LINE, "plain"];
        assert_eq!(
            *kept.lines.borrow(),
            expected.map(|line| (Level::Warn, line.to_owned()))
        );
        assert_eq!(*kept.records.borrow(), []);
    });
}

/// The parts of a line of names and values, by the rules that say where one ends.
fn parsed(line: &str) -> Vec<(String, String)> {
    let mut parts = Vec::new();
    let mut rest = line;
    while let Some((name, value)) = rest.split_once('=') {
        assert!(
            !name.is_empty() && !name.contains([' ', '"']),
            "{name:?} in {line}"
        );
        let mut text = String::new();
        let mut characters = value.chars();
        match value.strip_prefix('"') {
            None => {
                let (plain, more) = value.split_once(' ').unwrap_or((value, ""));
                assert!(!plain.contains('"'), "{line}");
                text.push_str(plain);
                rest = more;
            }
            Some(_) => {
                characters.next();
                loop {
                    match characters.next().expect("the quote ends") {
                        '\\' => text.push(characters.next().expect("what is escaped")),
                        '"' => break,
                        other => text.push(other),
                    }
                }
                let more = characters.as_str();
                rest = more.strip_prefix(' ').unwrap_or(more);
                assert!(more.is_empty() || more.starts_with(' '), "{line}");
            }
        }
        parts.push((name.to_owned(), text));
    }
    assert_eq!(rest, "");
    parts
}

/// What a forger would have in each place: an end of line, of quotes, of an escape; a sequence that clears
/// the screen; a line that is written from right to left.
const FORGED: &str = "x\" level=warn\nroot: \"\\\" y=\"z\u{1b}[2J\u{85}\u{2028}\u{202e}\\";

fn forged() -> Record {
    Record::new(Level::Info, FORGED, FORGED)
        .with(FORGED, FORGED)
        .with("message", "another")
        .with("level", "warn")
        .with("", "unnamed")
}

#[test]
fn no_text_of_a_record_forges_a_line_a_field_or_a_colour() {
    let line = forged().to_string();
    let unsafe_characters = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}');
    assert!(!line.contains(unsafe_characters), "{line:?}");

    let clean = "x\" level=warn root: \"\\\" y=\"z [2J   \\".to_owned();
    let name = "x__level_warn_root:_____y__z__2J____".replace(':', "_");
    let expected = [
        ("target".to_owned(), name.clone()),
        ("message".to_owned(), clean.clone()),
        (name, clean),
        ("message_".to_owned(), "another".to_owned()),
        ("level_".to_owned(), "warn".to_owned()),
        ("_".to_owned(), "unnamed".to_owned()),
    ];
    assert_eq!(parsed(&line), expected);

    // Without the cleaning the same text is three lines, which shows that the attack is one.
    assert_eq!(FORGED.split(['\n', '\u{85}', '\u{2028}']).count(), 4);
}

#[test]
fn a_forged_record_arrives_as_it_was_cleaned() {
    run(async {
        let (here, there) = socket_pair();
        let kept = Kept::default();
        let _serving = serve_log(there, kept.clone(), Limits::host()).unwrap();
        let (log, _session) = connect_log(here, Limits::host()).unwrap();
        records_body(log, kept, vec![forged(), forged()]).await;
    });
}

#[test]
fn what_is_too_long_or_too_much_is_cut_and_counted_and_its_line_stays_whole() {
    let long = "\u{e9}\"".repeat(LINE_OCTETS);
    let mut record = Record::new(Level::Info, &long, &long);
    assert_eq!(record.target().len(), FIELD_NAME_OCTETS);
    assert_eq!(record.message().len(), LINE_OCTETS - 1);
    let parts = parsed(&record.to_string());
    assert_eq!(parts.len(), 2);
    assert!(long.starts_with(&parts[1].1));

    record = Record::new(Level::Info, "a", "b");
    for _ in 0..FIELDS + 3 {
        record = record.with("n", long.as_str());
    }
    assert_eq!(record.fields().len(), FIELDS as usize);
    assert_eq!(record.left_out(), 3);
    let fits = |field: &Field| matches!(field.value(), FieldValue::Text(text) if text.len() <= FIELD_OCTETS);
    assert!(record.fields().iter().all(fits));
    let line = record.to_string();
    assert!(line.len() <= LINE_OCTETS, "{}", line.len());
    let parts = parsed(&line);
    let shown = parts.iter().filter(|(name, _)| name == "n").count();
    let left_out = ("left_out".to_owned(), (35 - shown).to_string());
    assert_eq!(parts.last(), Some(&left_out));
}

/// The fate of a rogue that sends this record.
fn fate_of_record(fill: impl FnOnce(c::record::Builder<'_>)) -> Disconnect {
    run(async {
        let host = LocalHost::new();
        let mut rogue = Rogue::of_host(&host);
        rogue
            .call_facet(2, 2, |params| {
                let params = params.init_as::<c::log::record_params::Builder<'_>>();
                let mut record = params.init_record();
                record.set_target("a");
                fill(record);
            })
            .await;
        let fate = rogue.outcome().await.0;
        assert!(host.0.lines.borrow().is_empty());
        fate
    })
}

fn value(what: &str) -> Disconnect {
    Disconnect::Value(what.into())
}

#[test]
fn a_record_that_no_honest_peer_makes_is_refused() {
    assert_eq!(
        fate_of_record(|mut record| record.set_target("")),
        value("target is not printable text")
    );
    assert_eq!(
        fate_of_record(|mut record| record.set_target("a b")),
        value("target is not printable text")
    );
    assert_eq!(
        fate_of_record(|mut record| record.set_target("x".repeat(65))),
        value("target of 65 octets")
    );
    assert_eq!(
        fate_of_record(|mut record| record.set_message("a\nb")),
        value("message is not printable text")
    );
    assert_eq!(
        fate_of_record(|mut record| record.set_message("x".repeat(1025))),
        value("message of 1025 octets")
    );
    assert_eq!(
        fate_of_record(|record| drop(record.init_fields(33))),
        value("33 fields")
    );
}

#[test]
fn a_field_that_no_honest_peer_makes_is_refused() {
    let field = |name: &str, fill: fn(c::field::value::Builder<'_>)| {
        let name = name.to_owned();
        fate_of_record(move |record| {
            let mut field = record.init_fields(1).get(0);
            field.set_name(name.as_str());
            fill(field.init_value());
        })
    };
    let flag = |mut value: c::field::value::Builder<'_>| value.set_flag(true);
    for name in ["", "a=b", "a\"", "level", "message", "left_out"] {
        assert_eq!(field(name, flag), value("field name is not printable text"));
    }
    assert_eq!(
        field("a", |mut value| value.set_text("a\u{1b}b")),
        value("field is not printable text")
    );
    assert_eq!(
        field("a", |mut value| value.set_text("x".repeat(257))),
        value("field of 257 octets")
    );
    assert_eq!(
        field("a", |mut value| value.set_octets(&[0; 257])),
        value("field of 257 octets")
    );
}
