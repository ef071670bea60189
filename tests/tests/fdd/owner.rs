//! Who may have an end: the owner of the share, and whoever is of its group, whatever the path permits.

use calfkit_tests::{
    fdd::{FddHost, SHARE},
    inspect::Snapshot,
    said::Said,
    users::User,
};

/// Arbitrary users and groups.
const ALICE: u32 = 4201;
const BOB: u32 = 4202;
const GROUP: u32 = 4300;

/// A host with a daemon of root's, and a share made with these options; `None` inside a user namespace
/// with a single user, where there is nobody to be refused.
fn host_with(options: &[&str]) -> Option<(FddHost, calfkit_tests::process::Process)> {
    if !User::exist() {
        return None;
    }
    let host = FddHost::new();
    let daemon = host.daemon();
    // Whom the folder lets through is not the question here.
    host.namespace().open_folders();
    let words = [&["share", SHARE], options].concat();
    let said = host.say(&words);
    assert_eq!(said.code, Some(0), "{said:?}");
    Some((host, daemon))
}

fn take_as(host: &FddHost, uid: u32, gid: u32) -> Said {
    let at = format!("{SHARE}:3");
    let words = ["exec", "-m", &at, "--timeout", "1", "--", "true"];
    Said::by(host.command_as(uid, gid, &words))
}

#[test]
fn a_stranger_is_refused_by_name_where_the_permissions_would_let_her_in() {
    let Some((host, _daemon)) = host_with(&["--mode", "0666"]) else {
        return;
    };
    let said = take_as(&host, ALICE, GROUP).refusal(1);
    assert!(
        said.contains(&format!("refused to user {ALICE}, group {GROUP}")),
        "{said}"
    );
    assert!(said.contains("--owner"), "{said}");
    assert_eq!(host.listed(SHARE)[..5], ["free", "-", "-", "0", "1"]);
    host.assert_two_meet();
}

#[test]
fn a_stranger_whom_the_permissions_keep_out_is_told_what_to_do() {
    let Some((host, _daemon)) = host_with(&[]) else {
        return;
    };
    let said = take_as(&host, ALICE, GROUP).refusal(1);
    assert!(
        said.contains(SHARE) && said.contains("Permission denied"),
        "{said}"
    );
    assert!(said.contains("--owner"), "{said}");
}

#[test]
fn the_owner_is_let_in_and_root_is_not() {
    let Some((host, _daemon)) = host_with(&["--owner", "4201"]) else {
        return;
    };
    assert_eq!(take_as(&host, ALICE, GROUP).code, Some(0));
    let said = host
        .say(&["exec", "-m", &format!("{SHARE}:3"), "--", "true"])
        .refusal(1);
    assert!(said.contains("refused to user 0"), "{said}");
}

#[test]
fn the_group_of_a_share_is_let_in_if_the_permissions_are_for_it() {
    let options = ["--owner", "4201:4300", "--mode", "0660"];
    let Some((host, _daemon)) = host_with(&options) else {
        return;
    };
    assert_eq!(take_as(&host, BOB, GROUP).code, Some(0));
    assert_eq!(take_as(&host, ALICE, BOB).code, Some(0));
    let said = take_as(&host, BOB, BOB).refusal(1);
    assert!(said.contains("Permission denied"), "{said}");
}

#[test]
fn only_root_asks_a_daemon_of_roots() {
    let Some((host, daemon)) = host_with(&[]) else {
        return;
    };
    let asks = || Said::by(host.command_as(ALICE, GROUP, &["list"])).refusal(1);
    assert!(asks().contains("Permission denied"), "{}", asks());
    // Even where the permissions of its socket were changed.
    let mut chmod = host.namespace().command("chmod");
    chmod.args(["666", "/run/fdd.sock"]);
    assert_eq!(Said::by(chmod).code, Some(0));
    assert!(
        asks().contains(&format!("refused to user {ALICE}")),
        "{}",
        asks()
    );
    assert!(Snapshot::read(daemon.pid()).is_ok(), "it runs");
}

#[test]
fn a_daemon_of_another_user_cannot_give_shares_away_and_says_so() {
    let Some((host, _daemon)) = host_with(&[]) else {
        return;
    };
    let mut chown = host.namespace().command("install");
    chown.args(["-d", "-o", "4201", "/run/testbed/hers"]);
    assert_eq!(Said::by(chown).code, Some(0));
    let hers = ["-s", "/run/testbed/hers/fdd.sock"];
    let init = host.command_as(ALICE, GROUP, &[&["init"], &hers[..]].concat());
    let _daemon = host.daemon_by(init);
    let share = |words: &[&str]| {
        let words = [&["share", "/run/testbed/hers/share"], &hers[..], words].concat();
        Said::by(host.command_as(ALICE, GROUP, &words))
    };
    let said = share(&["--owner", "4202"]).refusal(1);
    assert!(said.contains("CAP_CHOWN"), "{said}");
    assert_eq!(
        host.names("/run/testbed/hers"),
        ["fdd.sock", "fdd.sock.lock"]
    );
    assert_eq!(share(&[]).code, Some(0));
}
