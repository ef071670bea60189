//! What a peer may write into a message about a `Conf`, and no tree or watcher ever sees.

use std::{io::Write, os::unix::net::UnixStream};

use capnp::{any_pointer, traits::HasTypeId, traits::ImbueMut};
use capnp_rpc::rpc_capnp::message;
use sdk_rpc::{
    ConfCaps, ConfPath, ConfReader, ConfStore, ConfWriter, Disconnect, Error, Expected, Limits,
    connect_conf_reader, connect_conf_writer, serve_conf_admin,
};

use super::{SMALL, Told, path, refused, text};
use crate::{
    conf_capnp as c,
    rogue::{BOOTSTRAP, Rogue, any_capability, capability_table, octets},
    stage::{quiet, run, socket_pair},
};

const READER: u64 = c::conf_reader::Client::TYPE_ID;
const WRITER: u64 = c::conf_writer::Client::TYPE_ID;
const ADMIN: u64 = c::conf_admin::Client::TYPE_ID;
const WATCHER: u64 = c::conf_watcher::Client::TYPE_ID;

/// Ordinals.
const READ: (u64, u16) = (READER, 0);
const LIST: (u64, u16) = (READER, 1);
const WATCH: (u64, u16) = (READER, 2);
const WRITE: (u64, u16) = (WRITER, 0);
const DELETE: (u64, u16) = (WRITER, 1);
const GRANT_ADMIN: (u64, u16) = (ADMIN, 2);
const CHANGED: (u64, u16) = (WATCHER, 0);

fn value(what: &str) -> Disconnect {
    Disconnect::Value(what.into())
}

fn call(
    message: message::Builder<'_>,
    (interface, method): (u64, u16),
    params: impl FnOnce(any_pointer::Builder<'_>),
) {
    let mut call = message.init_call();
    call.set_question_id(1);
    call.set_interface_id(interface);
    call.set_method_id(method);
    call.reborrow().init_target().set_imported_cap(BOOTSTRAP);
    params(call.init_params().init_content());
}

/// The fate of a rogue that sends this message to a served facet that may do everything.
fn fate_of_octets(octets: &[u8]) -> Disconnect {
    run(async {
        let store = ConfStore::in_memory(ConfCaps::default());
        store
            .admin()
            .write(&path("/a"), text("kept"), Expected::Anything)
            .await
            .unwrap();
        let before = store.counters();
        let mut rogue =
            Rogue::start(|there| serve_conf_admin(there, store.admin(), Limits::conf()).unwrap());
        rogue.bootstrap(0).await;
        rogue.write(octets).await;
        let fate = rogue.outcome().await.0;
        assert_eq!(store.counters(), before);
        fate
    })
}

fn fate(method: (u64, u16), params: impl FnOnce(any_pointer::Builder<'_>)) -> Disconnect {
    fate_of_octets(&octets(|message| call(message, method, params)))
}

fn fate_of_path(octets: &[u8]) -> Disconnect {
    fate(READ, |params| {
        let params = params.init_as::<c::conf_reader::read_params::Builder<'_>>();
        params
            .init_path(u32::try_from(octets.len()).unwrap())
            .as_bytes_mut()
            .copy_from_slice(octets);
    })
}

fn fate_of_value(fill: impl FnOnce(c::value::Builder<'_>)) -> Disconnect {
    fate(WRITE, |params| {
        let mut params = params.init_as::<c::conf_writer::write_params::Builder<'_>>();
        params.set_path("/a");
        params.reborrow().init_expected().set_anything(());
        fill(params.init_value());
    })
}

fn fate_of_rights(prefixes: &[&str]) -> Disconnect {
    fate(GRANT_ADMIN, |params| {
        let params = params.init_as::<c::conf_admin::grant_admin_params::Builder<'_>>();
        let mut rights = params.init_rights(u32::try_from(prefixes.len()).unwrap());
        for (index, prefix) in (0..).zip(prefixes) {
            rights.reborrow().get(index).set_prefix(prefix);
        }
    })
}

#[test]
fn a_path_that_is_none_is_refused() {
    let long = format!("/{}", "x/".repeat(200));
    assert_eq!(fate_of_path(long.as_bytes()), value("path of 401 octets"));
    let deep = "/x".repeat(17);
    assert_eq!(fate_of_path(deep.as_bytes()), value("path is too deep"));
    assert_eq!(fate_of_path(b""), value("path does not begin with a slash"));
    assert_eq!(fate_of_path(b"/a//b"), value("path has an empty segment"));
    assert_eq!(
        fate_of_path(b"/a/../etc"),
        value("path has a segment of dots")
    );
    assert_eq!(
        fate_of_path(b"/a\x1b[2J"),
        value("path has a character that is not allowed")
    );
    assert_eq!(
        fate_of_path(b"/a\0b"),
        value("path has a character that is not allowed")
    );
    assert_eq!(
        fate_of_path(b"/\xff\xfe"),
        value("path is not printable text")
    );
}

#[test]
fn every_call_checks_its_path() {
    let list = fate(LIST, |params| {
        let mut params = params.init_as::<c::conf_reader::list_params::Builder<'_>>();
        params.set_path("/");
        params.set_after("after");
    });
    assert_eq!(list, value("path does not begin with a slash"));
    let watch = fate(WATCH, |params| {
        let mut params = params.init_as::<c::conf_reader::watch_params::Builder<'_>>();
        params.set_prefix("/.");
    });
    assert_eq!(watch, value("path has a segment of dots"));
    let write = fate(WRITE, |params| {
        let mut params = params.init_as::<c::conf_writer::write_params::Builder<'_>>();
        params.set_path("/a b");
        params.init_value().set_flag(true);
    });
    assert_eq!(write, value("path has a character that is not allowed"));
    let delete = fate(DELETE, |params| {
        let mut params = params.init_as::<c::conf_writer::delete_params::Builder<'_>>();
        params.set_path("a");
    });
    assert_eq!(delete, value("path does not begin with a slash"));
    assert_eq!(fate_of_rights(&["/a/"]), value("path has an empty segment"));
}

#[test]
fn a_value_that_is_none_is_refused() {
    assert_eq!(
        fate_of_value(|mut value| value.set_octets(&[0; 32_769])),
        value("value of 32769 octets")
    );
    assert_eq!(
        fate_of_value(|mut value| value.set_text("x".repeat(32_769).as_str())),
        value("value of 32769 octets")
    );
    assert_eq!(
        fate_of_value(|mut value| value.set_text("a\nb")),
        value("value is not printable text")
    );
    assert_eq!(
        fate_of_value(|value| drop(value.init_texts(257))),
        value("257 texts of a value")
    );
    let together = |value: c::value::Builder<'_>| {
        let mut texts = value.init_texts(256);
        for index in 0..256 {
            texts.set(index, "x".repeat(200).as_str());
        }
    };
    // 158 texts of 200 octets, which count for 208 each.
    assert_eq!(fate_of_value(together), value("value of 32864 octets"));
}

#[test]
fn rights_that_are_none_are_refused() {
    let many: Vec<String> = (0..65).map(|n| format!("/{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(fate_of_rights(&many), value("65 lines of rights"));
    assert_eq!(
        fate_of_rights(&["/a", "/b", "/a"]),
        value("path has rights twice")
    );
}

#[test]
fn a_watch_without_a_watcher_is_refused() {
    let fate = fate(WATCH, |params| {
        let mut params = params.init_as::<c::conf_reader::watch_params::Builder<'_>>();
        params.set_prefix("/");
    });
    assert!(matches!(fate, Disconnect::Value(_)), "{fate:?}");
}

/// `octets` with the member of a union that is followed by `mark` replaced by number 77.
fn with_unknown_member(mut octets: Vec<u8>, member: u64, mark: u64) -> Vec<u8> {
    let words = [member.to_le_bytes(), mark.to_le_bytes()].concat();
    let at = octets
        .windows(16)
        .position(|window| window == words)
        .expect("the union is in the message");
    octets[at] = 77;
    octets
}

#[test]
fn an_unknown_member_of_a_union_is_refused() {
    /// Arbitrary.
    const MARK: u64 = 0x1234_5678_9abc_def0;
    let expected = octets(|message| {
        call(message, DELETE, |params| {
            let mut params = params.init_as::<c::conf_writer::delete_params::Builder<'_>>();
            params.set_path("/a");
            params.init_expected().set_revision(MARK);
        });
    });
    assert_eq!(
        fate_of_octets(&with_unknown_member(expected, 2, MARK)),
        value("unknown enumerant 77")
    );
    let unsigned = octets(|message| {
        call(message, WRITE, |params| {
            let mut params = params.init_as::<c::conf_writer::write_params::Builder<'_>>();
            params.set_path("/a");
            params.init_value().set_unsigned(MARK);
        });
    });
    assert_eq!(
        fate_of_octets(&with_unknown_member(unsigned, 2, MARK)),
        value("unknown enumerant 77")
    );
}

#[test]
fn a_peer_that_writes_without_end_fills_the_tree_and_nothing_else() {
    run(async {
        let store = ConfStore::in_memory(SMALL);
        let (here, there) = socket_pair();
        let _serving = serve_conf_admin(there, store.admin(), Limits::conf()).unwrap();
        let (writer, _session) = connect_conf_writer(here).unwrap();
        let mut refusals = 0;
        for n in 0..500 {
            let at = path(&format!("/flood/{n}"));
            let written = writer.write(&at, text("x"), Expected::Anything).await;
            if written.is_err() {
                assert_eq!(written, refused("there are 8 entries already"));
                refusals += 1;
            }
        }
        assert_eq!(refusals, 492);
        let counters = store.counters();
        assert_eq!((counters.entries, counters.revision), (8, 8));
        assert!(counters.octets <= SMALL.octets);
    });
}

/// What a server says that answers Bootstrap with a capability.
fn bootstrapped() -> Vec<u8> {
    octets(|message| {
        let mut answer = message.init_return();
        answer.set_answer_id(0);
        let mut results = answer.init_results();
        let mut table = results.reborrow().init_cap_table(1);
        table.reborrow().get(0).set_sender_hosted(0);
        let mut content = results.init_content();
        content.imbue_mut(capability_table());
        content.set_as_capability(any_capability());
    })
}

#[test]
fn an_answer_with_too_many_children_is_the_fault_of_the_server() {
    run(async {
        let (here, there) = UnixStream::pair().unwrap();
        let (reader, mut session) = connect_conf_reader(std::os::fd::OwnedFd::from(here)).unwrap();
        let mut answers = bootstrapped();
        answers.extend(octets(|message| {
            let mut answer = message.init_return();
            answer.set_answer_id(1);
            let results = answer
                .init_results()
                .init_content()
                .init_as::<c::conf_reader::list_results::Builder<'_>>();
            drop(results.init_children(257));
        }));
        let root = ConfPath::root();
        let (told, ()) = futures::join!(reader.list(&root, None), async {
            quiet().await;
            (&there).write_all(&answers).unwrap();
        });
        assert_eq!(told, Err(Error::Peer("257 children".into())));
        assert_eq!(session.closed().await, value("257 children"));
    });
}

#[test]
fn a_server_that_tells_too_much_at_once_is_disconnected() {
    run(async {
        let (here, there) = UnixStream::pair().unwrap();
        let (reader, mut session) = connect_conf_reader(std::os::fd::OwnedFd::from(here)).unwrap();
        let told = Told::default();
        let root = ConfPath::root();
        let mut words = bootstrapped();
        words.extend(octets(|message| {
            // The watcher is the first capability that the client hands over.
            call(message, CHANGED, |params| {
                let params = params.init_as::<c::conf_watcher::changed_params::Builder<'_>>();
                drop(params.init_changes(65));
            });
        }));
        let (watch, ()) = futures::join!(reader.watch(&root, told.clone()), async {
            quiet().await;
            (&there).write_all(&words).unwrap();
        });
        assert!(watch.is_err());
        assert_eq!(session.closed().await, value("65 changes"));
        assert_eq!(told.rest(), []);
    });
}
