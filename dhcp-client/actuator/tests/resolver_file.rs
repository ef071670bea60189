//! The resolver file where it is mounted: read-only, and bind-mounted into a container.

#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with its line"
)]

mod bed;

use std::{
    fs,
    path::{Path, PathBuf},
};

use bed::{isolated, lease, wait};
use dhcp_actuator::{Actuator, Interface, Options, Resolver, Takes};
use nix::mount::{MsFlags, mount};
use sdk_rpc::{Applied, ConfigureCause, LeaseSink as _};

/// A folder that is empty outside of the test's mount namespace, and gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("dhcp-actuator-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir(&self.0));
    }
}

/// Mounts a file system on `path`, in this mount namespace only.
fn mount_private(path: &Path) {
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
    mount(Some("tmpfs"), path, Some("tmpfs"), MsFlags::empty(), none).unwrap();
}

fn actuator(resolver: Resolver) -> Actuator {
    bed::add_interface();
    let netlink = bed::netlink();
    let interface = Interface::find(&netlink, "eth0").unwrap();
    let options = Options {
        netlink,
        resolver: resolver.into(),
        host_name: std::rc::Rc::default(),
        takes: Takes::default(),
        metric: Some(7),
        clock: || bed::NOW,
    };
    let recorder = std::rc::Rc::new(bed::Recorder::default());
    let actuator = Actuator::new(interface, options, recorder);
    wait(actuator.bring_up()).unwrap();
    actuator
}

#[test]
fn a_container_that_binds_the_file_sees_it_change() {
    let outside = Folder::new("bind");
    let folder = outside.0.clone();
    isolated(
        "a_container_that_binds_the_file_sees_it_change",
        move || {
            mount_private(&folder);
            let (file, bound) = (folder.join("resolv.conf"), folder.join("bound"));
            fs::write(&file, "").unwrap();
            fs::write(&bound, "").unwrap();
            let none: Option<&Path> = None;
            mount(Some(&file), &bound, none, MsFlags::MS_BIND, none).unwrap();
            let actuator = actuator(Resolver::prepare(Some(&file)).unwrap());
            let applied = wait(actuator.configure(lease(), ConfigureCause::Bound)).unwrap();
            assert_eq!(applied, Applied::Done);
            assert!(
                fs::read_to_string(&bound)
                    .unwrap()
                    .contains("nameserver 10.0.0.53\n")
            );
            wait(actuator.withdraw()).unwrap();
            assert_eq!(fs::read_to_string(&bound).unwrap(), "");
        },
    );
}

#[test]
fn a_file_on_a_read_only_file_system_is_an_error_at_the_start() {
    let outside = Folder::new("read-only");
    let folder = outside.0.clone();
    isolated(
        "a_file_on_a_read_only_file_system_is_an_error_at_the_start",
        move || {
            mount_private(&folder);
            let file = folder.join("resolv.conf");
            fs::write(&file, "as it was\n").unwrap();
            let none: Option<&str> = None;
            mount(
                none,
                &folder,
                none,
                MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY,
                none,
            )
            .unwrap();
            for path in [file, folder.join("absent")] {
                let error = Resolver::prepare(Some(&path)).unwrap_err().to_string();
                assert!(error.contains("Read-only file system"), "{error}");
            }
        },
    );
}

#[test]
fn a_file_that_becomes_unwritable_costs_the_names_and_not_the_lease() {
    let outside = Folder::new("later");
    let folder = outside.0.clone();
    isolated(
        "a_file_that_becomes_unwritable_costs_the_names_and_not_the_lease",
        move || {
            mount_private(&folder);
            let file = folder.join("resolv.conf");
            let resolver = Resolver::prepare(Some(&file)).unwrap();
            let none: Option<&str> = None;
            mount(
                none,
                &folder,
                none,
                MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY,
                none,
            )
            .unwrap();
            let actuator = actuator(resolver);
            let applied = wait(actuator.configure(lease(), ConfigureCause::Bound)).unwrap();
            assert_eq!(applied, Applied::Done);
            assert_eq!(bed::address_list(), ["10.0.0.5/24"]);
            assert!(!file.exists());
        },
    );
}
