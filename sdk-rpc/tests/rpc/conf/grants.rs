//! Rights: deny by default, the longest prefix wins, never more than whoever granted has, and all of it ends.

use sdk_rpc::{
    ConfAccess, ConfAdmin, ConfCaps, ConfGrant, ConfPath, ConfReader, ConfRights, ConfStore,
    ConfWriter, Disconnect, Error, Expected, Limits, Written, connect_conf_admin, serve_conf_admin,
};

use super::{Place, SMALL, Told, complete, everywhere, path, put, refused, rights, text};
use crate::stage::{quiet, run, socket_pair};

const ANY: Expected = Expected::Anything;

async fn each_right_is_by_itself(conf: impl ConfAdmin, _store: &ConfStore) {
    for at in ["/mac", "/ip", "/lease/old", "/other"] {
        conf.write(&path(at), text("0"), ANY).await.unwrap();
    }
    let delete = ConfAccess {
        delete: true,
        ..ConfAccess::NONE
    };
    let table = rights(&[
        ("/mac", ConfAccess::READ),
        ("/ip", ConfAccess::WRITE),
        ("/lease", delete),
    ]);
    let (facet, _grant) = conf.grant_writer(table).await.unwrap();

    let (mac, ip, lease) = (path("/mac"), path("/ip"), path("/lease/old"));
    assert_eq!(facet.read(&mac).await.unwrap().unwrap().value, text("0"));
    assert_eq!(
        facet.write(&mac, text("1"), ANY).await,
        refused("no right to write /mac")
    );
    assert_eq!(
        facet.delete(&mac, ANY).await,
        refused("no right to delete /mac")
    );

    assert_eq!(facet.write(&ip, text("1"), ANY).await, Ok(Written::Done(5)));
    assert_eq!(facet.read(&ip).await, refused("no right to read /ip"));
    assert_eq!(
        facet.delete(&ip, ANY).await,
        refused("no right to delete /ip")
    );

    assert_eq!(
        facet.write(&lease, text("1"), ANY).await,
        refused("no right to write /lease/old")
    );
    assert_eq!(facet.delete(&lease, ANY).await, Ok(Written::Done(6)));

    // What nothing is said of, whether it is there or not.
    for at in ["/other", "/none", "/macro", "/"] {
        let at = path(at);
        let no = format!("no right to read {at}");
        assert_eq!(facet.read(&at).await, refused(&no));
        let no = format!("no right to write {at}");
        assert_eq!(facet.write(&at, text("1"), ANY).await, refused(&no));
        let no = format!("no right to delete {at}");
        assert_eq!(facet.delete(&at, ANY).await, refused(&no));
    }
    let listed = facet.list(&ConfPath::root(), None).await.unwrap();
    assert_eq!(listed.paths, [mac]);
}
everywhere!(each_right_is_by_itself, ConfCaps::default());

async fn the_longest_prefix_decides(conf: impl ConfAdmin, _store: &ConfStore) {
    for at in ["/a/x", "/a/b/x", "/a/b/c/x", "/a/bc"] {
        conf.write(&path(at), text(at), ANY).await.unwrap();
    }
    let table = rights(&[
        ("/a", ConfAccess::READ),
        ("/a/b", ConfAccess::NONE),
        ("/a/b/c", ConfAccess::READ),
    ]);
    let (facet, _grant) = conf.grant_reader(table).await.unwrap();
    for readable in ["/a/x", "/a/b/c/x", "/a/bc"] {
        assert!(facet.read(&path(readable)).await.unwrap().is_some());
    }
    assert_eq!(
        facet.read(&path("/a/b/x")).await,
        refused("no right to read /a/b/x")
    );
    // There is something to read below /a/b, and it is the one that may be.
    let below = facet.list(&path("/a/b"), None).await.unwrap();
    assert_eq!(below.paths, [path("/a/b/c")]);
    let told = Told::default();
    let _watch = facet.watch(&ConfPath::root(), told.clone()).await.unwrap();
    let at = |at: &str, revision| put(at, text(at), revision);
    assert_eq!(told.next().await, at("/a/b/c/x", 3));
    assert_eq!(told.next().await, at("/a/bc", 4));
    assert_eq!(told.next().await, at("/a/x", 1));
    assert_eq!(told.next().await, complete(4));
}
everywhere!(the_longest_prefix_decides, ConfCaps::default());

async fn what_may_not_be_read_is_not_hinted_at(conf: impl ConfAdmin, _store: &ConfStore) {
    conf.write(&path("/secret/a"), text("1"), ANY)
        .await
        .unwrap();
    let table = rights(&[("/secret", ConfAccess::WRITE), ("/open", ConfAccess::ALL)]);
    let (facet, _grant) = conf.grant_writer(table).await.unwrap();

    let told = Told::default();
    let _watch = facet.watch(&ConfPath::root(), told.clone()).await.unwrap();
    assert_eq!(told.next().await, complete(1));
    // An expectation would be a question.
    for at in ["/secret/a", "/secret/none"] {
        let no = format!("no right to read {at}");
        for expected in [Expected::Absent, Expected::Revision(1)] {
            let asked = facet.write(&path(at), text("2"), expected).await;
            assert_eq!(asked, refused(&no));
        }
    }
    conf.write(&path("/secret/a"), text("2"), ANY)
        .await
        .unwrap();
    // Told of at once, were it told: what is deleted before it was told is told to nobody.
    quiet().await;
    assert_eq!(told.rest(), []);
    conf.delete(&path("/secret/a"), ANY).await.unwrap();
    conf.write(&path("/open/a"), text("3"), ANY).await.unwrap();
    assert_eq!(told.next().await, put("/open/a", text("3"), 4));
    assert_eq!(told.rest(), []);
    let listed = facet.list(&ConfPath::root(), None).await.unwrap();
    assert_eq!(listed.paths, [path("/open")]);
}
everywhere!(what_may_not_be_read_is_not_hinted_at, ConfCaps::default());

async fn a_narrowed_facet_cannot_be_widened(conf: impl ConfAdmin, store: &ConfStore) {
    let table = rights(&[
        ("/mine", ConfAccess::ALL),
        ("/mine/keys", ConfAccess::NONE),
        ("/shown", ConfAccess::READ),
    ]);
    let (narrowed, _grant) = conf.grant_admin(table.clone()).await.unwrap();
    let granted = store.counters().grants;

    let attacks = [
        ("everything", ConfRights::all(), "/"),
        (
            "a sibling",
            rights(&[("/yours", ConfAccess::READ)]),
            "/yours",
        ),
        (
            "a hole",
            rights(&[("/mine", ConfAccess::ALL)]),
            "/mine/keys",
        ),
        (
            "within the hole",
            rights(&[("/mine/keys/tls", ConfAccess::READ)]),
            "/mine/keys/tls",
        ),
        (
            "another right",
            rights(&[("/shown/a", ConfAccess::WRITE)]),
            "/shown/a",
        ),
        (
            "under a closed root",
            rights(&[("/", ConfAccess::NONE), ("/shown", ConfAccess::ALL)]),
            "/shown",
        ),
    ];
    for (attack, asked, place) in attacks {
        let no = Error::Refused(format!("more rights at {place} than this facet has"));
        let reader = narrowed.grant_reader(asked.clone()).await.err();
        assert_eq!(reader, Some(no.clone()), "{attack}");
        let writer = narrowed.grant_writer(asked.clone()).await.err();
        assert_eq!(writer, Some(no.clone()), "{attack}");
        let admin = narrowed.grant_admin(asked.clone()).await.err();
        assert_eq!(admin, Some(no), "{attack}");
        // The control: who has the rights gives them.
        drop(conf.grant_admin(asked).await.unwrap());
    }
    // The same again, or less, is no more.
    let (same, _grant) = narrowed.grant_admin(table).await.unwrap();
    let (less, _grant) = same
        .grant_reader(rights(&[("/mine/a", ConfAccess::READ)]))
        .await
        .unwrap();
    assert_eq!(
        less.read(&path("/mine/b")).await,
        refused("no right to read /mine/b")
    );
    quiet().await;
    assert_eq!(store.counters().grants, granted + 2);
}
everywhere!(a_narrowed_facet_cannot_be_widened, ConfCaps::default());

async fn revoking_ends_the_facet_and_its_offspring(conf: impl ConfAdmin, store: &ConfStore) {
    let table = rights(&[("/a", ConfAccess::ALL)]);
    let (child, grant) = conf.grant_admin(table.clone()).await.unwrap();
    let (grandchild, _kept) = child.grant_writer(table).await.unwrap();
    let told = Told::default();
    let _watch = grandchild.watch(&path("/a"), told.clone()).await.unwrap();
    assert_eq!(told.next().await, complete(0));

    grant.revoke().await.unwrap();

    let no = "this facet was revoked";
    let a = path("/a");
    assert_eq!(child.read(&a).await, refused(no));
    assert_eq!(grandchild.read(&a).await, refused(no));
    assert_eq!(grandchild.list(&a, None).await, refused(no));
    assert_eq!(grandchild.write(&a, text(""), ANY).await, refused(no));
    assert_eq!(grandchild.delete(&a, ANY).await, refused(no));
    let watch = grandchild.watch(&a, Told::default()).await.err();
    assert_eq!(watch, Some(Error::Refused(no.into())));
    let granted = child.grant_reader(ConfRights::default()).await.err();
    assert_eq!(granted, Some(Error::Refused(no.into())));

    conf.write(&a, text("1"), ANY).await.unwrap();
    quiet().await;
    assert_eq!(told.rest(), []);
    assert!(told.is_forgotten());
    assert_eq!(store.counters().watches, 0);
}
everywhere!(
    revoking_ends_the_facet_and_its_offspring,
    ConfCaps::default()
);

async fn dropping_the_grant_revokes(conf: impl ConfAdmin, _store: &ConfStore) {
    let (facet, grant) = conf.grant_reader(ConfRights::all()).await.unwrap();
    assert_eq!(facet.read(&path("/a")).await, Ok(None));
    drop(grant);
    quiet().await;
    assert_eq!(
        facet.read(&path("/a")).await,
        refused("this facet was revoked")
    );
}
everywhere!(dropping_the_grant_revokes, ConfCaps::default());

async fn grants_are_capped_for_the_whole_store(conf: impl ConfAdmin, store: &ConfStore) {
    let (first, grant) = conf.grant_admin(ConfRights::all()).await.unwrap();
    let (second, kept) = first.grant_admin(ConfRights::all()).await.unwrap();
    let third = second.grant_admin(ConfRights::all()).await.unwrap();
    let no = Some(Error::Refused("there are 3 granted facets already".into()));
    assert_eq!(conf.grant_reader(ConfRights::all()).await.err(), no);
    assert_eq!(third.0.grant_reader(ConfRights::all()).await.err(), no);
    drop((first, grant, second, kept, third));
    quiet().await;
    assert_eq!(store.counters().grants, 0);
    conf.grant_reader(ConfRights::all()).await.unwrap();
}
everywhere!(grants_are_capped_for_the_whole_store, SMALL);

#[test]
fn a_table_has_one_line_for_a_prefix_and_not_too_many() {
    let twice = [(path("/a"), ConfAccess::ALL), (path("/a"), ConfAccess::ALL)];
    assert_eq!(ConfRights::new(twice), refused("rights for /a twice"));
    let lines = |count: u32| {
        ConfRights::new((0..count).map(|n| (path(&format!("/{n}")), ConfAccess::READ)))
    };
    assert!(lines(64).is_ok());
    assert_eq!(lines(65), refused("more than 64 lines of rights"));
    assert_eq!(ConfRights::default().at(&path("/a")), ConfAccess::NONE);
}

#[test]
fn what_was_granted_over_a_connection_ends_with_it() {
    run(async {
        let store = ConfStore::in_memory(ConfCaps::default());
        let (here, there) = socket_pair();
        let mut serving = serve_conf_admin(there, store.admin(), Limits::conf()).unwrap();
        let (admin, session) = connect_conf_admin(here).unwrap();
        let (facet, _grant) = admin.grant_reader(ConfRights::all()).await.unwrap();
        let _watch = facet
            .watch(&ConfPath::root(), Told::default())
            .await
            .unwrap();
        let counters = store.counters();
        assert_eq!((counters.grants, counters.watches), (1, 1));

        drop(session);

        assert_eq!(serving.closed().await, Disconnect::Closed);
        quiet().await;
        let counters = store.counters();
        assert_eq!((counters.grants, counters.watches), (0, 0));
    });
}
