//! The life of a lease as the engine's capabilities see it.

#[path = "../../proto/tests/support/mod.rs"]
mod support;
mod world;

use std::rc::Rc;

use dhcp_engine::Ended;
use sdk_rpc::{Command, Lease, Origin};
use support::server::SERVER;
use world::{ADDRESS, World, lease, play, without_counts};

#[test]
fn a_lease_is_configured_and_at_t1_renewed_by_datagram() {
    let world = Rc::new(World::default());
    assert_eq!(play(&world), Ok(Ended::Stopped));
    let expected = [
        "sent DISCOVER".to_owned(),
        "sent REQUEST".to_owned(),
        format!("configured {ADDRESS} (Bound)"),
        format!("sent REQUEST to {SERVER}"),
        format!("updated {ADDRESS} (Renewed)"),
    ];
    assert_eq!(without_counts(&world), expected);
}

#[test]
fn a_release_is_sent_before_the_address_goes() {
    let world = Rc::new(World::default());
    world.then.set(Some(Command::Release));
    assert_eq!(play(&world), Ok(Ended::Stopped));
    let expected = [
        "sent DISCOVER".to_owned(),
        "sent REQUEST".to_owned(),
        format!("configured {ADDRESS} (Bound)"),
        format!("sent RELEASE to {SERVER}"),
        "deconfigured (Released)".to_owned(),
    ];
    assert_eq!(without_counts(&world), expected);
}

#[test]
fn a_resumed_lease_sends_nothing_before_t1() {
    let world = Rc::new(World::default());
    world.resume.replace(Some(Lease {
        lease_seconds: Some(3600),
        renew_at: Some(1_800_000),
        rebind_at: Some(3_150_000),
        expires_at: Some(3_600_000),
        ..lease(Origin::Server, ADDRESS)
    }));
    assert_eq!(play(&world), Ok(Ended::Stopped));
    let expected = [
        format!("sent REQUEST to {SERVER}"),
        format!("updated {ADDRESS} (Renewed)"),
    ];
    assert_eq!(without_counts(&world), expected);
    assert!(
        world.now.get() >= 1_700_000,
        "renewed at {} ms",
        world.now.get()
    );
}

#[test]
fn without_a_server_priv_is_told_what_was_sent() {
    let world = Rc::new(World::default());
    world.silent.set(true);
    world.patience.set(2);
    assert_eq!(play(&world), Ok(Ended::Stopped));
    let happened = world.happened.borrow();
    assert!(
        happened.contains(&"counted 1 DISCOVER".to_owned()),
        "{happened:?}"
    );
    assert!(
        happened.contains(&"counted 2 DISCOVER".to_owned()),
        "{happened:?}"
    );
    assert!(
        !happened.iter().any(|line| line.starts_with("configured")),
        "{happened:?}"
    );
}
