//! Users who are not root: anybody may look, root and the control group may ask.

use calfkit_tests::{
    SOON, Server, Terms, Testbed, control::RUN_DIRECTORY, message::Kind, testbed::CLIENT_LINK,
    users::User,
};

use crate::run_of;

/// A run whose folders let everybody through; `None` where there is nobody but root.
fn run(options: &[&str]) -> Option<(Testbed, Server, calfkit_tests::Client)> {
    if !User::exist() {
        return None;
    }
    let bed = Testbed::new();
    bed.client.open_folders();
    let server = Server::start(&bed, Terms::default());
    let client = run_of(&bed, CLIENT_LINK, options);
    Some((bed, server, client))
}

fn group_of(user: User) -> String {
    user.gid.to_string()
}

#[test]
fn a_stranger_sees_how_the_runs_are_and_may_ask_nothing_of_them() {
    let Some((bed, server, _client)) = run(&[]) else {
        return;
    };
    let table = bed.client.ctl_as(User::ALICE, &["status"]).success();
    assert!(table[1].starts_with("eth0"), "{table:?}");
    let dump = bed.client.ctl_as(User::ALICE, &["dump"]).success().concat();
    assert!(dump.contains("10.77.0.100"), "{dump}");

    let from = server.log().position();
    for verb in ["renew", "rebind", "release", "stop"] {
        for words in [&[verb][..], &[verb, "eth0"]] {
            let said = bed.client.ctl_as(User::ALICE, words).refusal(1);
            assert!(said.contains("only root and the control group"), "{said}");
        }
    }
    assert_eq!(bed.client.served_names(), ["eth0"]);
    assert_eq!(server.log().position(), from);
}

#[test]
fn control_a_member_of_the_control_group_may_ask_and_others_still_may_not() {
    let group = group_of(User::ALICE);
    let Some((bed, server, mut client)) = run(&["--control-group", &group]) else {
        return;
    };
    let renewed = bed.client.ctl_as(User::ALICE, &["renew"]).success();
    assert_eq!(renewed, ["renewing eth0"]);
    client.wait_for_event("renewed", SOON);
    let said = bed.client.ctl_as(User::BOB, &["renew"]).refusal(1);
    assert!(said.contains("only root and the control group"), "{said}");

    let stopped = bed.client.ctl_as(User::ALICE, &["release"]).success();
    assert_eq!(stopped, ["released eth0"]);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert!(server.wait_received(0, Kind::RELEASE, SOON).is_some());
}

#[test]
fn the_socket_that_shows_offers_nothing_more_to_whoever_asks_it_for_more() {
    let Some((bed, server, _client)) = run(&[]) else {
        return;
    };
    // Root, who would be let in by the other: so the refusal is the socket's.
    let control = format!("{RUN_DIRECTORY}/eth0.sock");
    let aside = format!("{RUN_DIRECTORY}/aside");
    let rename = |from: &str, to: &str| bed.client.run(|| std::fs::rename(from, to));
    rename(&control, &aside).expect("an own file");
    let from = server.log().position();
    let view = bed
        .client
        .run(|| std::os::unix::net::UnixStream::connect(format!("{RUN_DIRECTORY}/eth0.view.sock")));
    let answer = crate::hostile::ask_for_renewal(view.expect("anybody may connect"));
    assert!(answer.is_err(), "{answer:?}");
    rename(&aside, &control).expect("an own file");
    assert_eq!(server.log().position(), from);

    let control = bed
        .client
        .run(|| std::os::unix::net::UnixStream::connect(&control));
    let answer = crate::hostile::ask_for_renewal(control.expect("root may connect"));
    assert_eq!(answer, Ok(vec!["eth0".to_owned()]), "control");
}
