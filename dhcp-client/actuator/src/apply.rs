//! Carries out a plan: all of it, or none.

use core::fmt;
use std::io;

use nix::libc;

use crate::{
    messages::{self, Request},
    netlink::{Answer, Kernel},
    plan::{Address, Claim, FOR_EVER, Plan, Planned, Step, same_address},
    present,
};

/// A change that could not be made.
#[derive(Debug)]
pub enum Failure {
    /// The kernel refused a step.
    Refused {
        /// What was tried.
        step: String,
        /// Its answer.
        answer: Answer,
    },
    /// The netlink socket failed.
    Netlink(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { step, answer } => {
                write!(formatter, "cannot {step}: {answer}; {}", fix(answer.errno))
            }
            Self::Netlink(error) => {
                write!(
                    formatter,
                    "netlink failed: {error}; the change may be there in part"
                )
            }
        }
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Netlink(error)
    }
}

/// What the operator can do about it.
fn fix(errno: i32) -> &'static str {
    match errno {
        libc::EPERM | libc::EACCES => "run with CAP_NET_ADMIN in the interface's network namespace",
        libc::ENODEV => "the interface is gone; bring it back",
        libc::ENETDOWN => "bring the link up",
        libc::EINVAL | libc::ENETUNREACH | libc::EHOSTUNREACH => {
            "the lease does not fit this host: look for the same addresses elsewhere with `ip address`"
        }
        _ => "see the kernel log",
    }
}

/// What a plan did beyond what it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The link took the MTU.
    pub(crate) mtu_set: bool,
    /// Whether the lease's address goes with the lease; none where that has not changed.
    pub(crate) owns_address: Option<bool>,
    /// For the operator: what did not work and did not matter enough.
    pub(crate) notices: Vec<String>,
}

/// What the kernel's answer means for a step.
enum Verdict {
    Done,
    /// Nothing changed, and nothing had to.
    Already,
    /// Not worth losing the lease over.
    Pointless(Answer),
    Failed(Answer),
}

/// Carries out `plan` on interface `index`.
///
/// # Errors
/// The first step that the kernel refused; what was done before and after it is taken back.
pub(crate) fn apply(kernel: &mut Kernel, index: u32, plan: &Plan) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let mut undo = Vec::new();
    let additions = run(
        kernel,
        index,
        (plan, &plan.additions),
        &mut undo,
        &mut outcome,
    );
    let result = match additions {
        Ok(()) => run(
            kernel,
            index,
            (plan, &plan.removals),
            &mut undo,
            &mut outcome,
        ),
        Err(failure) => Err(failure),
    };
    match result {
        Ok(()) => Ok(outcome),
        Err(failure) => {
            take_back(kernel, index, undo);
            Err(failure)
        }
    }
}

/// Carries out as much of `plan` as there is to; for leaving, where nothing is taken back.
///
/// # Errors
/// The first step that the kernel refused; the others are done.
pub(crate) fn apply_all(kernel: &mut Kernel, index: u32, plan: &Plan) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let mut ignored = Vec::new();
    let removals = run(
        kernel,
        index,
        (plan, &plan.removals),
        &mut ignored,
        &mut outcome,
    );
    let additions = run(
        kernel,
        index,
        (plan, &plan.additions),
        &mut ignored,
        &mut outcome,
    );
    removals.and(additions).map(|()| outcome)
}

/// Sends steps of a plan together. The kernel tries each, so what follows a refused one may be done too: all
/// that was done goes to `undo`.
fn run(
    kernel: &mut Kernel,
    index: u32,
    (plan, planned): (&Plan, &[Planned]),
    undo: &mut Vec<Step>,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    if planned.is_empty() {
        return Ok(());
    }
    let requests: Vec<Request> = planned
        .iter()
        .map(|planned| messages::request(planned.step, index))
        .collect();
    let answers = kernel.change(requests)?;
    let mut first_failure = None;
    let mut met = None;
    for (planned, answer) in planned.iter().zip(answers) {
        let brought = match planned.step {
            Step::AddAddress(address) => Some(address).filter(|it| plan.address == Some(*it)),
            Step::ExtendAddress(_)
            | Step::RemoveAddress(_)
            | Step::AddRoute(_)
            | Step::RemoveRoute(_)
            | Step::SetMtu(_) => None,
        };
        match verdict(planned.step, answer) {
            Verdict::Done => {
                undo.push(planned.undo);
                outcome.mtu_set |= matches!(planned.step, Step::SetMtu(_));
                outcome.owns_address = brought.map(|_| true).or(outcome.owns_address);
            }
            Verdict::Already => met = brought.or(met),
            Verdict::Pointless(answer) => {
                outcome.notices.push(format!(
                    "cannot {}: {answer}; it is left as it is",
                    Words(planned.step)
                ));
            }
            Verdict::Failed(answer) => {
                first_failure.get_or_insert(Failure::Refused {
                    step: Words(planned.step).to_string(),
                    answer,
                });
            }
        }
    }
    match (first_failure, met) {
        (Some(failure), _) => Err(failure),
        (None, Some(address)) => {
            outcome.owns_address = Some(meet(kernel, index, address, plan.claim)?);
            Ok(())
        }
        (None, None) => Ok(()),
    }
}

/// The lease's address was there already. One that is taken over gets the lifetimes of the lease, and is never
/// removed for that. Tells whether it was.
fn meet(kernel: &mut Kernel, index: u32, address: Address, claim: Claim) -> Result<bool, Failure> {
    let ours = match claim {
        Claim::Ours => true,
        Claim::IfLent => {
            let present = present::addresses(kernel, index)?;
            let mut same = present.iter().filter(|it| same_address(it, &address));
            // One that is gone by now was somebody's for a time.
            same.all(|there| there.seconds != FOR_EVER)
        }
        Claim::Theirs => false,
    };
    if ours {
        extend(kernel, index, address)?;
    }
    Ok(ours)
}

fn extend(kernel: &mut Kernel, index: u32, address: Address) -> Result<(), Failure> {
    let request = messages::request(Step::ExtendAddress(address), index);
    let answers = kernel.change(vec![request])?;
    match answers.into_iter().find_map(Result::err) {
        None => Ok(()),
        Some(answer) => Err(Failure::Refused {
            step: "set the lifetime of the address".to_owned(),
            answer,
        }),
    }
}

fn take_back(kernel: &mut Kernel, index: u32, undo: Vec<Step>) {
    let requests: Vec<Request> = undo
        .into_iter()
        .rev()
        .map(|step| messages::request(step, index))
        .collect();
    // The failure that led here is the one to tell; what cannot be taken back is mostly gone with the
    // interface or with the address before it.
    drop(kernel.change(requests));
}

fn verdict(step: Step, answer: Result<(), Answer>) -> Verdict {
    let Err(answer) = answer else {
        return Verdict::Done;
    };
    match step {
        Step::AddAddress(_) | Step::AddRoute(_) if answer.errno == libc::EEXIST => Verdict::Already,
        // What is to go and is gone already is as wanted.
        Step::RemoveAddress(_) if matches!(answer.errno, libc::EADDRNOTAVAIL | libc::ENODEV) => {
            Verdict::Already
        }
        Step::RemoveRoute(_)
            if matches!(answer.errno, libc::ESRCH | libc::ENODEV | libc::ENETDOWN) =>
        {
            Verdict::Already
        }
        Step::SetMtu(_) => Verdict::Pointless(answer),
        Step::AddAddress(_)
        | Step::ExtendAddress(_)
        | Step::RemoveAddress(_)
        | Step::AddRoute(_)
        | Step::RemoveRoute(_) => Verdict::Failed(answer),
    }
}

/// A step in words that follow "cannot".
struct Words(Step);

impl fmt::Display for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Step::AddAddress(it) => write!(formatter, "add address {it}"),
            Step::ExtendAddress(it) => write!(formatter, "extend address {it}"),
            Step::RemoveAddress(it) => write!(formatter, "remove address {it}"),
            Step::AddRoute(it) => write!(formatter, "add route {it}"),
            Step::RemoveRoute(it) => write!(formatter, "remove route {it}"),
            Step::SetMtu(mtu) => write!(formatter, "set the MTU to {mtu}"),
        }
    }
}
