//! The lease store: what a later start may ask to have again (INIT-REBOOT, RFC 2131 section 3.2).
//!
//! Written by priv alone, in a form of its own with version and checksum, in one rename, so that a
//! crash at any instant leaves the old record or the new one. A file that is not exactly what this
//! program writes is ignored, with the reason.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use sdk_rpc::{Lease, MacAddress};

use crate::clock::Clocks;

/// First octets of every record; the last is the version of the layout.
const MAGIC: [u8; 8] = *b"CalfLea\x02";

/// Magic, MAC, wall clock and CLOCK_BOOTTIME of the writing.
const HEADER: usize = 8 + 6 + 8 + 8;

/// CRC-32 of all before it.
const CHECKSUM: usize = 4;

/// No lease that fits a message of the protocol makes a longer record.
const LONGEST: u64 = 64 * 1024;

/// Permission bits of everybody but the owner, and of setting identities: a record has none of them.
const FOREIGN_BITS: u32 = 0o7077;

/// The records of one directory, one file an interface.
#[derive(Clone, Debug)]
pub struct Store {
    directory: PathBuf,
}

/// Why a record is not used.
#[derive(Debug)]
pub enum Ignored {
    /// It could not be read.
    Unreadable(io::Error),
    /// It is not this program's own.
    Foreign,
    /// It is a record of something else, or damaged.
    NotARecord(String),
}

impl fmt::Display for Ignored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(formatter, "{error}"),
            Self::Foreign => formatter.write_str("others can write or read it, or own it"),
            Self::NotARecord(why) => formatter.write_str(why),
        }
    }
}

impl std::error::Error for Ignored {}

impl Store {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub(crate) fn path(&self, interface: &str) -> PathBuf {
        self.directory.join(format!("{interface}.lease"))
    }

    /// The lease remembered for `interface`, with its times as they are now, if it is not over.
    ///
    /// # Errors
    /// The record exists and cannot be used.
    pub(crate) fn load(
        &self,
        interface: &str,
        mac: MacAddress,
        now: Clocks,
    ) -> Result<Option<Lease>, Ignored> {
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
        let metadata = file.metadata().map_err(Ignored::Unreadable)?;
        let own = metadata.uid() == nix::unistd::geteuid().as_raw();
        if !own || !metadata.is_file() || metadata.mode() & FOREIGN_BITS != 0 {
            return Err(Ignored::Foreign);
        }
        let record = read_record(&file).map_err(Ignored::Unreadable)?;
        let record = Record::decode(&record).map_err(Ignored::NotARecord)?;
        if record.mac != mac {
            return Err(Ignored::NotARecord("it is another interface's".to_owned()));
        }
        let lease = record.lease_at(now);
        let over = lease.expires_at.is_some_and(|end| end <= now.boottime);
        Ok((!over).then_some(lease))
    }

    /// Remembers `lease`.
    ///
    /// # Errors
    /// The directory or file cannot be written; the former record is still there.
    pub(crate) fn save(
        &self,
        interface: &str,
        mac: MacAddress,
        lease: &Lease,
        now: Clocks,
    ) -> io::Result<()> {
        let record = Record {
            mac,
            written: now,
            lease: lease.clone(),
        };
        let record = record.encode().map_err(io::Error::other)?;
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

/// At most one octet more than a record may have: enough to see that a file is too long.
fn read_record(file: &File) -> io::Result<Vec<u8>> {
    let mut record = Vec::new();
    file.take(LONGEST.saturating_add(1))
        .read_to_end(&mut record)?;
    Ok(record)
}

/// What is in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    mac: MacAddress,
    written: Clocks,
    lease: Lease,
}

impl Record {
    /// The octets of a file.
    ///
    /// # Errors
    /// The lease has a value that nobody would take back, or is longer as a whole than [`Record::decode`] takes.
    pub fn encode(&self) -> Result<Vec<u8>, sdk_rpc::Error> {
        let MacAddress(mac) = self.mac;
        let lease = self.lease.to_octets()?;
        let mut record = Vec::with_capacity(HEADER + lease.len() + CHECKSUM);
        record.extend_from_slice(&MAGIC);
        record.extend_from_slice(&mac);
        record.extend_from_slice(&self.written.wall.to_be_bytes());
        record.extend_from_slice(&self.written.boottime.to_be_bytes());
        record.extend_from_slice(&lease);
        record.extend_from_slice(&crc32fast::hash(&record).to_be_bytes());
        if record.len() as u64 > LONGEST {
            let octets = record.len();
            return Err(sdk_rpc::Error::Refused(format!(
                "a record of {octets} octets is longer than any"
            )));
        }
        Ok(record)
    }

    /// Reads the octets of a file, whoever wrote it.
    ///
    /// # Errors
    /// Why they are no record.
    pub fn decode(record: &[u8]) -> Result<Self, String> {
        if record.len() as u64 > LONGEST {
            return Err("it is longer than any record".to_owned());
        }
        let short = || "it is shorter than any record".to_owned();
        let (fields, checksum) = record.split_last_chunk::<CHECKSUM>().ok_or_else(short)?;
        let (magic, rest) = fields.split_first_chunk::<8>().ok_or_else(short)?;
        if *magic != MAGIC {
            return Err("it is of another program or version".to_owned());
        }
        if *checksum != crc32fast::hash(fields).to_be_bytes() {
            return Err("its checksum is wrong".to_owned());
        }
        let (mac, rest) = rest.split_first_chunk::<6>().ok_or_else(short)?;
        let (wall, rest) = rest.split_first_chunk::<8>().ok_or_else(short)?;
        let (boottime, lease) = rest.split_first_chunk::<8>().ok_or_else(short)?;
        Ok(Self {
            mac: MacAddress(*mac),
            written: Clocks {
                wall: u64::from_be_bytes(*wall),
                boottime: u64::from_be_bytes(*boottime),
            },
            lease: Lease::from_octets(lease).map_err(|error| error.to_string())?,
        })
    }

    /// The lease with its times on the CLOCK_BOOTTIME of now, which may be of another boot. Between the
    /// two the wall clock counts; one that was set back makes the lease begin now at the latest.
    fn lease_at(self, now: Clocks) -> Lease {
        let passed = now
            .wall
            .saturating_sub(self.written.wall)
            .saturating_mul(1000);
        let written = self.written.boottime;
        let moved = |at: u64| {
            // How far `at` was ahead when it was written, less what has passed since.
            let ahead = i128::from(at) - i128::from(written) - i128::from(passed);
            let at = i128::from(now.boottime) + ahead;
            u64::try_from(at.max(0)).unwrap_or(u64::MAX)
        };
        let mut lease = self.lease;
        lease.acquired_at = moved(lease.acquired_at).min(now.boottime);
        lease.renew_at = lease.renew_at.map(moved);
        lease.rebind_at = lease.rebind_at.map(moved);
        lease.expires_at = lease.expires_at.map(moved);
        lease
    }
}

#[cfg(test)]
mod tests;
