//! What the operator wants that is more than a lease, as the engine's capabilities see it: neighbours are
//! asked, the host helps itself, servers are asked about the operator's own address.

#[path = "../../proto/tests/support/mod.rs"]
mod support;
mod world;

use std::{net::Ipv4Addr, rc::Rc};

use dhcp_engine::Ended;
use sdk_rpc::{Command, ConflictDetection, Lease, Origin, Settings, Subnet};
use support::server::SERVER;
use world::{ADDRESS, World, lease, play, without_counts};

/// What the operator gave the interface.
const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);
/// What the host gave itself before.
const LINK_LOCAL: Ipv4Addr = Ipv4Addr::new(169, 254, 7, 7);

fn world(settings: Settings) -> Rc<World> {
    let world = World::default();
    world.settings.replace(settings);
    Rc::new(world)
}

fn detecting(conflict_detection: ConflictDetection) -> Rc<World> {
    world(Settings {
        conflict_detection,
        ..Settings::default()
    })
}

fn informing() -> Rc<World> {
    world(Settings {
        inform: Some(Subnet {
            address: OWN,
            prefix_length: 24,
        }),
        ..Settings::default()
    })
}

#[test]
fn with_full_detection_the_neighbours_are_asked_before_the_host_is_told() {
    let world = detecting(ConflictDetection::Full);
    assert_eq!(play(&world), Ok(Ended::Stopped));
    let expected = [
        "sent DISCOVER".to_owned(),
        "sent REQUEST".to_owned(),
        format!("probed {ADDRESS}"),
        format!("probed {ADDRESS}"),
        format!("probed {ADDRESS}"),
        format!("configured {ADDRESS} (Bound)"),
        format!("announced {ADDRESS}"),
        format!("announced {ADDRESS}"),
        format!("sent REQUEST to {SERVER}"),
        format!("updated {ADDRESS} (Renewed)"),
    ];
    assert_eq!(without_counts(&world), expected);
}

#[test]
fn with_full_detection_a_neighbours_address_is_declined_and_never_configured() {
    let world = detecting(ConflictDetection::Full);
    world.conflicts.set(1);
    world.then.set(Some(Command::Stop));
    assert_eq!(play(&world), Ok(Ended::Stopped));
    let expected = [
        "sent DISCOVER".to_owned(),
        "sent REQUEST".to_owned(),
        format!("probed {ADDRESS}"),
        "sent DECLINE".to_owned(),
        "setback Conflict".to_owned(),
        "sent DISCOVER".to_owned(),
        "sent REQUEST".to_owned(),
        format!("probed {ADDRESS}"),
        format!("probed {ADDRESS}"),
        format!("probed {ADDRESS}"),
        format!("configured {ADDRESS} (Bound)"),
        format!("announced {ADDRESS}"),
    ];
    assert_eq!(without_counts(&world), expected);
    assert!(world.now.get() >= 10_000, "{} ms", world.now.get());
}

#[test]
fn with_fast_detection_a_neighbours_address_is_taken_off_the_host_again() {
    let world = detecting(ConflictDetection::Fast);
    world.conflicts.set(1);
    assert_eq!(play(&world), Ok(Ended::Stopped));
    let happened = without_counts(&world);
    let (before, after) = happened.split_at(7);
    let expected = [
        "sent DISCOVER".to_owned(),
        "sent REQUEST".to_owned(),
        // At the same time: no answer to the probe is waited for.
        format!("probed {ADDRESS}"),
        format!("configured {ADDRESS} (Bound)"),
        "deconfigured (Conflict)".to_owned(),
        "sent DECLINE".to_owned(),
        "setback Conflict".to_owned(),
    ];
    assert_eq!(before, expected);
    let configured = format!("configured {ADDRESS} (Bound)");
    assert!(after.contains(&configured), "{after:?}");
}

#[test]
fn without_a_server_the_host_helps_itself_and_a_lease_replaces_what_it_took() {
    let world = world(Settings {
        link_local_after: Some(10_000),
        ..Settings::default()
    });
    world.silent.set(true);
    assert_eq!(play(&world), Ok(Ended::Stopped));
    let happened = without_counts(&world);
    let claimed = happened
        .iter()
        .find(|line| line.starts_with("configured 169.254."))
        .expect("it helped itself");
    assert!(claimed.ends_with("(LinkLocal)"), "{claimed}");
    let last = happened.last().expect("something happened");
    assert_eq!(*last, format!("updated {ADDRESS} (Bound)"));
    let removed = |line: &String| line.starts_with("deconfigured");
    assert!(!happened.iter().any(removed), "{happened:?}");
}

#[test]
fn a_resumed_link_local_address_is_replaced_by_a_lease() {
    let world = world(Settings {
        link_local_after: Some(10_000),
        ..Settings::default()
    });
    world.resume.replace(Some(Lease {
        prefix_length: 16,
        ..lease(Origin::LinkLocal, LINK_LOCAL)
    }));
    assert_eq!(play(&world), Ok(Ended::Stopped));
    let happened = without_counts(&world);
    let last = happened.last().expect("something happened");
    assert_eq!(*last, format!("updated {ADDRESS} (Bound)"));
    let configured = |line: &String| line.starts_with("configured");
    assert!(!happened.iter().any(configured), "{happened:?}");
}

#[test]
fn servers_are_asked_about_the_operators_address_and_not_for_another() {
    let world = informing();
    world.then.set(Some(Command::Stop));
    assert_eq!(play(&world), Ok(Ended::Stopped));
    let expected = [
        "sent INFORM".to_owned(),
        format!("configured {OWN} (Informed)"),
    ];
    assert_eq!(without_counts(&world), expected);
}

#[test]
fn a_resumed_answer_about_the_operators_address_is_kept_and_asked_for_again_on_command() {
    // An earlier calf's, and one that priv made without any server's word.
    for origin in [Origin::Inform, Origin::Operator] {
        let world = informing();
        world.resume.replace(Some(lease(origin, OWN)));
        world.first.set(Some(Command::Renew));
        assert_eq!(play(&world), Ok(Ended::Stopped));
        let happened = without_counts(&world);
        let [asked, updated] = &happened[..] else {
            panic!("{happened:?}");
        };
        assert!(asked.starts_with("sent INFORM"), "{asked}");
        assert_eq!(*updated, format!("updated {OWN} (Informed)"));
    }
}
