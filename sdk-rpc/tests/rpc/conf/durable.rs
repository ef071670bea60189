//! A tree in a file: what was acknowledged is there, whatever ended the process; what is no such file is
//! refused in one line.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use redb::ReadableDatabase;
use sdk_rpc::{
    ConfCaps, ConfEntry, ConfPath, ConfReader, ConfStore, ConfValue, ConfWriter, Error, Expected,
    Written,
};

use super::{SMALL, path, text};
use crate::stage::run;

/// Where the child writes to.
const FILE: &str = "SDK_RPC_CONF_FILE";

const ANY: Expected = Expected::Anything;

/// A folder of this test's own.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sdk-rpc-conf-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("conf")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// What opening the file says, after its name.
fn refusal(folder: &Folder) -> String {
    match ConfStore::open(&folder.file(), ConfCaps::default()) {
        Err(Error::Refused(why)) => {
            assert_eq!(why.lines().count(), 1, "{why}");
            let name = folder.file().display().to_string();
            why.strip_prefix(&name).unwrap().to_owned()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_written_is_there_when_it_is_opened_again() {
    run(async {
        let folder = Folder::new();
        let values = [
            text("straße"),
            ConfValue::Octets(vec![0; sdk_rpc::limits::VALUE_OCTETS]),
            ConfValue::Unsigned(u64::MAX),
            ConfValue::Signed(-1),
            ConfValue::Flag(true),
            ConfValue::Texts(vec!["x".repeat(120); 256]),
            ConfValue::Texts(vec![String::new(); 256]),
        ];
        let at = |n: usize| path(&format!("/v/{n}"));
        let store = ConfStore::open(&folder.file(), ConfCaps::default()).unwrap();
        let conf = store.admin();
        for (n, value) in values.iter().enumerate() {
            conf.write(&at(n), value.clone(), ANY).await.unwrap();
        }
        conf.write(&path("/gone"), text(""), ANY).await.unwrap();
        assert_eq!(conf.delete(&path("/gone"), ANY).await, Ok(Written::Done(9)));
        let before = store.counters();
        drop((store, conf));

        let store = ConfStore::open(&folder.file(), ConfCaps::default()).unwrap();
        assert_eq!(store.counters(), before);
        let conf = store.admin();
        for ((n, value), revision) in values.into_iter().enumerate().zip(1..) {
            let entry = ConfEntry { value, revision };
            assert_eq!(conf.read(&at(n)).await, Ok(Some(entry)));
        }
        assert_eq!(conf.read(&path("/gone")).await, Ok(None));
        // Revisions go on, also after a deletion, of which no entry tells.
        let next = conf.write(&path("/next"), text(""), Expected::Absent).await;
        assert_eq!(next, Ok(Written::Done(10)));
    });
}

#[test]
fn what_is_over_smaller_caps_stays_and_nothing_is_added() {
    run(async {
        let folder = Folder::new();
        let store = ConfStore::open(&folder.file(), ConfCaps::default()).unwrap();
        for n in 0..10 {
            let at = path(&format!("/{n}"));
            store.admin().write(&at, text("x"), ANY).await.unwrap();
        }
        drop(store);
        let store = ConfStore::open(&folder.file(), SMALL).unwrap();
        assert_eq!(store.counters().entries, 10);
        let more = store.admin().write(&path("/more"), text(""), ANY).await;
        let no = Error::Refused("there are 8 entries already".into());
        assert_eq!(more, Err(no));
    });
}

#[test]
fn a_file_is_open_once() {
    let folder = Folder::new();
    let _store = ConfStore::open(&folder.file(), ConfCaps::default()).unwrap();
    let why = refusal(&folder);
    assert!(why.starts_with(" cannot be used: "), "{why}");
    assert!(why.contains("already open"), "{why}");
}

#[test]
fn a_file_that_is_none_or_of_a_newer_format_is_refused_in_one_line() {
    let folder = Folder::new();
    fs::write(folder.file(), b"interface eth0\n".repeat(1000)).unwrap();
    let why = refusal(&folder);
    assert!(why.starts_with(" cannot be used: "), "{why}");

    fs::remove_file(folder.file()).unwrap();
    fs::create_dir(folder.file()).unwrap();
    let why = refusal(&folder);
    assert!(why.starts_with(" cannot be used: "), "{why}");
    fs::remove_dir(folder.file()).unwrap();

    drop(ConfStore::open(&folder.file(), ConfCaps::default()).unwrap());
    let about = redb::TableDefinition::<&str, u64>::new("about");
    let database = redb::Database::open(folder.file()).unwrap();
    let transaction = database.begin_write().unwrap();
    let mut table = transaction.open_table(about).unwrap();
    table.insert("format", 2).unwrap();
    drop(table);
    transaction.commit().unwrap();
    drop(database);
    assert_eq!(
        refusal(&folder),
        " is of format 2, and this program knows format 1"
    );
    // It is still what the newer program left, for that program.
    let database = redb::Database::open(folder.file()).unwrap();
    let transaction = database.begin_read().unwrap();
    let table = transaction.open_table(about).unwrap();
    assert_eq!(table.get("format").unwrap().unwrap().value(), 2);
}

/// What a store is known by: its entries by path.
async fn contents(store: &ConfStore, paths: &[ConfPath]) -> Vec<Option<ConfEntry>> {
    let conf = store.admin();
    let mut contents = Vec::new();
    for at in paths {
        contents.push(conf.read(at).await.unwrap());
    }
    contents
}

#[test]
fn a_damaged_file_is_refused_or_holds_what_was_written() {
    run(async {
        let folder = Folder::new();
        let paths: Vec<_> = (0..40).map(|n| path(&format!("/entry/{n}"))).collect();
        let store = ConfStore::open(&folder.file(), ConfCaps::default()).unwrap();
        for at in &paths {
            let value = text(&at.as_str().repeat(20));
            store.admin().write(at, value, ANY).await.unwrap();
        }
        let written = contents(&store, &paths).await;
        drop(store);
        let sound = fs::read(folder.file()).unwrap();

        // Some places in each page of 4 KiB, and more in the beginning, which says where the others are.
        let places = (0..512).step_by(7).chain((512..sound.len()).step_by(1019));
        let mut refusals = 0;
        for place in places {
            let mut damaged = sound.clone();
            damaged[place] ^= 0x55;
            fs::write(folder.file(), &damaged).unwrap();
            match ConfStore::open(&folder.file(), ConfCaps::default()) {
                Ok(store) => assert_eq!(contents(&store, &paths).await, written, "{place}"),
                Err(Error::Refused(why)) => {
                    assert_eq!(why.lines().count(), 1, "{place}: {why}");
                    refusals += 1;
                }
                Err(other) => panic!("{place}: {other}"),
            }
        }
        assert!(refusals > 0);
        for length in [1, 100, 4096, sound.len() / 2] {
            fs::write(folder.file(), &sound[..length]).unwrap();
            let opened = ConfStore::open(&folder.file(), ConfCaps::default());
            assert!(matches!(opened, Err(Error::Refused(_))), "{length}");
        }
    });
}

#[test]
#[ignore = "not a test, but the child of the next one"]
fn writes_until_it_is_killed() {
    let Some(file) = std::env::var_os(FILE) else {
        return;
    };
    run(async {
        let store = ConfStore::open(file.as_ref(), ConfCaps::default()).unwrap();
        let conf = store.admin();
        let mut output = std::io::stdout();
        for n in store.counters().revision.. {
            let at = path(&format!("/counted/{}", n % 7));
            let written = conf.write(&at, ConfValue::Unsigned(n), ANY).await;
            let Ok(Written::Done(revision)) = written else {
                panic!("{written:?}");
            };
            writeln!(output, "acknowledged {revision}").unwrap();
        }
    });
}

#[test]
fn what_was_acknowledged_survives_the_end_of_the_process() {
    run(async {
        let folder = Folder::new();
        let mut reached = 0;
        for round in 0..25 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "conf::durable::writes_until_it_is_killed"])
                .args(["--ignored", "--nocapture"])
                .env(FILE, folder.file())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            // The child is ended at another place of its work each time: it goes on meanwhile.
            let mut left = 1 + round % 8;
            let mut acknowledged = 0;
            for line in BufReader::new(child.stdout.take().unwrap()).lines() {
                if let Some(revision) = line.unwrap().strip_prefix("acknowledged ") {
                    acknowledged = revision.parse().unwrap();
                    left -= 1;
                    if left == 0 {
                        break;
                    }
                }
            }
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(acknowledged > reached, "it wrote something");

            let store = ConfStore::open(&folder.file(), ConfCaps::default()).unwrap();
            reached = store.counters().revision;
            assert!(reached >= acknowledged, "{reached}, of {acknowledged}");
            // Each change was kept whole: the last seven are the seven entries.
            for revision in reached.saturating_sub(6).max(1)..=reached {
                let at = path(&format!("/counted/{}", (revision - 1) % 7));
                let entry = store.admin().read(&at).await.unwrap();
                let value = ConfValue::Unsigned(revision - 1);
                assert_eq!(entry, Some(ConfEntry { value, revision }));
            }
        }
    });
}
