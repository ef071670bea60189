//! Values, revisions, paths and caps: the same wherever the tree is.

use sdk_rpc::{
    ConfAdmin, ConfCaps, ConfEntry, ConfPath, ConfStore, ConfValue, ConfWriter, Error, Expected,
    Limits, Written, connect_conf_admin, connect_conf_reader, connect_conf_writer, limits,
    serve_conf_admin, serve_conf_reader, serve_conf_writer,
};

use super::{Place, SMALL, everywhere, path, refused, text};
use crate::stage::{run, socket_pair};

async fn values_come_back_as_they_went(conf: impl ConfAdmin, _store: &ConfStore) {
    let values = [
        text(""),
        text("straße"),
        ConfValue::Octets(vec![0, 255, 10]),
        ConfValue::Octets(vec![7; limits::VALUE_OCTETS]),
        ConfValue::Unsigned(u64::MAX),
        ConfValue::Signed(i64::MIN),
        ConfValue::Flag(true),
        ConfValue::Flag(false),
        ConfValue::Texts(Vec::new()),
        ConfValue::Texts(vec![String::new(), "b".into()]),
        ConfValue::Texts(vec!["x".into(); 256]),
    ];
    for (revision, value) in (1..).zip(values) {
        let at = path("/value");
        let written = conf.write(&at, value.clone(), Expected::Anything).await;
        assert_eq!(written, Ok(Written::Done(revision)));
        let entry = ConfEntry { value, revision };
        assert_eq!(conf.read(&at).await, Ok(Some(entry)));
    }
    assert_eq!(conf.read(&path("/other")).await, Ok(None));
    assert_eq!(conf.read(&path("/value/below")).await, Ok(None));
    assert_eq!(conf.read(&ConfPath::root()).await, Ok(None));
}
everywhere!(values_come_back_as_they_went, ConfCaps::default());

async fn revisions_count_changes_of_the_whole_tree(conf: impl ConfAdmin, store: &ConfStore) {
    let (a, b) = (path("/a"), path("/b"));
    let any = Expected::Anything;
    assert_eq!(conf.write(&a, text("1"), any).await, Ok(Written::Done(1)));
    assert_eq!(conf.write(&b, text("1"), any).await, Ok(Written::Done(2)));
    assert_eq!(conf.delete(&a, any).await, Ok(Written::Done(3)));
    // Nothing there: nothing changes.
    assert_eq!(conf.delete(&a, any).await, Ok(Written::Done(3)));
    // The same value again is a change.
    assert_eq!(conf.write(&b, text("1"), any).await, Ok(Written::Done(4)));
    assert_eq!(store.counters().revision, 4);
    assert_eq!(store.counters().octets, "/b1".len());
}
everywhere!(
    revisions_count_changes_of_the_whole_tree,
    ConfCaps::default()
);

async fn a_conflict_changes_nothing_and_says_what_is_there(
    conf: impl ConfAdmin,
    store: &ConfStore,
) {
    let a = path("/a");
    let absent = Expected::Absent;
    let conflict = |revision| Ok(Written::Conflict(revision));
    assert_eq!(
        conf.write(&a, text("x"), Expected::Revision(1)).await,
        conflict(None)
    );
    assert_eq!(conf.delete(&a, Expected::Revision(1)).await, conflict(None));
    assert_eq!(
        conf.write(&a, text("x"), absent).await,
        Ok(Written::Done(1))
    );
    assert_eq!(conf.write(&a, text("y"), absent).await, conflict(Some(1)));
    assert_eq!(conf.delete(&a, absent).await, conflict(Some(1)));
    assert_eq!(
        conf.write(&a, text("y"), Expected::Revision(2)).await,
        conflict(Some(1))
    );
    assert_eq!(store.counters().revision, 1);
    assert_eq!(
        conf.write(&a, text("y"), Expected::Revision(1)).await,
        Ok(Written::Done(2))
    );
    assert_eq!(
        conf.delete(&a, Expected::Revision(1)).await,
        conflict(Some(2))
    );
    assert_eq!(
        conf.delete(&a, Expected::Revision(2)).await,
        Ok(Written::Done(3))
    );
    assert_eq!(conf.read(&a).await, Ok(None));
}
everywhere!(
    a_conflict_changes_nothing_and_says_what_is_there,
    ConfCaps::default()
);

async fn children_come_in_pages(conf: impl ConfAdmin, _store: &ConfStore) {
    for at in ["/a", "/a/x", "/a/y/deep", "/a/y/deeper", "/a-b", "/b/c/d"] {
        conf.write(&path(at), text(""), Expected::Anything)
            .await
            .unwrap();
    }
    let root = conf.list(&ConfPath::root(), None).await.unwrap();
    assert_eq!(root.paths, [path("/a"), path("/a-b"), path("/b")]);
    let below_a = conf.list(&path("/a"), None).await.unwrap();
    assert_eq!(below_a.paths, [path("/a/x"), path("/a/y")]);
    assert!(!below_a.more);
    let rest = conf.list(&path("/a"), Some(&path("/a/x"))).await.unwrap();
    assert_eq!(rest.paths, [path("/a/y")]);
    assert_eq!(conf.list(&path("/a/x"), None).await.unwrap().paths, []);
    assert_eq!(conf.list(&path("/none"), None).await.unwrap().paths, []);

    let many: Vec<_> = (0..300).map(|n| path(&format!("/many/{n:03}"))).collect();
    for at in &many {
        conf.write(at, text(""), Expected::Anything).await.unwrap();
    }
    let first = conf.list(&path("/many"), None).await.unwrap();
    assert!(first.more);
    assert_eq!(first.paths, many[..256]);
    let second = conf.list(&path("/many"), first.paths.last()).await.unwrap();
    assert!(!second.more);
    assert_eq!(second.paths, many[256..]);
}
everywhere!(children_come_in_pages, ConfCaps::default());

async fn what_is_over_a_cap_is_refused_whole(conf: impl ConfAdmin, store: &ConfStore) {
    let any = Expected::Anything;
    let octets = |count| ConfValue::Octets(vec![0; count]);
    for n in 0..8 {
        conf.write(&path(&format!("/{n}")), octets(40), any)
            .await
            .unwrap();
    }
    // 8 paths of 2 octets and values of 40.
    let full = store.counters();
    assert_eq!((full.entries, full.octets), (8, 336));
    assert_eq!(
        conf.write(&path("/8"), octets(0), any).await,
        refused("there are 8 entries already")
    );
    assert_eq!(
        conf.write(&path("/7"), octets(101), any).await,
        refused("a value of 101 octets, where 100 are the most")
    );
    conf.delete(&path("/0"), any).await.unwrap();
    conf.write(&path("/1"), octets(100), any).await.unwrap();
    let near = store.counters();
    assert_eq!(
        conf.write(&path("/2"), octets(100), any).await,
        refused("the tree would have 414 octets, where 400 are the most")
    );
    assert_eq!(store.counters(), near);
    let kept = conf.read(&path("/2")).await.unwrap().unwrap();
    assert_eq!(kept.value, octets(40));
    // What makes room is taken also where there is none left.
    conf.write(&path("/2"), octets(86), any).await.unwrap();
    assert_eq!(store.counters().octets, 400);
    conf.write(&path("/2"), octets(1), any).await.unwrap();
}
everywhere!(what_is_over_a_cap_is_refused_whole, SMALL);

async fn a_value_that_nobody_takes_is_refused(conf: impl ConfAdmin, store: &ConfStore) {
    let any = Expected::Anything;
    let a = path("/a");
    let too_long = ConfValue::Octets(vec![0; limits::VALUE_OCTETS + 1]);
    assert_eq!(
        conf.write(&a, too_long, any).await,
        refused("value of 32769 octets")
    );
    let too_many = ConfValue::Texts(vec![String::new(); 257]);
    assert_eq!(
        conf.write(&a, too_many, any).await,
        refused("257 texts of a value")
    );
    let unprintable = [text("a\nb"), ConfValue::Texts(vec!["\x1b[2J".into()])];
    for value in unprintable {
        assert_eq!(
            conf.write(&a, value, any).await,
            refused("value is not printable text")
        );
    }
    assert_eq!(
        conf.write(&ConfPath::root(), text(""), any).await,
        refused("the root holds no value")
    );
    assert_eq!(store.counters().revision, 0);
}
everywhere!(a_value_that_nobody_takes_is_refused, ConfCaps::default());

#[test]
fn a_path_is_checked_when_it_is_made() {
    let deepest = "/a".repeat(16);
    let longest = format!("/{0}/{0}/{0}/{1}", "x".repeat(64), "y".repeat(59));
    assert_eq!(longest.len(), 255);
    for good in ["/", "/a", "/a/B/0-_.:@+", "/...", "/.a", &deepest, &longest] {
        assert_eq!(ConfPath::new(good).unwrap().as_str(), good);
    }
    let bad = [
        ("", "path does not begin with a slash"),
        ("a", "path does not begin with a slash"),
        ("//", "path has an empty segment"),
        ("/a/", "path has an empty segment"),
        ("/a//b", "path has an empty segment"),
        ("/.", "path has a segment of dots"),
        ("/a/../b", "path has a segment of dots"),
        ("/a b", "path has a character that is not allowed"),
        ("/a\0", "path has a character that is not allowed"),
        ("/é", "path has a character that is not allowed"),
    ];
    for (text, why) in bad {
        assert_eq!(ConfPath::new(text), refused(why), "{text:?}");
    }
    let deeper = format!("{deepest}/a");
    assert_eq!(ConfPath::new(&deeper), refused("path is too deep"));
    let longer = format!("{longest}y");
    assert_eq!(ConfPath::new(&longer), refused("path is too long"));
    let wide = format!("/{}", "x".repeat(65));
    assert_eq!(
        ConfPath::new(&wide),
        refused("path has a segment that is too long")
    );
}

#[test]
fn a_connection_does_what_its_facet_does_and_no_more() {
    run(async {
        let store = ConfStore::in_memory(ConfCaps::default());
        let a = path("/a");
        let any = Expected::Anything;

        let (here, there) = socket_pair();
        let _serving = serve_conf_writer(there, store.admin(), Limits::conf()).unwrap();
        let (writer, _session) = connect_conf_writer(here).unwrap();
        writer.write(&a, text("x"), any).await.unwrap();

        let (here, there) = socket_pair();
        let _serving = serve_conf_reader(there, store.admin(), Limits::conf()).unwrap();
        let (reader, _session) = connect_conf_reader(here).unwrap();
        assert_eq!(reader_value(&reader, &a).await, text("x"));

        // The same object is behind all of these: the interface that is served decides.
        let (here, there) = socket_pair();
        let _serving = serve_conf_reader(there, store.admin(), Limits::conf()).unwrap();
        let (more, _session) = connect_conf_admin(here).unwrap();
        assert_eq!(reader_value(&more, &a).await, text("x"));
        assert!(matches!(
            more.write(&a, text("y"), any).await,
            Err(Error::Refused(_))
        ));
        assert!(matches!(more.delete(&a, any).await, Err(Error::Refused(_))));

        let (here, there) = socket_pair();
        let _serving = serve_conf_writer(there, store.admin(), Limits::conf()).unwrap();
        let (more, _session) = connect_conf_admin(here).unwrap();
        more.write(&a, text("y"), any).await.unwrap();
        let granted = more.grant_reader(sdk_rpc::ConfRights::all()).await;
        assert!(matches!(granted, Err(Error::Refused(_))));
        assert_eq!(store.counters().grants, 0);
    });
}

async fn reader_value(reader: &impl sdk_rpc::ConfReader, at: &ConfPath) -> ConfValue {
    reader.read(at).await.unwrap().unwrap().value
}
