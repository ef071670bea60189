//! Counters for Prometheus, in its text format: as a file for the node exporter's collector, and over HTTP
//! on a unix socket.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::{
        fs::{OpenOptionsExt as _, PermissionsExt as _},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

use dhcp_proto::{Discard, State};
use sdk_rpc::Counter;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    task::{JoinHandle, spawn_local, yield_now},
    time::{sleep, timeout},
};

use crate::{clock, failure, guests::Guests, left_over::make_room, run::Context};

/// How often the file is brought up to date.
const EVERY: Duration = Duration::from_secs(5);
/// How long a reader of the socket may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long nobody is let in after somebody could not be.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest request that is read.
const LONGEST_REQUEST: usize = 4096;

/// One metric: its help and type, and a line for each combination of labels.
struct Metric {
    help: &'static str,
    kind: &'static str,
    lines: Vec<(Vec<(&'static str, String)>, String)>,
}

/// All metrics of a run, by name.
#[derive(Default)]
struct Page(BTreeMap<&'static str, Metric>);

impl Page {
    fn add(
        &mut self,
        (name, kind, help): (&'static str, &'static str, &'static str),
        labels: &[(&'static str, &str)],
        value: impl ToString,
    ) {
        let metric = self.0.entry(name).or_insert_with(|| Metric {
            help,
            kind,
            lines: Vec::new(),
        });
        let labels = labels
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        metric.lines.push((labels, value.to_string()));
    }

    /// What the calf of an interface counted.
    fn add_counted(&mut self, interface: (&'static str, &str), counters: &[Counter]) {
        let mut series: BTreeMap<Series, u64> = BTreeMap::new();
        for Counter { name, value } in counters {
            if let Some(series_of) = Series::of(name) {
                let sum = series.entry(series_of).or_default();
                *sum = sum.saturating_add(*value);
            }
        }
        for (series, value) in series {
            match series {
                Series::Sent(kind) => self.add(SENT, &[interface, ("type", kind)], value),
                Series::Received(kind) => self.add(RECEIVED, &[interface, ("type", kind)], value),
                Series::Discarded(kind, reason) => {
                    let labels = [interface, ("type", kind), ("reason", reason)];
                    self.add(DISCARDED, &labels, value);
                }
            }
        }
    }

    /// The text format, version 0.0.4.
    fn text(&self) -> String {
        let mut text = String::new();
        for (name, Metric { help, kind, lines }) in &self.0 {
            // Writing into a String does not fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, value) in lines {
                let labels: Vec<String> = labels
                    .iter()
                    .map(|(label, value)| format!("{label}=\"{}\"", escape(value)))
                    .collect();
                let _ = writeln!(text, "{name}{{{}}} {value}", labels.join(","));
            }
        }
        text
    }
}

/// A label that a calf made up. Series are for ever where they are collected: what a calf calls its counters must
/// not make new ones without end.
const OTHER: &str = "other";

/// What the calf's counters are told as, by words that are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Series {
    Sent(&'static str),
    Received(&'static str),
    /// Message type, empty where it was not read, and reason.
    Discarded(&'static str, &'static str),
}

impl Series {
    /// By the counter's dotted name.
    fn of(name: &str) -> Option<Self> {
        if let Some(kind) = name.strip_prefix("sent.") {
            return Some(Self::Sent(known(kind, failure::SENT)));
        }
        if let Some(kind) = name.strip_prefix("received.") {
            return Some(Self::Received(known(kind, failure::RECEIVED)));
        }
        let what = name.strip_prefix("discarded.")?;
        let (kind, reason) = match what.split_once('.') {
            Some((kind, reason)) => {
                let kinds = failure::RECEIVED.into_iter().chain(failure::SENT);
                (known(kind, kinds), reason)
            }
            None => ("", what),
        };
        let reasons = Discard::ALL.iter().map(|reason| reason.name());
        Some(Self::Discarded(kind, known(reason, reasons)))
    }
}

/// `word`, if it is one of `words`.
fn known(word: &str, words: impl IntoIterator<Item = &'static str>) -> &'static str {
    words
        .into_iter()
        .find(|known| *known == word)
        .unwrap_or(OTHER)
}

/// As the format wants it inside quotes.
fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

const BUILD: (&str, &str, &str) = (
    "calfkit_dhcp_build",
    "gauge",
    "The program, by version and the client it was started as.",
);
const STATE: (&str, &str, &str) = (
    "calfkit_dhcp_state",
    "gauge",
    "1 for the state that the interface is in.",
);
const CARRIER: (&str, &str, &str) = (
    "calfkit_dhcp_carrier",
    "gauge",
    "Whether the interface is up and has carrier.",
);
const LEFT: (&str, &str, &str) = (
    "calfkit_dhcp_lease_seconds_left",
    "gauge",
    "Seconds until the lease in force ends; absent without one and for one that does not end.",
);
const LEASES: (&str, &str, &str) = (
    "calfkit_dhcp_leases_total",
    "counter",
    "Leases put in force or extended.",
);
const RESTARTS: (&str, &str, &str) = (
    "calfkit_dhcp_calf_restarts_total",
    "counter",
    "Sandboxed processes after the first.",
);
const SENT: (&str, &str, &str) = (
    "calfkit_dhcp_messages_sent_total",
    "counter",
    "Messages sent, by type.",
);
const RECEIVED: (&str, &str, &str) = (
    "calfkit_dhcp_messages_received_total",
    "counter",
    "Well-formed messages received, by type.",
);
const DISCARDED: (&str, &str, &str) = (
    "calfkit_dhcp_discards_total",
    "counter",
    "What was received and ignored, by type and reason.",
);
const BOUNDARY: (&str, &str, &str) = (
    "calfkit_dhcp_boundary_total",
    "counter",
    "What crossed, or was kept from crossing, the boundary between the network and the sandboxed process.",
);

/// All metrics of a run, as text.
pub(crate) fn text(context: &Context) -> String {
    let mut page = Page::default();
    let client = context.setup.client.name();
    let version = env!("CARGO_PKG_VERSION");
    page.add(BUILD, &[("client", client), ("version", version)], 1);
    let now = clock::boottime_milliseconds();
    for served in context.all_served() {
        let shared = &served.shared;
        let interface = ("interface", shared.name.as_str());
        let progress = shared.progress.borrow();
        if !progress.state().is_empty() {
            let state = known(progress.state(), State::ALL.map(State::name));
            page.add(STATE, &[interface, ("state", state)], 1);
        }
        let link = shared.news.link();
        page.add(CARRIER, &[interface], u8::from(link.up && link.carrier));
        if let Some(end) = shared.lease().and_then(|lease| lease.expires_at) {
            page.add(LEFT, &[interface], end.saturating_sub(now) / 1000);
        }
        page.add(LEASES, &[interface], shared.progress_made());
        page.add(RESTARTS, &[interface], shared.restarts.get());
        page.add_counted(interface, progress.counters());
        for counter in served.network.counters() {
            let what = counter.name.trim_start_matches("network.");
            page.add(BOUNDARY, &[interface, ("what", what)], counter.value);
        }
    }
    page.text()
}

/// Metrics that are being published; removed when they go.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    tasks: Vec<JoinHandle<()>>,
    files: Vec<PathBuf>,
}

impl Metrics {
    /// Publishes what the setup wants published.
    ///
    /// # Errors
    /// One line that says what cannot be had.
    pub(crate) fn publish(context: &Rc<Context>) -> Result<Self, String> {
        let files = &context.setup.files;
        let mut metrics = Self::default();
        if let Some(path) = &files.metrics_file {
            let failed = |error| format!("--metrics-file {}: {error}", path.display());
            write_file(path, &text(context)).map_err(failed)?;
            metrics.files.push(path.clone());
            let (context, path) = (Rc::clone(context), path.clone());
            metrics.tasks.push(spawn_local(async move {
                loop {
                    sleep(EVERY).await;
                    // It could be written at the start; a disk that is full now may have room later.
                    drop(write_file(&path, &text(&context)));
                }
            }));
        }
        if let Some(path) = &files.metrics_socket {
            let failed = |error| format!("--metrics-socket {}: {error}", path.display());
            let listener = listen(path).map_err(failed)?;
            metrics.files.push(path.clone());
            let context = Rc::clone(context);
            metrics.tasks.push(spawn_local(serve(
                async move || Ok(listener.accept().await?.0),
                move || text(&context),
            )));
        }
        Ok(metrics)
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        for file in &self.files {
            drop(fs::remove_file(file));
        }
    }
}

/// By one rename, so that the collector never reads half of it.
fn write_file(path: &Path, text: &str) -> io::Result<()> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(&fresh)?
        .write_all(text.as_bytes())?;
    fs::rename(&fresh, path)
}

fn listen(path: &Path) -> io::Result<tokio::net::UnixListener> {
    make_room(path)?;
    let listener = UnixListener::bind(path)?;
    // Counters are nobody's secret.
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
    listener.set_nonblocking(true)?;
    tokio::net::UnixListener::from_std(listener)
}

/// Gives the page to whoever is accepted, for ever.
async fn serve(
    mut accept: impl AsyncFnMut() -> io::Result<UnixStream>,
    page: impl Fn() -> String + 'static,
) {
    let page = Rc::new(page);
    let mut guests = Guests::default();
    loop {
        match accept().await {
            // Side by side: a reader that dawdles delays nobody.
            Ok(peer) => {
                let owner = guests.make_place(&peer);
                let page = Rc::clone(&page);
                guests.admit(owner, async move {
                    drop(timeout(PATIENCE, answer(peer, &*page)).await);
                });
            }
            // Too many descriptors, or a peer that went: the next one may fare better, but not at once.
            Err(_) => sleep(PAUSE).await,
        }
        // However fast they come, what the run is for comes in between.
        yield_now().await;
    }
}

/// One request, whatever path it asks for, gets the page; then the connection ends, as HTTP/1.0 has it.
async fn answer(mut peer: UnixStream, page: &impl Fn() -> String) -> io::Result<()> {
    let mut request = Vec::new();
    let mut chunk = [0; 512];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") && request.len() < LONGEST_REQUEST {
        match peer.read(&mut chunk).await? {
            0 => break,
            length => request.extend_from_slice(chunk.get(..length).unwrap_or_default()),
        }
    }
    let (status, body) = if request.starts_with(b"GET ") {
        ("200 OK", page())
    } else {
        ("405 Method Not Allowed", String::new())
    };
    let head = format!(
        "HTTP/1.0 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    peer.write_all(head.as_bytes()).await?;
    peer.write_all(body.as_bytes()).await?;
    peer.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_help_type_and_escaped_labels() {
        let mut page = Page::default();
        page.add(STATE, &[("interface", "eth0"), ("state", "BOUND")], 1);
        page.add(RESTARTS, &[("interface", "a\"b\\c\nd")], 7_u64);
        let expected = "\
# HELP calfkit_dhcp_calf_restarts_total Sandboxed processes after the first.
# TYPE calfkit_dhcp_calf_restarts_total counter
calfkit_dhcp_calf_restarts_total{interface=\"a\\\"b\\\\c\\nd\"} 7
# HELP calfkit_dhcp_state 1 for the state that the interface is in.
# TYPE calfkit_dhcp_state gauge
calfkit_dhcp_state{interface=\"eth0\",state=\"BOUND\"} 1
";
        assert_eq!(page.text(), expected);
    }

    #[test]
    fn counters_that_a_calf_makes_up_are_told_as_one() {
        let counter = |name: &str, value| Counter {
            name: name.to_owned(),
            value,
        };
        let mut page = Page::default();
        let counters = [
            counter("sent.DISCOVER", 3),
            counter("sent.MADE-UP", 1),
            counter("sent.MADE-UP-TOO", 2),
            counter("received.\"} 1\nx{a=\"", 5),
            counter("discarded.OFFER.wrong chaddr", 4),
            counter("discarded.OFFER.made up", 1),
            counter("discarded.SONG.wrong chaddr", 1),
            counter("discarded.malformed IPv4", 6),
            counter("no metric of ours", 9),
        ];
        page.add_counted(("interface", "eth0"), &counters);
        let text = page.text();
        let series: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
        let expected = [
            "discards_total{interface=\"eth0\",type=\"\",reason=\"malformed IPv4\"} 6",
            "discards_total{interface=\"eth0\",type=\"OFFER\",reason=\"other\"} 1",
            "discards_total{interface=\"eth0\",type=\"OFFER\",reason=\"wrong chaddr\"} 4",
            "discards_total{interface=\"eth0\",type=\"other\",reason=\"wrong chaddr\"} 1",
            "messages_received_total{interface=\"eth0\",type=\"other\"} 5",
            "messages_sent_total{interface=\"eth0\",type=\"DISCOVER\"} 3",
            "messages_sent_total{interface=\"eth0\",type=\"other\"} 3",
        ]
        .map(|series| format!("calfkit_dhcp_{series}"));
        assert_eq!(series, expected);
    }

    #[test]
    fn discards_of_messages_either_way_are_labels() {
        let counters = ["discarded.ACK.other server", "discarded.INFORM.no link"];
        let expected = [
            Series::Discarded("ACK", "other server"),
            Series::Discarded("INFORM", "no link"),
        ];
        assert_eq!(counters.map(|name| Series::of(name).unwrap()), expected);
    }

    #[test]
    fn readers_are_served_after_there_was_no_descriptor_for_one() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build_local(tokio::runtime::LocalOptions::default());
        let page = runtime.unwrap().block_on(async {
            let (mut reader, served) = UnixStream::pair().unwrap();
            let failed = io::Error::from_raw_os_error(nix::libc::EMFILE);
            let mut accepted = vec![Ok(served), Err(failed)].into_iter().rev();
            let accept = async || match accepted.next() {
                Some(accepted) => accepted,
                None => std::future::pending().await,
            };
            reader.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            tokio::select! {
                () = serve(accept, || "the page".to_owned()) => {}
                read = reader.read_to_string(&mut answer) => drop(read.unwrap()),
            }
            answer
        });
        assert!(page.ends_with("\r\n\r\nthe page"), "{page}");
    }
}
