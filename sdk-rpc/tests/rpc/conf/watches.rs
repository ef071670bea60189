//! Watches: everything that is there, then what changes, also to who reads slowly or not at all.

use std::{cell::Cell, rc::Rc};

use sdk_rpc::{
    ConfAdmin, ConfCaps, ConfChange, ConfPath, ConfReader, ConfStore, ConfValue, ConfWatcher,
    ConfWriter, Error, Expected, Limits, connect_conf_admin, serve_conf_admin,
};
use tokio::sync::Notify;

use super::{Place, SMALL, Told, complete, deleted, everywhere, path, put, text};
use crate::stage::{quiet, run, socket_pair};

const ANY: Expected = Expected::Anything;

async fn a_watch_tells_what_is_there_and_then_what_changes(
    conf: impl ConfAdmin,
    store: &ConfStore,
) {
    for at in ["/b", "/a/z", "/a", "/ab"] {
        conf.write(&path(at), text(at), ANY).await.unwrap();
    }
    let told = Told::default();
    let watch = conf.watch(&path("/a"), told.clone()).await.unwrap();
    assert_eq!(told.next().await, put("/a", text("/a"), 3));
    assert_eq!(told.next().await, put("/a/z", text("/a/z"), 2));
    assert_eq!(told.next().await, complete(4));

    conf.write(&path("/a/n"), text("new"), ANY).await.unwrap();
    assert_eq!(told.next().await, put("/a/n", text("new"), 5));
    conf.write(&path("/ab"), text("beside"), ANY).await.unwrap();
    conf.delete(&path("/a/z"), ANY).await.unwrap();
    assert_eq!(told.next().await, deleted("/a/z", 7));
    conf.write(&path("/a"), ConfValue::Flag(true), ANY)
        .await
        .unwrap();
    assert_eq!(told.next().await, put("/a", ConfValue::Flag(true), 8));

    drop(watch);
    quiet().await;
    assert_eq!(store.counters().watches, 0);
    conf.write(&path("/a"), text("unheard"), ANY).await.unwrap();
    quiet().await;
    assert_eq!(told.rest(), []);
    assert!(told.is_forgotten());
}
everywhere!(
    a_watch_tells_what_is_there_and_then_what_changes,
    ConfCaps::default()
);

async fn a_large_tree_is_told_in_order_and_whole(conf: impl ConfAdmin, _store: &ConfStore) {
    // More changes and more octets than a message takes.
    let value = |n: u64| ConfValue::Octets(vec![0; usize::try_from(n).unwrap() * 20]);
    let at = |n: u64| format!("/{n:03}");
    for n in 1..=200 {
        conf.write(&path(&at(n)), value(n), ANY).await.unwrap();
    }
    let told = Told::default();
    let _watch = conf.watch(&ConfPath::root(), told.clone()).await.unwrap();
    for n in 1..=200 {
        assert_eq!(told.next().await, put(&at(n), value(n), n));
    }
    assert_eq!(told.next().await, complete(200));
    assert_eq!(told.rest(), []);
}
everywhere!(a_large_tree_is_told_in_order_and_whole, ConfCaps::default());

async fn watches_of_a_facet_are_capped(conf: impl ConfAdmin, _store: &ConfStore) {
    let root = ConfPath::root();
    let first = conf.watch(&root, Told::default()).await.unwrap();
    let _second = conf.watch(&root, Told::default()).await.unwrap();
    let third = conf.watch(&root, Told::default()).await.err();
    let no = Error::Refused("this facet has 2 watches already".into());
    assert_eq!(third, Some(no));
    drop(first);
    quiet().await;
    let _third = conf.watch(&root, Told::default()).await.unwrap();
}
everywhere!(watches_of_a_facet_are_capped, SMALL);

/// Takes a batch when it is let, and says how many it took.
#[derive(Clone, Default)]
struct Slow {
    told: Told,
    gate: Rc<Notify>,
    calls: Rc<Cell<usize>>,
}

impl ConfWatcher for Slow {
    async fn changed(&self, changes: Vec<ConfChange>) -> Result<(), Error> {
        self.calls.set(self.calls.get() + 1);
        self.gate.notified().await;
        self.told.changed(changes).await
    }
}

#[test]
fn who_reads_slowly_hears_of_the_last_change_of_each_path() {
    run(async {
        let store = ConfStore::in_memory(ConfCaps::default());
        let conf = store.admin();
        for at in ["/kept", "/gone", "/back"] {
            conf.write(&path(at), text("0"), ANY).await.unwrap();
        }
        let slow = Slow::default();
        let _watch = conf.watch(&ConfPath::root(), slow.clone()).await.unwrap();
        quiet().await;
        assert_eq!(slow.calls.get(), 1);

        // While the first batch is with the watcher.
        for n in 1..=9 {
            let value = ConfValue::Unsigned(n);
            conf.write(&path("/kept"), value, ANY).await.unwrap();
        }
        conf.delete(&path("/gone"), ANY).await.unwrap();
        conf.delete(&path("/back"), ANY).await.unwrap();
        conf.write(&path("/back"), text("again"), ANY)
            .await
            .unwrap();
        conf.write(&path("/brief"), text(""), ANY).await.unwrap();
        conf.delete(&path("/brief"), ANY).await.unwrap();
        assert_eq!(store.counters().backlog, 3);

        for _batch in 0..2 {
            slow.gate.notify_one();
            quiet().await;
        }
        let told = slow.told.rest();
        let start = ["/back", "/gone", "/kept"];
        let revisions = [3, 2, 1];
        let mut expected: Vec<_> = start
            .iter()
            .zip(revisions)
            .map(|(at, revision)| put(at, text("0"), revision))
            .collect();
        expected.extend([
            complete(3),
            put("/kept", ConfValue::Unsigned(9), 12),
            deleted("/gone", 13),
            put("/back", text("again"), 15),
        ]);
        assert_eq!(told, expected);
    });
}

#[test]
fn what_changes_before_it_was_told_at_the_start_is_told_once() {
    run(async {
        let store = ConfStore::in_memory(ConfCaps::default());
        let conf = store.admin();
        for at in ["/changed", "/gone", "/kept"] {
            conf.write(&path(at), text("0"), ANY).await.unwrap();
        }
        let told = Told::default();
        let _watch = conf.watch(&ConfPath::root(), told.clone()).await.unwrap();
        // Nothing was told yet: the task that tells has not run.
        conf.write(&path("/changed"), text("1"), ANY).await.unwrap();
        conf.delete(&path("/gone"), ANY).await.unwrap();
        conf.write(&path("/new"), text("1"), ANY).await.unwrap();
        quiet().await;
        let expected = [
            put("/changed", text("1"), 4),
            put("/kept", text("0"), 3),
            complete(3),
            put("/new", text("1"), 6),
        ];
        assert_eq!(told.rest(), expected);
    });
}

/// Never done with the first batch.
struct Stuck(Rc<Cell<usize>>);

impl ConfWatcher for Stuck {
    async fn changed(&self, _changes: Vec<ConfChange>) -> Result<(), Error> {
        self.0.set(self.0.get() + 1);
        std::future::pending().await
    }
}

/// Writes and deletes three thousand paths, 100 at a time, and gives the largest backlog.
async fn churn(conf: &impl ConfWriter, store: &ConfStore) -> usize {
    let mut largest = 0;
    for round in 0..30 {
        let at = |n: usize| path(&format!("/churn/{round}/{n}"));
        for n in 0..100 {
            conf.write(&at(n), ConfValue::Unsigned(0), ANY)
                .await
                .unwrap();
        }
        largest = largest.max(store.counters().backlog);
        for n in 0..100 {
            conf.delete(&at(n), ANY).await.unwrap();
        }
        largest = largest.max(store.counters().backlog);
    }
    largest
}

async fn a_watcher_that_never_reads_costs_no_more_than_the_tree(
    conf: impl ConfAdmin,
    store: &ConfStore,
) {
    for n in 0..50 {
        conf.write(&path(&format!("/old/{n}")), ConfValue::Unsigned(n), ANY)
            .await
            .unwrap();
    }
    let calls = Rc::new(Cell::new(0));
    let _watch = conf
        .watch(&ConfPath::root(), Stuck(Rc::clone(&calls)))
        .await
        .unwrap();
    quiet().await;
    assert_eq!(calls.get(), 1);
    // The deletions of these are kept: it was told of them.
    for n in 0..50 {
        conf.delete(&path(&format!("/old/{n}")), ANY).await.unwrap();
    }
    let largest = churn(&conf, store).await;
    // 50 that it knew of, and 100 that there were at once. The window of a stream takes some as well, of
    // which the deletions are kept then.
    assert!((100..1500).contains(&largest), "{largest} changes wait");
}

#[test]
fn a_watcher_here_that_never_reads_costs_no_more_than_the_tree() {
    run(async {
        let store = ConfStore::in_memory(ConfCaps::default());
        a_watcher_that_never_reads_costs_no_more_than_the_tree(store.admin(), &store).await;
    });
}

#[test]
fn a_watcher_at_a_peer_that_never_reads_costs_no_more_than_the_tree() {
    run(async {
        let store = ConfStore::in_memory(ConfCaps::default());
        let (here, there) = socket_pair();
        let limits = Limits {
            messages_per_second: None,
            ..Limits::conf()
        };
        let _serving = serve_conf_admin(there, store.admin(), limits).unwrap();
        let (admin, _session) = connect_conf_admin(here).unwrap();
        a_watcher_that_never_reads_costs_no_more_than_the_tree(admin, &store).await;
    });
}

/// Refuses everything.
struct Unwilling;

impl ConfWatcher for Unwilling {
    async fn changed(&self, _changes: Vec<ConfChange>) -> Result<(), Error> {
        Err(Error::Refused("not now".into()))
    }
}

#[test]
fn a_watcher_that_fails_is_told_nothing_more() {
    run(async {
        let store = ConfStore::in_memory(SMALL);
        let conf = store.admin();
        let root = ConfPath::root();
        let _failed = conf.watch(&root, Unwilling).await.unwrap();
        let _also = conf.watch(&root, Unwilling).await.unwrap();
        quiet().await;
        assert_eq!(store.counters().watches, 0);
        // And does not count against the cap.
        let _watch = conf.watch(&root, Told::default()).await.unwrap();
    });
}
