//! What is remembered comes back until it is over, and nothing else comes back at all.

use std::{net::Ipv4Addr, os::unix::fs::PermissionsExt as _};

use sdk_rpc::Origin;

use super::*;

const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);
/// When leases here are written: an hour after a boot.
const WRITTEN: Clocks = Clocks {
    wall: 1_000_000,
    boottime: 3_600_000,
};

/// A lease of a minute that began when it was written.
fn lease() -> Lease {
    Lease {
        address: ADDRESS,
        prefix_length: 24,
        broadcast: None,
        origin: Origin::Server,
        server: Ipv4Addr::new(192, 0, 2, 1),
        routers: Vec::new(),
        routes: Vec::new(),
        dns: Vec::new(),
        ntp: Vec::new(),
        domain: Some("example.test".into()),
        search: Vec::new(),
        host_name: None,
        mtu: None,
        lease_seconds: Some(60),
        acquired_at: WRITTEN.boottime,
        renew_at: Some(WRITTEN.boottime + 30_000),
        rebind_at: Some(WRITTEN.boottime + 52_500),
        expires_at: Some(WRITTEN.boottime + 60_000),
        next_server: Ipv4Addr::UNSPECIFIED,
        server_name: None,
        boot_file: None,
        parameters: Vec::new(),
    }
}

fn infinite() -> Lease {
    Lease {
        lease_seconds: None,
        renew_at: None,
        rebind_at: None,
        expires_at: None,
        ..lease()
    }
}

fn seconds_later(seconds: u64) -> Clocks {
    Clocks {
        wall: WRITTEN.wall + seconds,
        boottime: WRITTEN.boottime + seconds * 1000,
    }
}

fn record(lease: Lease) -> Vec<u8> {
    let record = Record {
        mac: MAC,
        written: WRITTEN,
        lease,
    };
    record.encode().unwrap()
}

/// Makes the checksum of changed octets right.
fn seal(record: &mut [u8]) {
    let (fields, checksum) = record.split_last_chunk_mut::<CHECKSUM>().unwrap();
    *checksum = crc32fast::hash(fields).to_be_bytes();
}

/// A store in a directory of its own, removed when it goes.
struct Scratch(Store);

impl Scratch {
    fn new(name: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("lease-store-{}-{name}", std::process::id()));
        drop(fs::remove_dir_all(&directory));
        Self(Store::new(directory))
    }

    fn load_at(&self, now: Clocks) -> Result<Option<Lease>, String> {
        self.0
            .load("eth0", MAC, now)
            .map_err(|ignored| ignored.to_string())
    }

    fn load(&self) -> Result<Option<Lease>, String> {
        self.load_at(WRITTEN)
    }

    fn save(&self, lease: &Lease) {
        self.0.save("eth0", MAC, lease, WRITTEN).unwrap();
    }

    fn put(&self, content: &[u8]) {
        fs::create_dir_all(&self.0.directory).unwrap();
        let path = self.0.path("eth0");
        fs::write(&path, content).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0.directory));
    }
}

#[test]
fn a_saved_lease_is_loaded_until_it_expires() {
    let scratch = Scratch::new("saved");
    assert_eq!(scratch.load(), Ok(None));
    scratch.save(&lease());
    assert_eq!(scratch.load(), Ok(Some(lease())));
    assert_eq!(scratch.load_at(seconds_later(59)), Ok(Some(lease())));
    assert_eq!(scratch.load_at(seconds_later(60)), Ok(None), "expired");
    scratch.save(&infinite());
    let far = seconds_later(1_000_000_000);
    assert_eq!(scratch.load_at(far), Ok(Some(infinite())));
    scratch.0.forget("eth0").unwrap();
    assert_eq!(scratch.load(), Ok(None));
}

#[test]
fn after_a_boot_the_wall_clock_says_how_much_of_the_lease_is_left() {
    let scratch = Scratch::new("boot");
    scratch.save(&lease());
    let now = Clocks {
        wall: WRITTEN.wall + 20,
        boottime: 5000,
    };
    let loaded = scratch.load_at(now).unwrap().unwrap();
    assert_eq!(loaded.acquired_at, 0, "it began before this boot");
    assert_eq!(loaded.renew_at, Some(15_000));
    assert_eq!(loaded.rebind_at, Some(37_500));
    assert_eq!(loaded.expires_at, Some(45_000));
    let late = Clocks {
        wall: WRITTEN.wall + 60,
        boottime: 5000,
    };
    assert_eq!(scratch.load_at(late), Ok(None));
}

#[test]
fn a_wall_clock_that_was_set_back_makes_no_lease_longer_than_it_was() {
    let scratch = Scratch::new("set-back");
    scratch.save(&lease());
    let now = Clocks {
        wall: 0,
        boottime: 5000,
    };
    let loaded = scratch.load_at(now).unwrap().unwrap();
    assert_eq!(loaded.acquired_at, 5000);
    assert_eq!(loaded.expires_at, Some(65_000));
}

#[test]
fn a_lease_too_long_to_be_read_back_is_not_written_and_the_former_one_stays() {
    let store = Scratch::new("too-long");
    store.save(&lease());
    let parameters = (1..=40).map(|code| sdk_rpc::Parameter {
        code,
        value: sdk_rpc::Value::Numbers(vec![0; 2048]),
    });
    let mut long = lease();
    long.parameters = parameters.collect();
    let result = store.0.save("eth0", MAC, &long, WRITTEN);
    assert!(result.is_err());
    assert_eq!(store.load(), Ok(Some(lease())));
}

#[test]
fn a_record_is_readable_by_its_owner_alone() {
    let scratch = Scratch::new("mode");
    scratch.save(&lease());
    let mode = fs::metadata(scratch.0.path("eth0"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn case_048_a_record_that_others_can_change_or_read_is_ignored() {
    let scratch = Scratch::new("foreign");
    for mode in [0o644, 0o660, 0o602, 0o4600] {
        scratch.put(&record(lease()));
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(scratch.0.path("eth0"), permissions).unwrap();
        let expected = Err("others can write or read it, or own it".to_owned());
        assert_eq!(scratch.load(), expected, "{mode:o}");
    }
}

#[test]
fn case_048_a_directory_or_fifo_in_its_place_is_ignored() {
    let scratch = Scratch::new("kinds");
    fs::create_dir_all(scratch.0.path("eth0")).unwrap();
    assert!(scratch.load().is_err());
    fs::remove_dir(scratch.0.path("eth0")).unwrap();
    nix::unistd::mkfifo(
        &scratch.0.path("eth0"),
        nix::sys::stat::Mode::from_bits_truncate(0o600),
    )
    .unwrap();
    assert_eq!(
        scratch.load(),
        Err("others can write or read it, or own it".into())
    );
}

#[test]
fn case_048_a_truncated_record_is_ignored_at_every_length() {
    let scratch = Scratch::new("truncated");
    let good = record(lease());
    for length in 0..good.len() {
        scratch.put(&good[..length]);
        assert!(scratch.load().is_err(), "{length} octets");
        // Also when its checksum is right by chance or by design.
        if length >= CHECKSUM {
            let mut sealed = good[..length].to_vec();
            seal(&mut sealed);
            scratch.put(&sealed);
            assert!(scratch.load().is_err(), "{length} octets, sealed");
        }
    }
}

#[test]
fn case_048_a_record_with_any_octet_changed_is_ignored() {
    let good = record(lease());
    for position in 0..good.len() {
        let mut bad = good.clone();
        bad[position] ^= 0x10;
        assert!(Record::decode(&bad).is_err(), "octet {position}");
    }
}

#[test]
fn case_048_a_record_with_a_right_checksum_and_any_octets_is_read_or_refused() {
    let good = record(lease());
    for position in HEADER..good.len() - CHECKSUM {
        for octet in [0, 0x7f, 0xff] {
            let mut bad = good.clone();
            bad[position] = octet;
            seal(&mut bad);
            drop(Record::decode(&bad));
        }
    }
}

#[test]
fn case_048_other_files_are_ignored_with_the_reason() {
    let scratch = Scratch::new("others");
    let refused = |content: &[u8]| {
        scratch.put(content);
        scratch.load().unwrap_err()
    };
    assert_eq!(refused(b""), "it is shorter than any record");
    assert_eq!(
        refused(b"lease {\n  interface \"eth0\";\n}\n"),
        "it is of another program or version"
    );
    assert_eq!(refused(&vec![0; 1 << 20]), "it is longer than any record");
    let mut older = record(lease());
    older[7] = 1;
    seal(&mut older);
    assert_eq!(refused(&older), "it is of another program or version");
    let other = Record {
        mac: MacAddress([9; 6]),
        written: WRITTEN,
        lease: lease(),
    };
    assert_eq!(
        refused(&other.encode().unwrap()),
        "it is another interface's"
    );
}

#[test]
fn case_048_a_link_in_the_directory_is_never_followed() {
    let scratch = Scratch::new("link");
    scratch.put(b"");
    let target = scratch.0.directory.join("target");
    fs::write(&target, b"precious").unwrap();
    fs::remove_file(scratch.0.path("eth0")).unwrap();
    std::os::unix::fs::symlink(&target, scratch.0.path("eth0")).unwrap();
    std::os::unix::fs::symlink(&target, scratch.0.directory.join("eth0.lease.new")).unwrap();
    assert!(scratch.load().is_err());
    scratch.save(&lease());
    assert_eq!(fs::read(&target).unwrap(), b"precious");
    assert_eq!(scratch.load(), Ok(Some(lease())));
}
