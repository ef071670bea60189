//! When a run ends, and what it waits for, by what the command line says and how many interfaces it names.

use std::time::Duration;

use dhcp_frontend::setup::{Background, Ending, Fate, Patience, Purpose, Then, WaitFor};

use crate::bed::{Bed, fate};

const HALF_A_MINUTE: Patience = Patience::Time(Duration::from_secs(30));

fn ending(words: &str) -> Ending {
    Bed::default().run(words).ending
}

#[test]
fn with_one_interface_the_timeout_ends_the_run() {
    assert_eq!(
        ending("eth0"),
        Ending {
            once: false,
            wait_for: WaitFor::Any,
            background: Background::WhenLeased,
            waits_for_carrier: true,
            patience: HALF_A_MINUTE,
            then: Then::Exit(1),
            interrupted: 1,
        }
    );
}

#[test]
fn with_many_interfaces_the_timeout_puts_it_into_the_background() {
    let many = Ending {
        once: false,
        wait_for: WaitFor::Any,
        background: Background::WhenLeased,
        waits_for_carrier: false,
        patience: HALF_A_MINUTE,
        then: Then::Background,
        interrupted: 1,
    };
    for words in ["", "eth0 eth1", "-M eth0"] {
        assert_eq!(ending(words), many, "{words}");
    }
    assert!(ending("-w").waits_for_carrier);
    assert!(ending("--waitip=4").waits_for_carrier);
}

#[test]
fn once_ends_with_status_1_at_the_timeout_whatever_else_is_said() {
    for (words, background) in [
        ("-1", Background::WhenLeased),
        ("-1 eth0", Background::WhenLeased),
        ("-1 -B", Background::Never),
        ("-B1w eth0 eth1", Background::Never),
        ("-1 -b", Background::AtOnce),
    ] {
        let ending = ending(words);
        assert!(ending.once && ending.waits_for_carrier, "{words}");
        assert_eq!(ending.background, background, "{words}");
        assert_eq!(
            (ending.patience, ending.then),
            (HALF_A_MINUTE, Then::Exit(1)),
            "{words}"
        );
    }
}

#[test]
fn the_timeout_is_what_is_said_and_zero_is_for_ever() {
    assert_eq!(
        ending("-t 5 eth0").patience,
        Patience::Time(Duration::from_secs(5))
    );
    assert_eq!(ending("-t 0 eth0").patience, Patience::Endless);
    assert_eq!(ending("-1 -t 0").patience, Patience::Endless);
}

#[test]
fn in_the_foreground_or_in_the_background_from_the_start_it_goes_on() {
    let goes_on = |words: &str, background: Background| {
        let ending = ending(words);
        assert_eq!(ending.background, background, "{words}");
        assert_eq!(
            (ending.patience, ending.then),
            (Patience::Endless, Then::GoOn)
        );
    };
    goes_on("-B eth0", Background::Never);
    goes_on("-b", Background::AtOnce);
    goes_on("-b -B", Background::Never);
}

#[test]
fn a_test_configures_nothing_and_leaves_no_trace() {
    let setup = Bed::with("option rapid_commit\nnodelay").run("-T eth0");
    assert!(setup.purpose == Purpose::Test && setup.ending.once);
    assert_eq!(setup.ending.background, Background::Never);
    let settings = &setup.profile.settings;
    assert!(!settings.rapid_commit);
    assert_eq!(settings.link_local_after, None);
    assert_eq!(settings.reboot_timeout, 0);
    assert_eq!(
        (&setup.files.pid_file, &setup.files.run_directory),
        (&None, &None)
    );
    assert_eq!(setup.profile.lease_folder, None);
    assert_eq!(setup.log.targets.len(), 1);
    assert_eq!(Bed::default().run("eth0").purpose, Purpose::Serve);
}

#[test]
fn the_three_boot_defects_of_the_original_are_said_to_be_mended() {
    let setup = Bed::with("waitip 4\nallowinterfaces eth*").run("-B -1 -t 5 eth0");
    let said = |what: &str, how: &str| {
        let fate = fate(&setup, what);
        assert!(
            matches!(fate, Fate::Different(said) if said.contains(how)),
            "{what}: {fate:?}"
        );
    };
    said(
        "-1",
        "the timeout ends it with status 1, also with --nobackground",
    );
    said("waitip 4", "it holds with --nobackground too");
    said("eth0", "it is waited for, up to the timeout");
    assert!(setup.interfaces.wait_for_named);
}
