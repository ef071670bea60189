//! One run of a client with its script, and the comparison of two.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread::sleep,
    time::{Duration, Instant},
};

use calfkit_tests::{Room, Server, Terms, Testbed, packages, process::Process};
use nix::sys::signal::Signal;

use crate::recorder::{self, SCRIPT, Told, told};

/// More than any of it may take, on a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(60);

/// A client with its stock script.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    /// Its name.
    pub(crate) name: &'static str,
    /// Where the original is in the room.
    pub(crate) original: &'static str,
    /// Its options: in the foreground, with the recorder.
    pub(crate) options: &'static str,
    /// Where the stock script is in the room.
    pub(crate) stock: &'static str,
}

/// ISC's, with the script as Debian has it.
pub(crate) const DHCLIENT: Client = Client {
    name: "dhclient",
    original: "/machine/usr/sbin/dhclient",
    options: "-d -sf /opt/recorder -cf /etc/dhclient.conf -lf /run/leases -pf /run/pid eth0",
    stock: "/machine/usr/sbin/dhclient-script",
};

/// What the script has made of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Made {
    addresses: Vec<String>,
    routes: Vec<String>,
    mtu: u64,
    resolver: String,
    name: String,
}

/// A client that runs.
#[derive(Debug)]
pub(crate) struct Run {
    program: String,
    process: Process,
    room: Room,
    server: Server,
    bed: Testbed,
}

impl Run {
    /// The original.
    pub(crate) fn original(client: Client, terms: Terms) -> Self {
        Self::start(client, terms, client.original)
    }

    /// The program under the client's name.
    pub(crate) fn ours(client: Client, terms: Terms) -> Self {
        let path = format!("/usr/sbin/{}", client.name);
        Self::start(client, terms, &path)
    }

    fn start(client: Client, terms: Terms, program: &str) -> Self {
        let bed = Testbed::new();
        let server = Server::start(&bed, terms);
        let room = Room::new(&bed.client, "box1", move |furniture| {
            furniture.debian();
            let path = format!("/usr/sbin/{}", client.name);
            furniture.without(&path).client(&[&path]);
            furniture.bind(packages::folder("dhcpcd-base"), "/packages/dhcpcd-base");
            furniture.link("/usr/lib/dhcpcd", "/packages/dhcpcd-base/usr/lib/dhcpcd");
            furniture.script(SCRIPT, recorder::text(client.stock));
            furniture.file("/etc/dhcpcd.conf", "noarp\nnodelay\nipv4only\n");
            furniture.file("/etc/dhclient.conf", "");
            let hooks = "/etc/dhcp/dhclient-exit-hooks.d/rfc3442-classless-routes";
            furniture.link(hooks, format!("/machine{hooks}"));
        });
        let process = room.start(Room::words(&format!("{program} {}", client.options)));
        Self {
            program: program.to_owned(),
            process,
            room,
            server,
            bed,
        }
    }

    /// Waits until the script has ended for the last of these reasons, which must be all there were, and gives what it was told and what it has made of the host.
    #[track_caller]
    fn after(&self, reasons: &[&str]) -> (Told, Made) {
        let deadline = Instant::now() + SOON;
        let told = loop {
            let told = told(&self.room);
            if told.len() >= reasons.len() {
                break told;
            }
            assert!(
                Instant::now() < deadline,
                "{reasons:?}: {:?}: {}",
                recorder::reasons(&told),
                self.process.stderr_text()
            );
            sleep(Duration::from_millis(20));
        };
        assert_eq!(recorder::reasons(&told), reasons, "{}", self.program);
        let last = told.last().cloned().expect("there is one");
        (last, self.made())
    }

    /// What it has made of the host by now.
    fn made(&self) -> Made {
        let lines = |words: &str| {
            let text = self.bed.client.ip(words);
            let mut lines: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
            lines.sort();
            lines
        };
        let address = |line: &String| {
            let line = line.split("valid_lft").next().unwrap_or_default();
            let words: Vec<&str> = line.split_whitespace().skip(1).collect();
            words.join(" ").replace('\\', "").trim().to_owned()
        };
        Made {
            addresses: lines("-4 -o address show dev eth0")
                .iter()
                .map(address)
                .collect(),
            routes: lines("-4 route show"),
            mtu: self.bed.mtu(),
            resolver: self
                .room
                .host()
                .read("/etc/resolv.conf")
                .unwrap_or_default(),
            name: self.room.name(),
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Runs another command of the client's.
    #[track_caller]
    pub(crate) fn command(&self, line: &str) {
        let ended = self.room.run(Room::words(line));
        assert!(ended.status.success(), "{line}: {ended:?}");
    }

    /// Has the server say nothing from now on.
    pub(crate) fn silence(&self) {
        self.server.ignore_next(usize::MAX);
    }

    /// Waits for the end, and gives the exit status.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> Option<i32> {
        let status = self.process.wait(SOON);
        status
            .unwrap_or_else(|| panic!("it goes on: {}", self.process.stderr_text()))
            .code()
    }
}

/// A variable that may differ, and why.
pub(crate) type Exception = (&'static str, &'static str);

/// What every shell adds by itself, and where each client looks for programs: ours is the same for all, and has
/// all folders of theirs.
const SHELLS: [&str; 5] = ["PWD", "OLDPWD", "SHLVL", "_", "PATH"];

/// Asserts that both scripts were run for these reasons, were told the same the last time but for the
/// exceptions, and have made the same of their hosts.
#[track_caller]
pub(crate) fn same(original: &Run, ours: &Run, reasons: &[&str], exceptions: &[Exception]) {
    let (their_words, their_host) = original.after(reasons);
    let (our_words, our_host) = ours.after(reasons);
    let excepted: BTreeSet<&str> = exceptions.iter().map(|(name, _)| *name).collect();
    let differs = differences(&their_words.variables, &our_words.variables);
    let unexpected: Vec<&String> = differs
        .iter()
        .filter(|(name, _)| !excepted.contains(name.as_str()))
        .map(|(_, line)| line)
        .collect();
    assert!(
        unexpected.is_empty(),
        "{reasons:?} (original | ours):\n{unexpected:#?}"
    );
    assert_eq!(their_host, our_host, "{reasons:?} (original | ours)");
}

fn differences(
    original: &BTreeMap<String, String>,
    ours: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let names: BTreeSet<&String> = original.keys().chain(ours.keys()).collect();
    let mut differences = BTreeMap::new();
    for name in names {
        let (theirs, ours) = (original.get(name), ours.get(name));
        let about_then = name.ends_with("_expiry") && within_seconds(theirs, ours);
        if theirs != ours && !about_then && !SHELLS.contains(&name.as_str()) {
            differences.insert(name.clone(), format!("{name}: {theirs:?} | {ours:?}"));
        }
    }
    differences
}

/// Whether two moments, in seconds, are those of two clients that were started one after the other.
fn within_seconds(theirs: Option<&String>, ours: Option<&String>) -> bool {
    let moment = |text: Option<&String>| text.and_then(|text| text.parse::<u64>().ok());
    let apart = moment(theirs).zip(moment(ours)).map(|(a, b)| a.abs_diff(b));
    apart.is_some_and(|seconds| seconds < 60)
}

/// An ordinary lease with one of each kind of option that scripts read.
pub(crate) fn terms() -> Terms {
    Terms {
        search: vec!["one.test".into(), "two.test".into()],
        mtu: Some(1400),
        further: vec![
            (2, 3600_u32.to_be_bytes().to_vec()),
            (12, b"given".to_vec()),
            (17, b"/srv/root".to_vec()),
            (23, vec![64]),
            (28, vec![10, 77, 0, 255]),
            (40, b"nis.test".to_vec()),
            (41, vec![10, 77, 0, 3]),
            (42, vec![10, 77, 0, 4, 10, 77, 0, 5]),
            (44, vec![10, 77, 0, 6]),
            (66, b"tftp.test".to_vec()),
            (67, b"boot.img".to_vec()),
            (69, vec![10, 77, 0, 7]),
            (100, b"EST5EDT4,M3.2.0/02:00,M11.1.0/02:00".to_vec()),
            (101, b"Europe/Berlin".to_vec()),
            (252, b"http://wpad.test/wpad.dat".to_vec()),
        ],
        ..Terms::default()
    }
}
