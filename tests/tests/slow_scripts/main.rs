//! What time alone brings about, so slow: a renewal, the end of a lease, the end of the time a script has.

mod hanging;
#[path = "../scripts/recorder.rs"]
mod recorder;
#[path = "../scripts/run.rs"]
#[allow(dead_code, reason = "the tests that are fast use all of it")]
mod run;

use calfkit_tests::Terms;

use crate::run::{DHCLIENT, Run, same, terms};

#[test]
fn the_script_is_told_the_same_of_a_renewal_as_by_dhclient_and_makes_the_same_of_it() {
    let terms = Terms {
        renewal_seconds: Some(5),
        rebinding_seconds: Some(3000),
        ..terms()
    };
    let original = Run::original(DHCLIENT, terms.clone());
    let ours = Run::ours(DHCLIENT, terms);
    same(&original, &ours, &["PREINIT", "BOUND"], &[]);
    same(&original, &ours, &["PREINIT", "BOUND", "RENEW"], &[]);
}

#[test]
fn the_script_is_told_the_same_of_the_end_of_a_lease_as_by_dhclient_and_makes_the_same_of_it() {
    let terms = Terms {
        lease_seconds: 12,
        ..terms()
    };
    let original = Run::original(DHCLIENT, terms.clone());
    let ours = Run::ours(DHCLIENT, terms);
    same(&original, &ours, &["PREINIT", "BOUND"], &[]);
    original.silence();
    ours.silence();
    // What the first of the two took away shows after the second.
    let over = ["PREINIT", "BOUND", "EXPIRE", "PREINIT"];
    same(&original, &ours, &over, &[]);
}
