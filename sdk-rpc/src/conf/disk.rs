//! Keeps the entries of a tree in one file: a redb database of two tables, the entries and what is to be known
//! of them. Each change is one transaction, durable when it is acknowledged.

use std::{collections::BTreeMap, path::Path};

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::{ConfEntry, ConfPath, refused};
use crate::{Error, conf_capnp::entry, limits::VALUE_OCTETS, wire};

/// The form of what is in the tables. Nothing in a file of a higher one is changed.
const FORMAT: u64 = 1;

/// What an entry is, by its path: an `Entry` of `schema/conf.capnp` as one message.
const ENTRIES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("entries");

/// `format`, and `revision`: that of the last change.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("about");

/// Octets of the file that are held in memory. The tree is in memory anyway.
const CACHE_OCTETS: usize = 256 * 1024;

/// Words of the longest entry in the file: a value of which each text of a list costs a pointer and padding.
const ENTRY_WORDS: usize = VALUE_OCTETS / 4 + 64;

/// An open file.
pub(super) struct Disk {
    database: Database,
    /// For the operator.
    file: String,
}

impl Disk {
    /// Opens the file at `path`, or makes it.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = path.display().to_string();
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE_OCTETS);
        // All checksums are compared at each opening: what was changed from outside is not trusted.
        builder.set_check_integrity_on_open(true);
        let database = builder
            .create(path)
            .map_err(|error| unusable(&file, &error))?;
        let disk = Self { database, file };
        disk.settle_format()?;
        Ok(disk)
    }

    /// Marks a new file with the format, and refuses one of a newer.
    fn settle_format(&self) -> Result<(), Error> {
        let settle = || -> Result<u64, redb::Error> {
            let transaction = self.database.begin_write()?;
            let mut about = transaction.open_table(ABOUT)?;
            let format = about.get("format")?.map(|format| format.value());
            let Some(format) = format else {
                about.insert("format", FORMAT)?;
                about.insert("revision", 0)?;
                drop(about);
                transaction.open_table(ENTRIES)?;
                transaction.commit()?;
                return Ok(FORMAT);
            };
            drop(about);
            transaction.abort()?;
            Ok(format)
        };
        let format = settle().map_err(|error| unusable(&self.file, &error))?;
        if format == FORMAT {
            return Ok(());
        }
        Err(refused(format!(
            "{} is of format {format}, and this program knows format {FORMAT}",
            self.file
        )))
    }

    /// Everything that was kept, and the revision of the last change.
    pub(super) fn load(&self) -> Result<(BTreeMap<ConfPath, ConfEntry>, u64), Error> {
        let load = || -> Result<_, redb::Error> {
            let transaction = self.database.begin_read()?;
            let about = transaction.open_table(ABOUT)?;
            let revision = about
                .get("revision")?
                .map_or(0, |revision| revision.value());
            let mut kept = Vec::new();
            for row in transaction.open_table(ENTRIES)?.iter()? {
                let (path, entry) = row?;
                kept.push((path.value().to_owned(), entry.value().to_vec()));
            }
            Ok((kept, revision))
        };
        let (kept, revision) = load().map_err(|error| unusable(&self.file, &error))?;
        let mut entries = BTreeMap::new();
        for (path, octets) in kept {
            let path = ConfPath::checked(&path)
                .map_err(|wrong| unusable(&self.file, &format_args!("a path {wrong}")))?;
            let entry = decode(&octets)
                .map_err(|wrong| unusable(&self.file, &format_args!("{path}: {wrong}")))?;
            if path.is_root() || entry.revision > revision {
                let wrong = format_args!("{path} is not an entry of this tree").to_string();
                return Err(unusable(&self.file, &wrong));
            }
            entries.insert(path, entry);
        }
        Ok((entries, revision))
    }

    /// Keeps that `path` has `entry`, or none, since `revision`.
    pub(super) fn keep(
        &self,
        path: &ConfPath,
        entry: Option<&ConfEntry>,
        revision: u64,
    ) -> Result<(), Error> {
        let octets = entry
            .map(encode)
            .transpose()
            .map_err(|error| unkept(&self.file, &error))?;
        let keep = || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            let mut entries = transaction.open_table(ENTRIES)?;
            match &octets {
                Some(octets) => drop(entries.insert(path.as_str(), octets.as_slice())?),
                None => drop(entries.remove(path.as_str())?),
            }
            drop(entries);
            transaction
                .open_table(ABOUT)?
                .insert("revision", revision)?;
            transaction.commit()?;
            Ok(())
        };
        keep().map_err(|error| unkept(&self.file, &error))
    }
}

fn encode(entry: &ConfEntry) -> capnp::Result<Vec<u8>> {
    let mut message = capnp::message::Builder::new_default();
    wire::conf::write_entry(message.init_root::<entry::Builder<'_>>(), entry);
    let mut octets = Vec::new();
    capnp::serialize::write_message(&mut octets, &message)?;
    Ok(octets)
}

fn decode(octets: &[u8]) -> Result<ConfEntry, wire::Malformed> {
    let mut options = capnp::message::ReaderOptions::new();
    options.traversal_limit_in_words(Some(ENTRY_WORDS));
    let message = capnp::serialize::read_message(octets, options)?;
    wire::conf::read_entry(message.get_root::<entry::Reader<'_>>()?)
}

/// The error of a file that cannot be opened.
fn unusable(file: &str, why: &dyn core::fmt::Display) -> Error {
    let why = crate::fault::clean(&why.to_string());
    refused(format!("{file} cannot be used: {why}"))
}

/// The error of a change that cannot be kept.
fn unkept(file: &str, why: &dyn core::fmt::Display) -> Error {
    let why = crate::fault::clean(&why.to_string());
    refused(format!("{file} could not keep the change: {why}"))
}
