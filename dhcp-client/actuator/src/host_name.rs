//! The host's own name, where a lease may give it one.
//!
//! The rules are those of dhcpcd's hook 30-hostname, which images count on: a name that somebody gave the host
//! stays. One difference is on purpose: when the lease is over its name stays, too, because programs have
//! written it down by then and a host without a name serves nobody.
//!
//! That hook prefers the name of option 81 (RFC 4702) to that of option 12. Here there is one name, the
//! lease's: which option it was read from is the business of whoever may parse options, and priv does not.
//!
//! One [`HostName`] serves all interfaces of the process, because the host has one name. Among interfaces
//! whose leases give different ones the first keeps it, or it would change at every renewal.

use std::{cell::RefCell, io};

use nix::unistd::{gethostname, sethostname};
use sdk_rpc::Lease;

use crate::policy::{Checked, is_name};

/// Names that mean that nobody gave one.
const UNSET: [&str; 4] = ["", "(none)", "localhost", "localhost.localdomain"];
/// Octets of the longest name that the kernel takes (sethostname(2), __NEW_UTS_LEN).
const LONGEST: usize = 64;

/// When the host takes its name from a lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TakesHostName {
    /// Never.
    #[default]
    Never,
    /// When it is blank, `localhost`, or one that an earlier lease of this process gave.
    WhenUnset,
    /// Always; but one that another interface's lease gives stays while that is in force.
    Always,
}

/// What leases have done to the host's name.
#[derive(Debug, Default)]
pub struct HostName {
    given: RefCell<Option<Given>>,
    /// The name that the kernel refused last: said once.
    refused: RefCell<Option<String>>,
}

/// The last name that a lease gave.
#[derive(Debug)]
struct Given {
    name: String,
    /// The interface, while its lease is in force and still says so.
    interface: Option<String>,
}

impl HostName {
    /// Knows of no lease yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the host the name of a lease, if it has one and the host may have it.
    ///
    /// # Errors
    /// One line for the operator, the first time.
    pub(crate) fn take(
        &self,
        interface: &str,
        when: TakesHostName,
        checked: &Checked,
    ) -> Result<(), String> {
        let Some(wanted) = wanted(checked.lease()).filter(|_| when != TakesHostName::Never) else {
            self.let_go(interface);
            return Ok(());
        };
        let present = gethostname().unwrap_or_default();
        let present = present.to_string_lossy();
        if self.belongs_to_another(interface, &present) {
            return Ok(());
        }
        let may = match when {
            TakesHostName::Never => false,
            TakesHostName::WhenUnset => {
                UNSET.contains(&&*present) || present == wanted || self.was_given(&present)
            }
            TakesHostName::Always => true,
        };
        if !may {
            return Ok(());
        }
        if present != wanted
            && let Err(error) = sethostname(&wanted)
        {
            return self.refuse(wanted, error.into());
        }
        self.given.replace(Some(Given {
            name: wanted,
            interface: Some(interface.to_owned()),
        }));
        Ok(())
    }

    /// The lease of `interface` says nothing about the name any more: another's may.
    pub(crate) fn let_go(&self, interface: &str) {
        if let Some(given) = &mut *self.given.borrow_mut() {
            given.interface.take_if(|by| by == interface);
        }
    }

    fn was_given(&self, present: &str) -> bool {
        let given = self.given.borrow();
        given.as_ref().is_some_and(|given| given.name == present)
    }

    fn belongs_to_another(&self, interface: &str, present: &str) -> bool {
        let given = self.given.borrow();
        given.as_ref().is_some_and(|given| {
            let another = given.interface.as_ref().is_some_and(|by| by != interface);
            another && given.name == present
        })
    }

    fn refuse(&self, wanted: String, error: io::Error) -> Result<(), String> {
        let mut refused = self.refused.borrow_mut();
        if refused.as_ref() == Some(&wanted) {
            return Ok(());
        }
        let line = format!(
            "cannot set the host name to {wanted}: {error}; run with CAP_SYS_ADMIN, or do not take the name \
             from leases"
        );
        *refused = Some(wanted);
        Err(line)
    }
}

/// The name that a lease means: as given, or with the domain where it has none of its own. A name that is too
/// long for the kernel is cut to what it begins with, never in the middle of a label.
fn wanted(lease: &Lease) -> Option<String> {
    let name = lease.host_name.as_deref()?;
    let with_domain = match &lease.domain {
        Some(domain) if !name.contains('.') => format!("{name}.{domain}"),
        Some(_) | None => name.to_owned(),
    };
    let first_label = name.split('.').next().unwrap_or(name);
    let fits = |name: &&str| name.len() <= LONGEST && is_name(name);
    let candidates = [with_domain.as_str(), name, first_label];
    candidates.into_iter().find(fits).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::tests::{LIMITS, NOW, lease};

    fn name(host_name: Option<&str>, domain: Option<&str>) -> Option<String> {
        let lease = Lease {
            host_name: host_name.map(str::to_owned),
            domain: domain.map(str::to_owned),
            ..lease()
        };
        let (checked, _) = crate::policy::check(lease, LIMITS, NOW).unwrap();
        wanted(checked.lease())
    }

    #[test]
    fn a_name_without_a_domain_gets_the_leases() {
        let table = [
            (Some("db1"), None, Some("db1")),
            (Some("db1"), Some("lan.test"), Some("db1.lan.test")),
            (Some("db1.dmz.test"), Some("lan.test"), Some("db1.dmz.test")),
            (None, Some("lan.test"), None),
            (Some("db 1"), Some("lan.test"), None),
            (Some("db1"), Some("$(id)"), Some("db1")),
        ];
        for (host_name, domain, expected) in table {
            assert_eq!(name(host_name, domain).as_deref(), expected);
        }
    }

    #[test]
    fn a_name_that_is_too_long_for_the_kernel_is_cut_between_labels() {
        let long = "x".repeat(60);
        assert_eq!(name(Some(&long), Some("lan.test")), Some(long.clone()));
        let dotted = format!("{long}.lan.test");
        assert_eq!(name(Some(&dotted), None), Some(long));
        let just_fits = format!("{}.test", "x".repeat(59));
        assert_eq!(name(Some(&just_fits), None), Some(just_fits));
    }
}
