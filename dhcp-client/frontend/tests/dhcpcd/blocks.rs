//! Blocks of the file: what holds for which interface.

use dhcp_frontend::setup::{Fate, OnStop, Patience, Setup};

use crate::bed::{Bed, fate, is_missing};

fn metrics(setup: &Setup) -> Vec<(&str, Option<u32>)> {
    let profiles = setup.profiles.iter();
    profiles
        .map(|(name, profile)| (name.as_str(), profile.metric))
        .collect()
}

const BLOCKS: &str = "\
nogateway
metric 1
interface eth0
metric 2
interface wl*
metric 3
interface eth0
noarp
";

#[test]
fn a_block_holds_for_its_interface_on_top_of_what_holds_for_all() {
    let setup = Bed::with(BLOCKS).run("");
    assert_eq!(setup.profile.metric, Some(1));
    assert_eq!(metrics(&setup), [("eth0", Some(2)), ("wl*", Some(3))]);
    assert_eq!(setup.interfaces.also, ["eth0", "wl*"]);
    let eth0 = &setup.profiles[0].1;
    assert!(!eth0.takes.default_route);
    assert_eq!(eth0.settings.link_local_after, None);
    assert_eq!(setup.profile.settings.link_local_after, Some(5000));
}

#[test]
fn named_interfaces_get_the_blocks_that_fit_them() {
    let setup = Bed::with(BLOCKS).run("wlan0 eth1");
    assert_eq!(metrics(&setup), [("wlan0", Some(3))]);
    assert!(setup.interfaces.also.is_empty());
    assert!(matches!(
        fate(&setup, "interface eth0"),
        Fate::Ignored(why) if why.contains("does not serve")
    ));
    assert_eq!(fate(&setup, "interface wl*"), &Fate::Honoured);
}

#[test]
fn the_command_line_counts_after_each_block() {
    let setup = Bed::with(BLOCKS).run("-m 9");
    assert_eq!(setup.profile.metric, Some(9));
    assert_eq!(metrics(&setup), [("eth0", Some(9)), ("wl*", Some(9))]);
}

#[test]
fn what_is_of_the_run_is_said_above_blocks() {
    let lines = "\
interface eth0
persistent
release
timeout 7
debug
allowinterfaces x
script /h
";
    let setup = Bed::with(lines).run("");
    assert_eq!(setup.on_stop, OnStop::Undo);
    assert!(setup.interfaces.allow.is_empty());
    assert_eq!(setup.profiles[0].1.script, None);
    for what in ["persistent", "release"] {
        assert!(is_missing(fate(&setup, what)), "{what}");
    }
    for what in ["timeout 7", "debug", "allowinterfaces x", "script /h"] {
        assert!(matches!(fate(&setup, what), Fate::Ignored(_)), "{what}");
    }
}

#[test]
fn the_only_interface_of_a_run_has_its_block_for_the_run_too() {
    let lines = "interface eth0\npersistent\ntimeout 7\nmetric 5\n";
    let setup = Bed::with(lines).run("eth0");
    assert_eq!(setup.on_stop, OnStop::Leave);
    assert_eq!(setup.profile.metric, Some(5));
    assert_eq!(
        setup.ending.patience,
        Patience::Time(std::time::Duration::from_secs(7))
    );
    let one_of_many = Bed::with(lines).run("-M eth0");
    assert_eq!(one_of_many.on_stop, OnStop::Undo);
}

#[test]
fn a_wait_in_a_block_is_for_its_interface() {
    let setup = Bed::with("interface eth0\nwaitip 4\ninterface eth1\nwaitip 6\n").run("");
    assert!(!setup.profile.awaited);
    let awaited: Vec<bool> = setup.profiles.iter().map(|(_, p)| p.awaited).collect();
    assert_eq!(awaited, [true, false]);
    assert!(!setup.ending.waits_for_carrier);
}

#[test]
fn blocks_of_networks_and_of_profiles_that_nobody_chose_are_not_read() {
    let lines = "ssid home\nmetric 5\nprofile p\nmetric 6\ninterface\nmetric 7\n";
    let setup = Bed::with(lines).run("");
    assert_eq!(setup.profile.metric, None);
    assert!(setup.profiles.is_empty());
    assert!(is_missing(fate(&setup, "ssid home")));
    assert!(matches!(fate(&setup, "profile p"), Fate::Different(_)));
    assert!(matches!(fate(&setup, "interface"), Fate::Ignored(_)));
    let places: Vec<&str> = setup.notes.iter().map(|note| note.place.as_str()).collect();
    assert!(places.contains(&"/etc/dhcpcd.conf:1"));
    assert!(!places.contains(&"/etc/dhcpcd.conf:2"), "{places:?}");
}

#[test]
fn each_line_is_noted_once_however_many_interfaces_it_holds_for() {
    let setup = Bed::with("noarp\ninterface a\nmetric 1\ninterface b\nmetric 1\n").run("");
    let noted = |what: &str| setup.notes.iter().filter(|note| note.what == what).count();
    assert_eq!(noted("noarp"), 1);
    assert_eq!(noted("metric 1"), 2);
}
