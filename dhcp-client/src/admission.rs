//! Nothing from the wire reaches a calf before priv has seen, from outside, that it is closed.

use std::{cell::RefCell, rc::Rc};

use calf_sandbox::{Backend, Calf, Layers, VerifyError};
use sdk_rpc::Error;
use serde_json::{Map, Value};

use crate::interface::Shared;

/// Whether one calf may be given anything.
#[derive(Debug)]
pub(crate) struct Admission {
    calf: Rc<RefCell<Calf>>,
    backend: Backend,
    shared: Rc<Shared>,
    verdict: RefCell<Option<Verdict>>,
}

#[derive(Clone, Debug)]
enum Verdict {
    Admitted,
    /// It ended before it was closed; the next one may do better.
    Ended,
    /// A sandbox cannot be had here.
    NoSandbox(String),
}

impl Admission {
    pub(crate) fn new(calf: Rc<RefCell<Calf>>, backend: Backend, shared: Rc<Shared>) -> Rc<Self> {
        Rc::new(Self {
            calf,
            backend,
            shared,
            verdict: RefCell::new(None),
        })
    }

    /// Looks at the calf, the first time; later calls repeat the verdict.
    ///
    /// The calf calls for the first time after it closed itself, so what is not in force now will
    /// never be.
    pub(crate) fn admit(&self) -> Result<(), Error> {
        match self.verdict() {
            Verdict::Admitted => Ok(()),
            Verdict::Ended => Err(Error::Disconnected),
            Verdict::NoSandbox(why) => Err(Error::Refused(why)),
        }
    }

    /// Why no calf will be admitted, if that is how it is. To be asked of a calf that ended: one that
    /// never called says here which step of closing itself failed.
    pub(crate) fn no_sandbox(&self) -> Option<String> {
        match self.verdict() {
            Verdict::Admitted | Verdict::Ended => None,
            Verdict::NoSandbox(why) => Some(why),
        }
    }

    fn verdict(&self) -> Verdict {
        self.verdict
            .borrow_mut()
            .get_or_insert_with(|| self.look())
            .clone()
    }

    fn look(&self) -> Verdict {
        let calf = self.calf.borrow();
        let verified = calf.verify();
        if verified.is_ok() {
            self.shared.was_sandboxed.set(true);
        }
        match verified {
            Ok(_) if self.backend == Backend::None => Verdict::Admitted,
            Ok(layers) => {
                let absent = layers.iter().filter(|(_, in_force)| !in_force);
                self.shared
                    .absent
                    .replace(absent.map(|(layer, _)| layer.name().to_owned()).collect());
                self.shared
                    .events
                    .sandboxed(&self.shared.name, calf.pid(), layer_fields(&layers));
                Verdict::Admitted
            }
            Err(VerifyError::Ended(_)) => Verdict::Ended,
            Err(error) => Verdict::NoSandbox(error.to_string()),
        }
    }
}

fn layer_fields(layers: &Layers) -> Map<String, Value> {
    layers
        .iter()
        .map(|(layer, in_force)| {
            let state = if in_force { "in-force" } else { "absent" };
            (layer.name().to_owned(), state.into())
        })
        .collect()
}
