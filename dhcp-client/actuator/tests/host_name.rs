//! The host's name: when a lease may give it, and that nothing else does.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with its line"
)]

mod bed;

use std::{process::Command, rc::Rc};

use bed::{Bed, add_interface, isolated, lease, netlink};
use dhcp_actuator::{HostName, TakesHostName};
use nix::unistd::{gethostname, sethostname};
use sdk_rpc::{DeconfigureCause, Lease};

fn taking(when: TakesHostName) -> Bed {
    Bed::with(|options| options.takes.host_name = when)
}

/// A lease that calls the host so.
fn named(name: &str) -> Lease {
    Lease {
        host_name: Some(name.to_owned()),
        domain: None,
        ..lease()
    }
}

fn host_name() -> String {
    gethostname().unwrap().into_string().unwrap()
}

#[test]
fn case_075_a_host_without_a_name_takes_that_of_the_lease() {
    isolated(
        "case_075_a_host_without_a_name_takes_that_of_the_lease",
        || {
            for unset in ["", "(none)", "localhost", "localhost.localdomain"] {
                sethostname(unset).unwrap();
                let bed = taking(TakesHostName::WhenUnset);
                bed.configure(Lease {
                    host_name: Some("db1".to_owned()),
                    ..lease()
                });
                assert_eq!(host_name(), "db1.lan.test", "{unset:?}");
                bed::ip("link delete eth0");
            }
        },
    );
}

#[test]
fn case_075_a_name_that_somebody_gave_the_host_stays() {
    isolated("case_075_a_name_that_somebody_gave_the_host_stays", || {
        sethostname("linuxkit-020000000001").unwrap();
        let bed = taking(TakesHostName::WhenUnset);
        bed.configure(named("db1"));
        bed.update(named("db2"));
        assert_eq!(host_name(), "linuxkit-020000000001");
        assert_eq!(bed.told().len(), 2, "configured, updated, and no complaint");
    });
}

#[test]
fn case_075_a_name_that_is_none_is_not_taken() {
    isolated("case_075_a_name_that_is_none_is_not_taken", || {
        sethostname("(none)").unwrap();
        let bed = taking(TakesHostName::Always);
        for hostile in [
            "a\nb",
            "$(reboot)",
            "-rf",
            "a b",
            "\u{1b}[31m",
            "../../etc",
            "x'",
        ] {
            let lease = named(hostile);
            if bed.actuator.current().is_none() {
                bed.configure(lease);
            } else {
                bed.update(lease);
            }
            assert_eq!(host_name(), "(none)");
        }
    });
}

#[test]
fn a_name_that_a_lease_gave_may_change_with_it_and_is_never_taken_back() {
    isolated(
        "a_name_that_a_lease_gave_may_change_with_it_and_is_never_taken_back",
        || {
            sethostname("localhost").unwrap();
            let bed = taking(TakesHostName::WhenUnset);
            bed.configure(named("db1"));
            bed.update(named("db2"));
            assert_eq!(host_name(), "db2");
            bed.update(lease());
            assert_eq!(host_name(), "db2", "a lease without a name");
            bed.deconfigure(DeconfigureCause::Expired);
            assert_eq!(host_name(), "db2");
            bed.configure(named("db3"));
            assert_eq!(host_name(), "db3");

            sethostname("by-hand").unwrap();
            bed.update(named("db4"));
            assert_eq!(host_name(), "by-hand");
        },
    );
}

#[test]
fn a_host_with_a_name_takes_another_only_if_it_is_to() {
    isolated("a_host_with_a_name_takes_another_only_if_it_is_to", || {
        sethostname("by-hand").unwrap();
        let bed = taking(TakesHostName::Never);
        sethostname("localhost").unwrap();
        bed.configure(named("db1"));
        assert_eq!(host_name(), "localhost");
        drop(bed);
        bed::ip("link delete eth0");

        sethostname("by-hand").unwrap();
        let bed = taking(TakesHostName::Always);
        bed.configure(named("db1"));
        assert_eq!(host_name(), "db1");
    });
}

#[test]
fn of_two_interfaces_the_first_names_the_host_as_long_as_it_has_a_lease() {
    isolated(
        "of_two_interfaces_the_first_names_the_host_as_long_as_it_has_a_lease",
        || {
            sethostname("localhost").unwrap();
            add_interface();
            let shared = Rc::new(HostName::new());
            let netlink = netlink();
            let bed = |name| {
                let bed = Bed::of(&netlink, name, |options| {
                    options.takes.host_name = TakesHostName::Always;
                    options.host_name = Rc::clone(&shared);
                });
                bed::wait(bed.actuator.bring_up()).unwrap();
                bed
            };
            let (first, second) = (bed("eth0"), bed("far0"));
            let other = |name| Lease {
                address: [10, 9, 0, 5].into(),
                routers: Vec::new(),
                ..named(name)
            };
            first.configure(named("one"));
            second.configure(other("two"));
            assert_eq!(host_name(), "one");
            first.update(named("one"));
            second.update(other("two"));
            assert_eq!(host_name(), "one");
            first.deconfigure(DeconfigureCause::Expired);
            assert_eq!(host_name(), "one");
            second.update(other("two"));
            assert_eq!(host_name(), "two");
        },
    );
}

/// Set in the run in which the name is not this user's to change.
const POWERLESS: &str = "ACTUATOR_TEST_POWERLESS";

#[test]
fn who_may_not_set_the_name_is_told_once_and_has_the_lease() {
    const NAME: &str = "who_may_not_set_the_name_is_told_once_and_has_the_lease";
    if std::env::var_os(POWERLESS).is_none() {
        // In a user namespace the host's name is another's, unless the namespace of names is its own, too.
        let output = Command::new("unshare")
            .args(["--user", "--map-root-user", "--net", "--mount"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", NAME])
            .env(POWERLESS, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let ran = output.status.success() && said.contains("1 passed");
        assert!(ran, "{said}{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let bed = taking(TakesHostName::Always);
    bed.configure(named("never-to-be-seen"));
    bed.update(named("never-to-be-seen"));
    let told = bed.told();
    assert_eq!(told.len(), 3, "{told:?}");
    let notice = "notice cannot set the host name to never-to-be-seen: Operation not permitted (os error 1); \
                  run with CAP_SYS_ADMIN, or do not take the name from leases";
    assert!(told.iter().any(|line| line == notice), "{told:?}");
    assert_eq!(bed::address_list(), ["10.0.0.5/24"]);
    assert_ne!(host_name(), "never-to-be-seen");
}
