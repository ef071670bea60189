//! The four tables of a connection (questions, answers, imports, exports), kept a second time beside
//! those of `capnp-rpc`, to count what the peer makes this side hold and to let through only the part
//! of the protocol that our interfaces need.
//!
//! That part: Bootstrap, Call to its caller, Return, Finish, Release, Abort, and capabilities hosted
//! by their sender. No interface of ours hands a peer's capability back to it, so that promises,
//! Resolve, Disembargo and third parties never occur between honest peers; what is never needed is
//! refused before the code that implements it runs.

use std::collections::{HashMap, VecDeque};

use capnp_rpc::rpc_capnp::{
    bootstrap, call, cap_descriptor, exception, finish, message, message_target, payload, release,
    return_,
};

use crate::{Disconnect, Limit, Limits, fault};

/// Steps from an answer to a capability in it; our deepest is 1.
const TRANSFORM_STEPS: u32 = 8;

/// The peer's call, from its arrival until both sides are done with it.
#[derive(Debug)]
enum Answer {
    /// Not answered yet. `finish`: the peer no longer waits, and whether it wants no capability of
    /// the answer.
    Open { finish: Option<bool> },
    /// Answered with these exports, which Finish may release.
    Returned { exports: Vec<u32> },
    /// Answered with "no Finish needed". A Finish may be under way still.
    Settled,
}

/// A call of ours, from its sending until its id may be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Waiting,
    /// Finish was sent before the answer came: its capabilities are released by the peer.
    Cancelled,
    Returned,
}

/// References by capability id.
#[derive(Debug, Default)]
struct References {
    by_id: HashMap<u32, u32>,
    total: usize,
}

impl References {
    /// False when that is more than `limit`.
    fn add(&mut self, id: u32, limit: usize) -> bool {
        *self.by_id.entry(id).or_default() += 1;
        self.total += 1;
        self.total <= limit
    }

    /// False when there are not that many.
    fn remove(&mut self, id: u32, count: u32) -> bool {
        let Some(references) = self.by_id.get_mut(&id) else {
            return false;
        };
        let Some(rest) = references.checked_sub(count) else {
            return false;
        };
        *references = rest;
        if rest == 0 {
            self.by_id.remove(&id);
        }
        self.total = self
            .total
            .saturating_sub(usize::try_from(count).unwrap_or(usize::MAX));
        true
    }
}

/// The tables of one connection.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    answers: HashMap<u32, Answer>,
    /// Answers that are not `Settled`.
    open_calls: usize,
    questions: HashMap<u32, Question>,
    imports: References,
    exports: References,
    /// Answers whose Finish came before them, as `Answer::Open` has it.
    late: VecDeque<Finish>,
}

/// What a Finish message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finish {
    pub(crate) question: u32,
    pub(crate) release_results: bool,
}

/// What is done with a message that was found acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// `capnp-rpc` gets it now.
    Deliver,
    /// It is a Finish of a call that is not answered. `capnp-rpc` 0.27 would drop the call and never
    /// send the Return that frees the question in the peer and the answer here: a slot lost for each
    /// cancelled call. So the call runs to its end, and `Tables::late_finish` has the Finish then.
    Postpone,
}

/// A message that `capnp` cannot read.
pub(crate) fn malformed(error: &capnp::Error) -> Disconnect {
    Disconnect::Protocol(format!(
        "malformed message: {}",
        fault::clean(&error.to_string())
    ))
}

fn broken(what: &str) -> Disconnect {
    Disconnect::Protocol(what.to_owned())
}

fn read<T>(result: capnp::Result<T>) -> Result<T, Disconnect> {
    result.map_err(|error| malformed(&error))
}

impl Tables {
    /// Calls of the peer that are open.
    pub(crate) const fn open_calls(&self) -> usize {
        self.open_calls
    }

    /// Calls that are open, the peer's and ours.
    pub(crate) fn open_both_ways(&self) -> usize {
        self.open_calls + self.questions.len()
    }

    /// A postponed Finish whose call is answered now.
    pub(crate) fn late_finish(&mut self) -> Option<Finish> {
        self.late.pop_front()
    }

    /// Judges a message of the peer.
    pub(crate) fn receive(
        &mut self,
        message: message::Reader<'_>,
        limits: &Limits,
    ) -> Result<Admission, Disconnect> {
        match message.which() {
            Ok(message::Finish(finish)) => return self.receive_finish(read(finish)?),
            Ok(message::Bootstrap(bootstrap)) => {
                let bootstrap: bootstrap::Reader<'_> = read(bootstrap)?;
                self.open_answer(bootstrap.get_question_id(), limits)
            }
            Ok(message::Call(call)) => self.receive_call(read(call)?, limits),
            Ok(message::Return(answer)) => self.receive_return(read(answer)?, limits),
            Ok(message::Release(release)) => self.receive_release(read(release)?),
            Ok(message::Abort(abort)) => Err(farewell(read(abort)?)),
            Ok(message::Unimplemented(_)) => Err(broken("Unimplemented")),
            Ok(message::Resolve(_)) => Err(broken("Resolve without a promise")),
            Ok(message::Disembargo(_)) => Err(broken("Disembargo without a promise")),
            Ok(
                message::Provide(_)
                | message::Accept(_)
                | message::Join(_)
                | message::ObsoleteSave(_)
                | message::ObsoleteDelete(_),
            ) => Err(broken("message of a level that is not spoken")),
            Err(capnp::NotInSchema(_)) => Err(broken("unknown message")),
        }
        .map(|()| Admission::Deliver)
    }

    fn receive_call(&mut self, call: call::Reader<'_>, limits: &Limits) -> Result<(), Disconnect> {
        self.check_target(read(call.get_target())?)?;
        match call.get_send_results_to().which() {
            Ok(call::send_results_to::Caller(())) => {}
            Ok(call::send_results_to::Yourself(()) | call::send_results_to::ThirdParty(_))
            | Err(capnp::NotInSchema(_)) => return Err(broken("results to someone else")),
        }
        self.open_answer(call.get_question_id(), limits)?;
        self.import_all(read(call.get_params())?, limits)
    }

    fn check_target(&self, target: message_target::Reader<'_>) -> Result<(), Disconnect> {
        match target.which() {
            Ok(message_target::ImportedCap(id)) if self.exports.by_id.contains_key(&id) => Ok(()),
            Ok(message_target::ImportedCap(_)) => Err(broken("call to an unknown capability")),
            Ok(message_target::PromisedAnswer(promised)) => {
                let promised = read(promised)?;
                if read(promised.get_transform())?.len() > TRANSFORM_STEPS {
                    return Err(broken("call to a capability too deep in an answer"));
                }
                if self.answers.contains_key(&promised.get_question_id()) {
                    Ok(())
                } else {
                    Err(broken("call to a capability of an unknown answer"))
                }
            }
            Err(capnp::NotInSchema(_)) => Err(broken("call to an unknown kind of target")),
        }
    }

    fn open_answer(&mut self, id: u32, limits: &Limits) -> Result<(), Disconnect> {
        // Ids are given out lowest first, so that an honest peer's stay below its open calls. That
        // bounds the settled answers too.
        let highest = u32::try_from(limits.calls).unwrap_or(u32::MAX);
        if id >= highest || self.open_calls >= limits.calls {
            return Err(Disconnect::Limit(Limit::Calls));
        }
        match self.answers.insert(id, Answer::Open { finish: None }) {
            None | Some(Answer::Settled) => {
                self.open_calls += 1;
                Ok(())
            }
            Some(Answer::Open { .. } | Answer::Returned { .. }) => {
                Err(broken("question id is in use"))
            }
        }
    }

    fn import_all(
        &mut self,
        payload: payload::Reader<'_>,
        limits: &Limits,
    ) -> Result<(), Disconnect> {
        for descriptor in read(payload.get_cap_table())? {
            match descriptor.which() {
                Ok(cap_descriptor::None(())) => {}
                Ok(cap_descriptor::SenderHosted(id)) => {
                    if !self.imports.add(id, limits.imports) {
                        return Err(Disconnect::Limit(Limit::Imports));
                    }
                }
                Ok(
                    cap_descriptor::SenderPromise(_)
                    | cap_descriptor::ReceiverHosted(_)
                    | cap_descriptor::ReceiverAnswer(_)
                    | cap_descriptor::ThirdPartyHosted(_),
                )
                | Err(capnp::NotInSchema(_)) => {
                    return Err(broken("capability not hosted by its sender"));
                }
            }
        }
        Ok(())
    }

    fn receive_return(
        &mut self,
        answer: return_::Reader<'_>,
        limits: &Limits,
    ) -> Result<(), Disconnect> {
        let id = answer.get_answer_id();
        let question = match self.questions.get(&id) {
            Some(Question::Returned) => return Err(broken("second Return to one question")),
            Some(question) => *question,
            None => return Err(broken("Return to an unknown question")),
        };
        match (answer.which(), question) {
            (Ok(return_::Results(results)), Question::Waiting) => {
                self.import_all(read(results)?, limits)?;
            }
            (Ok(return_::Exception(_)), _)
            | (Ok(return_::Results(_) | return_::Canceled(())), Question::Cancelled) => {}
            (Ok(return_::Canceled(())), _) => {
                return Err(broken("Return of a call as cancelled that was not"));
            }
            (
                Ok(
                    return_::Results(_)
                    | return_::ResultsSentElsewhere(())
                    | return_::TakeFromOtherQuestion(_)
                    | return_::AcceptFromThirdParty(_),
                )
                | Err(capnp::NotInSchema(_)),
                _,
            ) => return Err(broken("Return of results that are elsewhere")),
        }
        if question == Question::Cancelled || answer.get_no_finish_needed() {
            self.questions.remove(&id);
        } else {
            self.questions.insert(id, Question::Returned);
        }
        Ok(())
    }

    fn receive_finish(&mut self, finish: finish::Reader<'_>) -> Result<Admission, Disconnect> {
        let id = finish.get_question_id();
        let release_results = finish.get_release_result_caps();
        match self.answers.remove(&id) {
            None => Err(broken("Finish of an unknown question")),
            Some(Answer::Open { finish: Some(_) }) => Err(broken("second Finish of one question")),
            Some(Answer::Open { finish: None }) => {
                let finish = Some(release_results);
                self.answers.insert(id, Answer::Open { finish });
                Ok(Admission::Postpone)
            }
            Some(Answer::Settled) => Ok(Admission::Deliver),
            Some(Answer::Returned { exports }) => {
                self.open_calls -= 1;
                self.release_results(&exports, release_results)?;
                Ok(Admission::Deliver)
            }
        }
    }

    fn release_results(&mut self, exports: &[u32], release: bool) -> Result<(), Disconnect> {
        if release && !exports.iter().all(|id| self.exports.remove(*id, 1)) {
            return Err(broken("Finish releases a capability twice"));
        }
        Ok(())
    }

    fn receive_release(&mut self, release: release::Reader<'_>) -> Result<(), Disconnect> {
        if self
            .exports
            .remove(release.get_id(), release.get_reference_count())
        {
            Ok(())
        } else {
            Err(broken("Release of more references than there are"))
        }
    }

    /// Takes note of a message of ours. What `capnp-rpc` made is well-formed; a limit can still be
    /// broken, since it is the peer who asked for it.
    pub(crate) fn send(
        &mut self,
        message: message::Reader<'_>,
        limits: &Limits,
    ) -> Result<(), Disconnect> {
        match message.which() {
            Ok(message::Bootstrap(bootstrap)) => {
                let bootstrap: bootstrap::Reader<'_> = read(bootstrap)?;
                self.questions
                    .insert(bootstrap.get_question_id(), Question::Waiting);
            }
            Ok(message::Call(call)) => {
                let call: call::Reader<'_> = read(call)?;
                self.questions
                    .insert(call.get_question_id(), Question::Waiting);
                self.export_all(read(call.get_params())?, limits)?;
            }
            Ok(message::Return(answer)) => self.send_return(read(answer)?, limits)?,
            Ok(message::Finish(finish)) => {
                let finish: finish::Reader<'_> = read(finish)?;
                let id = finish.get_question_id();
                if self.questions.remove(&id) == Some(Question::Waiting) {
                    self.questions.insert(id, Question::Cancelled);
                }
            }
            Ok(message::Release(release)) => {
                let release: release::Reader<'_> = read(release)?;
                let _known = self
                    .imports
                    .remove(release.get_id(), release.get_reference_count());
            }
            Ok(
                message::Abort(_)
                | message::Unimplemented(_)
                | message::Resolve(_)
                | message::Disembargo(_)
                | message::Provide(_)
                | message::Accept(_)
                | message::Join(_)
                | message::ObsoleteSave(_)
                | message::ObsoleteDelete(_),
            )
            | Err(capnp::NotInSchema(_)) => {}
        }
        Ok(())
    }

    fn send_return(
        &mut self,
        answer: return_::Reader<'_>,
        limits: &Limits,
    ) -> Result<(), Disconnect> {
        let id = answer.get_answer_id();
        let exports = match answer.which() {
            Ok(return_::Results(results)) => self.export_all(read(results)?, limits)?,
            Ok(
                return_::Exception(_)
                | return_::Canceled(())
                | return_::ResultsSentElsewhere(())
                | return_::TakeFromOtherQuestion(_)
                | return_::AcceptFromThirdParty(_),
            )
            | Err(capnp::NotInSchema(_)) => Vec::new(),
        };
        if let Some(Answer::Open {
            finish: Some(release_results),
        }) = self.answers.get(&id)
        {
            let release_results = *release_results;
            self.answers.remove(&id);
            self.open_calls -= 1;
            self.release_results(&exports, release_results)?;
            self.late.push_back(Finish {
                question: id,
                release_results,
            });
        } else if answer.get_no_finish_needed() {
            self.answers.insert(id, Answer::Settled);
            self.open_calls -= 1;
        } else {
            self.answers.insert(id, Answer::Returned { exports });
        }
        Ok(())
    }

    fn export_all(
        &mut self,
        payload: payload::Reader<'_>,
        limits: &Limits,
    ) -> Result<Vec<u32>, Disconnect> {
        let mut exported = Vec::new();
        for descriptor in read(payload.get_cap_table())? {
            if let Ok(cap_descriptor::SenderHosted(id) | cap_descriptor::SenderPromise(id)) =
                descriptor.which()
            {
                if !self.exports.add(id, limits.exports) {
                    return Err(Disconnect::Limit(Limit::Exports));
                }
                exported.push(id);
            }
        }
        Ok(exported)
    }
}

/// The peer's own reason for ending the connection.
fn farewell(abort: exception::Reader<'_>) -> Disconnect {
    if abort.get_type() == Ok(exception::Type::Disconnected) {
        return Disconnect::Closed;
    }
    let reason = abort.get_reason().ok().and_then(|text| text.to_str().ok());
    Disconnect::Aborted(fault::clean(reason.unwrap_or("(no reason)")))
}
