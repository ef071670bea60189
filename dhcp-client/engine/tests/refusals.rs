//! What the engine makes of a server that says no, and of a host that does.

#[path = "../../proto/tests/support/mod.rs"]
mod support;
mod world;

use std::rc::Rc;

use dhcp_engine::Ended;
use sdk_rpc::{Applied, Command, Error};
use world::{ADDRESS, World, play, without_counts};

#[test]
fn the_words_of_a_nak_are_said_and_the_setback_is_told() {
    let world = Rc::new(World::default());
    world.naks.set(1);
    world.then.set(Some(Command::Stop));
    assert_eq!(play(&world), Ok(Ended::Stopped));
    let expected = [
        "sent DISCOVER".to_owned(),
        "sent REQUEST".to_owned(),
        "said the server's DHCPNAK says: not?here".to_owned(),
        "sent DISCOVER".to_owned(),
        "setback Refused".to_owned(),
        "sent REQUEST".to_owned(),
        format!("configured {ADDRESS} (Bound)"),
    ];
    assert_eq!(without_counts(&world), expected);
}

/// After this answer to `configure` the engine goes on, and asks for a lease again ten seconds later.
fn assert_survived(answer: Result<Applied, Error>) {
    let world = Rc::new(World::default());
    world.answers.borrow_mut().push_back(answer);
    world.answers.borrow_mut().push_back(Ok(Applied::Done));
    assert_eq!(play(&world), Ok(Ended::Stopped));
    let happened = without_counts(&world);
    let configured = format!("configured {ADDRESS} (Bound)");
    let times = happened.iter().filter(|line| **line == configured).count();
    assert_eq!(times, 2, "{happened:?}");
    assert!(world.now.get() >= 10_000);
}

#[test]
fn a_lease_that_the_host_refuses_is_not_the_end() {
    assert_survived(Ok(Applied::Refused("policy".into())));
}

#[test]
fn a_lease_that_the_connection_does_not_carry_is_not_the_end() {
    assert_survived(Err(Error::Refused("a parameter is too long".into())));
}

#[test]
fn a_connection_that_is_gone_is_the_end() {
    let world = Rc::new(World::default());
    world
        .answers
        .borrow_mut()
        .push_back(Err(Error::Disconnected));
    assert_eq!(play(&world), Err(Error::Disconnected));
}

#[test]
fn an_address_that_the_host_finds_in_use_is_declined() {
    let world = Rc::new(World::default());
    world.answers.borrow_mut().push_back(Ok(Applied::InUse));
    assert_eq!(play(&world), Ok(Ended::Stopped));
    let happened = without_counts(&world);
    let expected = [
        "sent DISCOVER".to_owned(),
        "sent REQUEST".to_owned(),
        format!("configured {ADDRESS} (Bound)"),
        "sent DECLINE".to_owned(),
        "setback Conflict".to_owned(),
    ];
    assert_eq!(happened[..5], expected);
}
