//! The lease store: what a later start may ask to have again (INIT-REBOOT, RFC 2131 section 3.2).
//!
//! Written by priv alone, in a form of its own with version and checksum, in one rename, so that a
//! crash at any instant leaves the old record or the new one. A file that is not exactly what this
//! program writes is ignored, with the reason.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    net::Ipv4Addr,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use sdk_rpc::{Lease, MacAddress};

/// First octets of every record; the last is the version of the layout.
const MAGIC: [u8; 8] = *b"CalfLea\x01";

/// Magic, MAC, address, wall-clock expiry, CRC-32.
const LENGTH: usize = 8 + 6 + 4 + 8 + 4;

/// Expiry of an infinite lease.
const NEVER: u64 = u64::MAX;

/// The records of one directory, one file an interface.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    directory: PathBuf,
}

/// Why a record is not used.
#[derive(Debug)]
pub(crate) enum Ignored {
    /// It could not be read.
    Unreadable(io::Error),
    /// It is a record of something else, or damaged.
    NotARecord(&'static str),
}

impl std::fmt::Display for Ignored {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(error) => write!(formatter, "{error}"),
            Self::NotARecord(why) => formatter.write_str(why),
        }
    }
}

impl Store {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub(crate) fn path(&self, interface: &str) -> PathBuf {
        self.directory.join(format!("{interface}.lease"))
    }

    /// The address remembered for `interface`, if it may still be valid at `wall_now`.
    ///
    /// # Errors
    /// The record exists and cannot be used.
    pub(crate) fn load(
        &self,
        interface: &str,
        mac: MacAddress,
        wall_now: u64,
    ) -> Result<Option<Ipv4Addr>, Ignored> {
        let file = match OpenOptions::new()
            .read(true)
            // A link planted in the directory must not make priv read another file, nor a FIFO hang it.
            .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
            .open(self.path(interface))
        {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Ignored::Unreadable(error)),
        };
        let record = read_record(&file).map_err(Ignored::Unreadable)?;
        let (owner, address, expiry) = decode(&record).map_err(Ignored::NotARecord)?;
        if owner != mac {
            return Err(Ignored::NotARecord("it is another interface's"));
        }
        Ok((expiry > wall_now).then_some(address))
    }

    /// Remembers `lease`; `expiry` is wall-clock seconds, `None` for an infinite lease.
    ///
    /// # Errors
    /// The directory or file cannot be written; the former record is still there.
    pub(crate) fn save(
        &self,
        interface: &str,
        mac: MacAddress,
        lease: &Lease,
        expiry: Option<u64>,
    ) -> io::Result<()> {
        let record = encode(mac, lease.address, expiry.unwrap_or(NEVER));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)?;
        let path = self.path(interface);
        let fresh = path.with_extension("lease.new");
        // What a crash left there is ours; a link in its place is removed, never followed.
        remove_if_there(&fresh)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)?;
        // Not synced: a power cut may leave an empty file under the final name, which is ignored like
        // any damaged one, and costs a DHCPDISCOVER; a sync would cost every lease milliseconds.
        file.write_all(&record)?;
        fs::rename(&fresh, &path)
    }

    /// Forgets the lease of `interface`: it was released or refused.
    ///
    /// # Errors
    /// The file is there and cannot be removed.
    pub(crate) fn forget(&self, interface: &str) -> io::Result<()> {
        remove_if_there(&self.path(interface))
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// At most one octet more than a record: enough to see that a file is too long.
fn read_record(file: &File) -> io::Result<Vec<u8>> {
    let mut record = Vec::with_capacity(LENGTH + 1);
    file.take(LENGTH as u64 + 1).read_to_end(&mut record)?;
    Ok(record)
}

fn encode(mac: MacAddress, address: Ipv4Addr, expiry: u64) -> Vec<u8> {
    let mut record = Vec::with_capacity(LENGTH);
    record.extend_from_slice(&MAGIC);
    record.extend_from_slice(&mac.0);
    record.extend_from_slice(&address.octets());
    record.extend_from_slice(&expiry.to_be_bytes());
    record.extend_from_slice(&crc32fast::hash(&record).to_be_bytes());
    record
}

fn decode(record: &[u8]) -> Result<(MacAddress, Ipv4Addr, u64), &'static str> {
    let record: &[u8; LENGTH] = record
        .try_into()
        .map_err(|_| "its length is not that of a record")?;
    let (fields, checksum) = record.split_at(LENGTH - 4);
    if checksum != crc32fast::hash(fields).to_be_bytes() {
        return Err("its checksum is wrong");
    }
    let (magic, fields) = fields.split_first_chunk::<8>().ok_or("it is too short")?;
    let (mac, fields) = fields.split_first_chunk::<6>().ok_or("it is too short")?;
    let (address, fields) = fields.split_first_chunk::<4>().ok_or("it is too short")?;
    let (expiry, _) = fields.split_first_chunk::<8>().ok_or("it is too short")?;
    if *magic != MAGIC {
        return Err("it is of another version");
    }
    Ok((
        MacAddress(*mac),
        Ipv4Addr::from(*address),
        u64::from_be_bytes(*expiry),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
    const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);

    fn lease() -> Lease {
        Lease {
            address: ADDRESS,
            prefix_length: 24,
            broadcast: None,
            server: Ipv4Addr::new(192, 0, 2, 1),
            routers: Vec::new(),
            routes: Vec::new(),
            dns: Vec::new(),
            ntp: Vec::new(),
            domain: None,
            search: Vec::new(),
            host_name: None,
            mtu: None,
            lease_seconds: Some(60),
            acquired_at: 0,
            renew_at: Some(30_000),
            rebind_at: Some(52_500),
            expires_at: Some(60_000),
            origin: sdk_rpc::Origin::Server,
            next_server: Ipv4Addr::UNSPECIFIED,
            server_name: None,
            boot_file: None,
            parameters: Vec::new(),
        }
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

        fn load(&self) -> Result<Option<Ipv4Addr>, String> {
            self.0
                .load("eth0", MAC, 1000)
                .map_err(|ignored| ignored.to_string())
        }

        fn put(&self, content: &[u8]) {
            fs::create_dir_all(&self.0.directory).unwrap();
            fs::write(self.0.path("eth0"), content).unwrap();
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
        scratch.0.save("eth0", MAC, &lease(), Some(1001)).unwrap();
        assert_eq!(scratch.load(), Ok(Some(ADDRESS)));
        scratch.0.save("eth0", MAC, &lease(), Some(1000)).unwrap();
        assert_eq!(scratch.load(), Ok(None), "expired");
        scratch.0.save("eth0", MAC, &lease(), None).unwrap();
        assert_eq!(scratch.load(), Ok(Some(ADDRESS)), "infinite");
        scratch.0.forget("eth0").unwrap();
        assert_eq!(scratch.load(), Ok(None));
    }

    #[test]
    fn a_record_is_readable_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let scratch = Scratch::new("mode");
        scratch.0.save("eth0", MAC, &lease(), None).unwrap();
        let mode = fs::metadata(scratch.0.path("eth0"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_record_is_ignored_with_the_reason() {
        let scratch = Scratch::new("damaged");
        let good = encode(MAC, ADDRESS, NEVER);
        for length in 0..good.len() {
            scratch.put(good.get(..length).unwrap());
            assert_eq!(
                scratch.load(),
                Err("its length is not that of a record".into())
            );
        }
        for position in 0..good.len() {
            let mut bad = good.clone();
            *bad.get_mut(position).unwrap() ^= 0x10;
            scratch.put(&bad);
            assert_eq!(
                scratch.load(),
                Err("its checksum is wrong".into()),
                "octet {position}"
            );
        }
        scratch.put(&vec![0; 1 << 20]);
        assert_eq!(
            scratch.load(),
            Err("its length is not that of a record".into())
        );
        scratch.put(&encode(MacAddress([9; 6]), ADDRESS, NEVER));
        assert_eq!(scratch.load(), Err("it is another interface's".into()));
    }

    #[test]
    fn a_link_in_the_directory_is_never_followed() {
        let scratch = Scratch::new("link");
        scratch.put(b"");
        let target = scratch.0.directory.join("target");
        fs::write(&target, b"precious").unwrap();
        fs::remove_file(scratch.0.path("eth0")).unwrap();
        std::os::unix::fs::symlink(&target, scratch.0.path("eth0")).unwrap();
        std::os::unix::fs::symlink(&target, scratch.0.directory.join("eth0.lease.new")).unwrap();
        assert!(scratch.load().is_err());
        scratch.0.save("eth0", MAC, &lease(), None).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"precious");
        assert_eq!(scratch.load(), Ok(Some(ADDRESS)));
    }
}
