//! From a list of calls to a filter: everything that is not on the list ends the whole process.
//!
//! Conditions of one rule are all needed, rules of one call are alternatives. Arguments are compared as
//! 64 bits, so that nothing hides above an `int` (CVE-2019-10063). The compiler checks the architecture
//! first; a call of the x32 ABI has another number and is on no list.

use std::collections::BTreeMap;

use nix::errno::Errno;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use crate::calf_abi::{Call, Pin, Which};

/// The descriptors that pins of the live list speak of, by what may be done with them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) readable: Vec<u64>,
    pub(crate) writable: Vec<u64>,
    pub(crate) pollers: Vec<u64>,
    pub(crate) timers: Vec<u64>,
    /// The program to execute: for the start list only.
    pub(crate) program: Vec<u64>,
}

impl Numbers {
    fn of(&self, which: Which) -> &[u64] {
        match which {
            Which::Pollers => &self.pollers,
            Which::Program => &self.program,
            Which::Readable => &self.readable,
            Which::Timers => &self.timers,
            Which::Writable => &self.writable,
        }
    }
}

/// Compiles `calls`. A call whose pins no descriptor can meet is left out: nobody may make it.
pub(crate) fn compile<'a>(
    calls: impl IntoIterator<Item = &'a Call>,
    numbers: &Numbers,
) -> Result<BpfProgram, Errno> {
    let mut rules = BTreeMap::new();
    for call in calls {
        let ways = alternatives(call.pins, numbers);
        if call.pins.is_empty() {
            rules.insert(call.number, Vec::new());
        } else if !ways.is_empty() {
            let ways: Result<Vec<_>, _> = ways.into_iter().map(SeccompRule::new).collect();
            rules.insert(call.number, ways.map_err(|_| Errno::EINVAL)?);
        }
    }
    let kill = SeccompAction::KillProcess;
    let filter = SeccompFilter::new(rules, kill, SeccompAction::Allow, TargetArch::x86_64);
    let filter = filter.map_err(|_| Errno::EINVAL)?;
    BpfProgram::try_from(filter).map_err(|_| Errno::EINVAL)
}

/// Every way to meet all pins.
fn alternatives(pins: &[Pin], numbers: &Numbers) -> Vec<Vec<SeccompCondition>> {
    let mut ways: Vec<Vec<SeccompCondition>> = vec![Vec::new()];
    for pin in pins {
        let choices: Vec<SeccompCondition> = match *pin {
            Pin::Bits { argument, allowed } => {
                condition(argument, SeccompCmpOp::MaskedEq(!allowed), 0)
                    .into_iter()
                    .collect()
            }
            Pin::BitsAnd {
                argument,
                exactly,
                besides,
            } => condition(argument, SeccompCmpOp::MaskedEq(!besides), exactly)
                .into_iter()
                .collect(),
            Pin::Descriptor { argument, which } => numbers
                .of(which)
                .iter()
                .filter_map(|number| condition(argument, SeccompCmpOp::Eq, *number))
                .collect(),
            Pin::OneOf { argument, values } => values
                .iter()
                .filter_map(|value| condition(argument, SeccompCmpOp::Eq, *value))
                .collect(),
        };
        ways = ways
            .iter()
            .flat_map(|way| {
                choices
                    .iter()
                    .map(|choice| way.iter().chain([choice]).cloned().collect())
            })
            .collect();
    }
    ways
}

/// `None` only for an argument number above 5, of which the lists have none (a test counts the rules).
fn condition(argument: u8, operation: SeccompCmpOp, value: u64) -> Option<SeccompCondition> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, operation, value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calf_abi::{calf_abi, start_calls};

    fn numbers() -> Numbers {
        Numbers {
            readable: vec![0, 3, 4],
            writable: vec![1, 2, 3, 4],
            pollers: vec![6, 7],
            timers: vec![9],
            program: vec![5],
        }
    }

    #[test]
    fn the_pins_of_every_call_can_be_met() {
        for call in calf_abi().iter().chain(start_calls()) {
            let ways = alternatives(call.pins, &numbers());
            assert!(!ways.is_empty(), "{}", call.name);
            assert!(
                ways.iter().all(|way| way.len() == call.pins.len()),
                "{}",
                call.name
            );
        }
    }

    #[test]
    fn both_lists_fit_the_kernels_limit() {
        // seccomp(2): BPF_MAXINSNS, 4096.
        assert!(compile(calf_abi(), &numbers()).unwrap().len() < 4096);
        assert!(compile(start_calls(), &numbers()).unwrap().len() < 4096);
    }

    #[test]
    fn the_calf_abi_has_at_most_twenty_calls() {
        let names: std::collections::BTreeSet<&str> =
            calf_abi().iter().map(|call| call.name).collect();
        assert!(names.len() <= 20, "{names:?}");
        assert_eq!(names.len(), calf_abi().len());
    }

    #[test]
    fn no_call_is_twice_on_a_list() {
        // Rules of one call are alternatives: a second, wider line would undo the first one's pins.
        let numbers: Vec<i64> = start_calls().map(|call| call.number).collect();
        let distinct: std::collections::BTreeSet<i64> = numbers.iter().copied().collect();
        assert_eq!(distinct.len(), numbers.len());
    }

    #[test]
    fn the_start_list_allows_all_that_the_final_list_allows() {
        for call in calf_abi() {
            assert!(
                start_calls().any(|start| start.number == call.number),
                "{}",
                call.name
            );
        }
    }
}
