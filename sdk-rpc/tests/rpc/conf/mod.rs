//! `Conf`: what is the same here and behind a connection, what is the same in memory and in a file, and what
//! nobody can do.

#[cfg(feature = "durable")]
mod durable;
mod grants;
mod hostile;
mod model;
mod parity;
mod watches;

use std::{cell::RefCell, rc::Rc};

use sdk_rpc::{
    ConfAccess, ConfCaps, ConfChange, ConfEntry, ConfPath, ConfRights, ConfStore, ConfValue,
    ConfWatcher, Error,
};
use tokio::sync::Notify;

/// Caps small enough to be reached; arbitrary.
pub(crate) const SMALL: ConfCaps = ConfCaps {
    entries: 8,
    value_octets: 100,
    octets: 400,
    watches: 2,
    grants: 3,
};

pub(crate) fn path(text: &str) -> ConfPath {
    ConfPath::new(text).unwrap()
}

pub(crate) fn text(text: &str) -> ConfValue {
    ConfValue::Text(text.into())
}

pub(crate) fn rights(lines: &[(&str, ConfAccess)]) -> ConfRights {
    ConfRights::new(lines.iter().map(|(prefix, access)| (path(prefix), *access))).unwrap()
}

pub(crate) fn refused<T>(why: &str) -> Result<T, Error> {
    Err(Error::Refused(why.into()))
}

/// A store, with where it is as long as the test runs.
pub(crate) struct Place {
    pub(crate) store: ConfStore,
    #[cfg(feature = "durable")]
    _folder: Option<durable::Folder>,
}

impl Place {
    pub(crate) fn in_memory(caps: ConfCaps) -> Self {
        Self {
            store: ConfStore::in_memory(caps),
            #[cfg(feature = "durable")]
            _folder: None,
        }
    }

    #[cfg(feature = "durable")]
    pub(crate) fn in_a_file(caps: ConfCaps) -> Self {
        let folder = durable::Folder::new();
        Self {
            store: ConfStore::open(&folder.file(), caps).unwrap(),
            _folder: Some(folder),
        }
    }
}

/// Runs the same body in memory and, where it can be had, in a file; here and across a connection.
macro_rules! everywhere {
    ($body:ident, $caps:expr) => {
        mod $body {
            use super::*;

            async fn locally(place: Place) {
                super::$body(place.store.admin(), &place.store).await;
            }

            async fn remotely(place: Place) {
                let (here, there) = socket_pair();
                let _serving =
                    serve_conf_admin(there, place.store.admin(), Limits::conf()).unwrap();
                let (admin, _session) = connect_conf_admin(here).unwrap();
                super::$body(admin, &place.store).await;
            }

            #[test]
            fn in_memory_locally() {
                run(async { locally(Place::in_memory($caps)).await });
            }

            #[test]
            fn in_memory_remotely() {
                run(async { remotely(Place::in_memory($caps)).await });
            }

            #[cfg(feature = "durable")]
            #[test]
            fn in_a_file_locally() {
                run(async { locally(Place::in_a_file($caps)).await });
            }

            #[cfg(feature = "durable")]
            #[test]
            fn in_a_file_remotely() {
                run(async { remotely(Place::in_a_file($caps)).await });
            }
        }
    };
}
pub(crate) use everywhere;

/// Remembers what it was told.
#[derive(Clone, Default)]
pub(crate) struct Told(Rc<ToldInner>);

#[derive(Default)]
struct ToldInner {
    changes: RefCell<Vec<ConfChange>>,
    more: Notify,
}

impl Told {
    /// The next change.
    pub(crate) async fn next(&self) -> ConfChange {
        loop {
            if !self.0.changes.borrow().is_empty() {
                return self.0.changes.borrow_mut().remove(0);
            }
            self.0.more.notified().await;
        }
    }

    /// What came by now and was not asked for.
    pub(crate) fn rest(&self) -> Vec<ConfChange> {
        self.0.changes.take()
    }

    /// Whether nothing tells it anything any more: this is the only one that holds it.
    pub(crate) fn is_forgotten(&self) -> bool {
        Rc::strong_count(&self.0) == 1
    }
}

impl ConfWatcher for Told {
    async fn changed(&self, changes: Vec<ConfChange>) -> Result<(), Error> {
        self.0.changes.borrow_mut().extend(changes);
        self.0.more.notify_one();
        Ok(())
    }
}

pub(crate) fn put(at: &str, value: ConfValue, revision: u64) -> ConfChange {
    ConfChange::Put {
        path: path(at),
        entry: ConfEntry { value, revision },
    }
}

pub(crate) fn deleted(at: &str, revision: u64) -> ConfChange {
    ConfChange::Deleted {
        path: path(at),
        revision,
    }
}

pub(crate) const fn complete(revision: u64) -> ConfChange {
    ConfChange::Complete { revision }
}
