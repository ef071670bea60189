//! A store with facets and watches against a plain map, in whatever order things happen.

use std::collections::BTreeMap;

use proptest::{collection, prelude::*, sample::select};
use sdk_rpc::{
    AdminFacet, ConfAccess, ConfAdmin, ConfCaps, ConfChange, ConfEntry, ConfReader, ConfRights,
    ConfStore, ConfSubscription, ConfValue, ConfWriter, Error, Expected, Written,
};

use super::{Told, path};
use crate::stage::{quiet, run};

/// Few, so that they meet: neighbours whose names sort on either side of a slash, and what is below them.
const PATHS: [&str; 9] = [
    "/a", "/a/b", "/a/b/c", "/a/b-", "/a-", "/a-/b", "/a0", "/b", "/b/a",
];

const PREFIXES: [&str; 6] = ["/", "/a", "/a/b", "/a-", "/b/a", "/none"];

/// Fewer than there are paths.
const CAPS: ConfCaps = ConfCaps {
    entries: 6,
    value_octets: 8,
    octets: 60,
    watches: 2,
    grants: 4,
};

#[derive(Clone, Debug)]
enum Step {
    Write(&'static str, usize, Guess),
    Delete(&'static str, Guess),
    Read(&'static str),
    List(&'static str),
    Watch(&'static str),
    Unwatch(usize),
    /// Lets other tasks run, so often.
    Yield(usize),
}

/// What is expected of an entry.
#[derive(Clone, Copy, Debug)]
enum Guess {
    Anything,
    Absent,
    /// What is so.
    Right,
    Wrong,
}

fn step() -> impl Strategy<Value = Step> {
    let at = || select(PATHS.as_slice());
    let guess = || {
        select(&[
            Guess::Anything,
            Guess::Anything,
            Guess::Absent,
            Guess::Right,
            Guess::Wrong,
        ])
    };
    prop_oneof![
        8 => (at(), 0_usize..11, guess()).prop_map(|(at, length, guess)| {
            Step::Write(at, length, guess)
        }),
        4 => (at(), guess()).prop_map(|(at, guess)| Step::Delete(at, guess)),
        1 => at().prop_map(Step::Read),
        1 => select(PREFIXES.as_slice()).prop_map(Step::List),
        2 => select(PREFIXES.as_slice()).prop_map(Step::Watch),
        1 => (0_usize..2).prop_map(Step::Unwatch),
        3 => (0_usize..4).prop_map(Step::Yield),
    ]
}

type Table = Vec<(&'static str, ConfAccess)>;

fn table() -> impl Strategy<Value = Table> {
    let access = (any::<bool>(), any::<bool>(), any::<bool>());
    let access = access.prop_map(|(read, write, delete)| ConfAccess {
        read,
        write,
        delete,
    });
    let lines = collection::btree_map(
        select(["/", "/a", "/a/b", "/a-", "/b"].as_slice()),
        access,
        0..5,
    );
    lines.prop_map(|lines| lines.into_iter().collect())
}

fn segments(path: &str) -> Vec<&str> {
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .collect()
}

fn is_within(path: &str, prefix: &str) -> bool {
    segments(path).starts_with(&segments(prefix))
}

/// The model: the map, and what the actor may do in it.
struct Model {
    entries: BTreeMap<&'static str, (usize, u64)>,
    revision: u64,
    table: Table,
}

impl Model {
    fn access(&self, path: &str) -> ConfAccess {
        let mut access = ConfAccess::NONE;
        let mut depth = None;
        for (prefix, allowed) in &self.table {
            let length = segments(prefix).len();
            if is_within(path, prefix) && depth.is_none_or(|depth| depth < length) {
                depth = Some(length);
                access = *allowed;
            }
        }
        access
    }

    fn expected(&self, at: &str, guess: Guess) -> Expected {
        let revision = self.entries.get(at).map(|(_, revision)| *revision);
        match (guess, revision) {
            (Guess::Anything, _) => Expected::Anything,
            (Guess::Absent, _) | (Guess::Right, None) => Expected::Absent,
            (Guess::Right, Some(revision)) => Expected::Revision(revision),
            (Guess::Wrong, revision) => Expected::Revision(revision.unwrap_or(0) + 1),
        }
    }

    /// What becomes of a change; `None` is a refusal.
    fn judge(&self, at: &str, allowed: bool, expected: Expected) -> Option<Result<(), Written>> {
        if !allowed || (expected != Expected::Anything && !self.access(at).read) {
            return None;
        }
        let revision = self.entries.get(at).map(|(_, revision)| *revision);
        let meets = match expected {
            Expected::Anything => true,
            Expected::Absent => revision.is_none(),
            Expected::Revision(expected) => Some(expected) == revision,
        };
        Some(if meets {
            Ok(())
        } else {
            Err(Written::Conflict(revision))
        })
    }

    fn write(&mut self, at: &'static str, length: usize, expected: Expected) -> Option<Written> {
        if let Err(conflict) = self.judge(at, self.access(at).write, expected)? {
            return Some(conflict);
        }
        let mut entries = self.entries.clone();
        entries.insert(at, (length, self.revision + 1));
        let octets: usize = entries
            .iter()
            .map(|(at, (length, _))| at.len() + length)
            .sum();
        if length > CAPS.value_octets || entries.len() > CAPS.entries || octets > CAPS.octets {
            return None;
        }
        self.entries = entries;
        self.revision += 1;
        Some(Written::Done(self.revision))
    }

    fn delete(&mut self, at: &'static str, expected: Expected) -> Option<Written> {
        if let Err(conflict) = self.judge(at, self.access(at).delete, expected)? {
            return Some(conflict);
        }
        if self.entries.remove(at).is_some() {
            self.revision += 1;
        }
        Some(Written::Done(self.revision))
    }

    fn visible(&self, prefix: &str) -> BTreeMap<String, (usize, u64)> {
        self.entries
            .iter()
            .filter(|(at, _)| is_within(at, prefix) && self.access(at).read)
            .map(|(at, entry)| ((*at).to_owned(), *entry))
            .collect()
    }

    fn children(&self, parent: &str) -> Vec<String> {
        let depth = segments(parent).len();
        let mut children: Vec<_> = self
            .visible(parent)
            .keys()
            .filter_map(|at| Some(segments(at).get(..=depth)?.to_vec().join("/")))
            .map(|child| format!("/{child}"))
            .collect();
        children.sort_unstable();
        children.dedup();
        children
    }
}

/// A watch, and what its watcher believes.
struct Watched {
    prefix: &'static str,
    told: Told,
    believed: BTreeMap<String, (usize, u64)>,
    /// Of the last change after the start.
    last: Option<u64>,
    _watch: ConfSubscription,
}

impl Watched {
    /// Hears what it was told, and complains of what no honest store says.
    fn hear(&mut self) {
        for change in self.told.rest() {
            match change {
                ConfChange::Put { path, entry } => {
                    let ConfEntry { value, revision } = entry;
                    assert!(self.last.is_none_or(|last| revision > last), "in order");
                    self.last = self.last.map(|_| revision);
                    let entry = (value.octets(), revision);
                    let before = self.believed.insert(path.to_string(), entry);
                    assert!(before.is_none_or(|before| before.1 < revision), "once");
                }
                ConfChange::Deleted { path, revision } => {
                    assert!(self.last.expect("complete first") < revision, "in order");
                    self.last = Some(revision);
                    let known = self.believed.remove(path.as_str());
                    assert!(known.is_some(), "of what it knew");
                }
                ConfChange::Complete { revision } => {
                    assert_eq!(self.last, None, "once");
                    self.last = Some(revision);
                }
            }
        }
    }
}

fn octets(length: usize) -> ConfValue {
    ConfValue::Octets(vec![0; length])
}

fn accepted(outcome: Result<Written, Error>) -> Option<Written> {
    match outcome {
        Ok(written) => Some(written),
        Err(Error::Refused(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

async fn play(table: Table, own: Vec<Step>, seed: Vec<Step>) {
    let store = ConfStore::in_memory(CAPS);
    let root = store.admin();
    let rights = ConfRights::new(table.iter().map(|(at, access)| (path(at), *access))).unwrap();
    let (narrow, _grant) = root.grant_admin(rights).await.unwrap();
    let all = vec![("/", ConfAccess::ALL)];
    let mut model = Model {
        entries: BTreeMap::new(),
        revision: 0,
        table: all.clone(),
    };
    let mut watches = Vec::new();
    // The owner and the holder of a facet take turns.
    for (own, narrowed) in seed.into_iter().zip(own) {
        model.table.clone_from(&all);
        take(&root, own, &mut model, &mut Vec::new()).await;
        model.table.clone_from(&table);
        take(&narrow, narrowed, &mut model, &mut watches).await;
        for watched in &mut watches {
            watched.hear();
        }
        let counters = store.counters();
        assert_eq!(counters.entries, model.entries.len());
        assert_eq!(counters.revision, model.revision);
        // What is there, and what the watchers know of.
        assert!(counters.backlog <= watches.len() * (PATHS.len() + CAPS.entries));
    }
    quiet().await;
    for watched in &mut watches {
        watched.hear();
        assert_eq!(watched.believed, model.visible(watched.prefix));
        assert!(watched.last.is_some(), "complete");
    }
}

async fn take(facet: &AdminFacet, step: Step, model: &mut Model, watches: &mut Vec<Watched>) {
    match step {
        Step::Write(at, length, guess) => {
            let expected = model.expected(at, guess);
            let written = facet.write(&path(at), octets(length), expected).await;
            assert_eq!(accepted(written), model.write(at, length, expected));
        }
        Step::Delete(at, guess) => {
            let expected = model.expected(at, guess);
            let written = facet.delete(&path(at), expected).await;
            assert_eq!(accepted(written), model.delete(at, expected));
        }
        Step::Read(at) => match facet.read(&path(at)).await {
            Ok(found) => {
                assert!(model.access(at).read);
                let found = found.map(|entry| (entry.value.octets(), entry.revision));
                assert_eq!(found.as_ref(), model.entries.get(at));
            }
            Err(_no) => assert!(!model.access(at).read),
        },
        Step::List(parent) => {
            let children = facet.list(&path(parent), None).await.unwrap();
            let mut children: Vec<_> = children.paths.iter().map(ToString::to_string).collect();
            children.sort_unstable();
            assert_eq!(children, model.children(parent));
        }
        Step::Watch(prefix) => {
            let told = Told::default();
            if let Ok(watch) = facet.watch(&path(prefix), told.clone()).await {
                watches.push(Watched {
                    prefix,
                    told,
                    believed: BTreeMap::new(),
                    last: None,
                    _watch: watch,
                });
            } else {
                assert_eq!(watches.len(), CAPS.watches);
            }
        }
        Step::Unwatch(index) => {
            if index < watches.len() {
                watches.remove(index);
            }
        }
        Step::Yield(times) => {
            for _time in 0..times {
                tokio::task::yield_now().await;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_store_is_a_map_with_rights_and_watches(
        table in table(),
        narrow in collection::vec(step(), 60),
        own in collection::vec(step(), 60),
    ) {
        run(play(table, narrow, own));
    }
}
