//! Paths, values, changes and rights of a `Conf`.

use capnp::{struct_list, text, text_list};

use super::{Malformed, check_count, check_length, check_text, read_text, refuse};
use crate::{
    ConfAccess, ConfChange, ConfChildren, ConfEntry, ConfPath, ConfRights, ConfValue, Error,
    Expected, Written,
    conf::TEXT_WEIGHT,
    conf_capnp as c,
    limits::{BATCH, CHILDREN, PATH_OCTETS, RIGHTS, TEXTS, VALUE_OCTETS},
};

const VALUE: &str = "value";

pub(crate) fn read_path(path: text::Reader<'_>) -> Result<ConfPath, Malformed> {
    // Before it is looked at as text: what is too long is not read.
    check_length("path", path.len(), PATH_OCTETS)?;
    let path = path.to_str().map_err(|_not_utf8| Malformed::Text("path"))?;
    ConfPath::checked(path).map_err(Malformed::Path)
}

/// A path, or none where the text is null.
pub(crate) fn read_optional_path(path: text::Reader<'_>) -> Result<Option<ConfPath>, Malformed> {
    if path.is_empty() {
        return Ok(None);
    }
    read_path(path).map(Some)
}

/// Whether the other side takes this value.
pub(crate) fn check_value(value: &ConfValue) -> Result<(), Malformed> {
    if let ConfValue::Texts(texts) = value {
        let count = u32::try_from(texts.len()).unwrap_or(u32::MAX);
        check_count("texts of a value", count, TEXTS)?;
    }
    check_length(VALUE, value.octets(), VALUE_OCTETS)?;
    match value {
        ConfValue::Text(text) => check_text(VALUE, text, VALUE_OCTETS),
        ConfValue::Texts(texts) => texts
            .iter()
            .try_for_each(|text| check_text(VALUE, text, VALUE_OCTETS)),
        ConfValue::Octets(_)
        | ConfValue::Unsigned(_)
        | ConfValue::Signed(_)
        | ConfValue::Flag(_) => Ok(()),
    }
}

pub(crate) fn read_value(value: c::value::Reader<'_>) -> Result<ConfValue, Malformed> {
    Ok(match value.which()? {
        c::value::Text(text) => ConfValue::Text(read_text(VALUE, text?, VALUE_OCTETS)?),
        c::value::Octets(octets) => {
            let octets = octets?;
            check_length(VALUE, octets.len(), VALUE_OCTETS)?;
            ConfValue::Octets(octets.to_vec())
        }
        c::value::Unsigned(number) => ConfValue::Unsigned(number),
        c::value::Signed(number) => ConfValue::Signed(number),
        c::value::Flag(flag) => ConfValue::Flag(flag),
        c::value::Texts(texts) => ConfValue::Texts(read_value_texts(texts?)?),
    })
}

/// The texts of a value. What they have together is checked before each is taken: all may point to one.
fn read_value_texts(list: text_list::Reader<'_>) -> Result<Vec<String>, Malformed> {
    check_count("texts of a value", list.len(), TEXTS)?;
    let mut octets: usize = 0;
    list.iter()
        .map(|text| {
            let text = text?;
            octets = octets
                .saturating_add(text.len())
                .saturating_add(TEXT_WEIGHT);
            check_length(VALUE, octets, VALUE_OCTETS)?;
            read_text(VALUE, text, VALUE_OCTETS)
        })
        .collect()
}

/// Writes a value that was checked.
pub(crate) fn write_value(mut builder: c::value::Builder<'_>, value: &ConfValue) {
    match value {
        ConfValue::Text(text) => builder.set_text(text),
        ConfValue::Octets(octets) => builder.set_octets(octets),
        ConfValue::Unsigned(number) => builder.set_unsigned(*number),
        ConfValue::Signed(number) => builder.set_signed(*number),
        ConfValue::Flag(flag) => builder.set_flag(*flag),
        ConfValue::Texts(texts) => {
            let count = u32::try_from(texts.len()).unwrap_or(u32::MAX);
            write_texts(builder.init_texts(count), texts.iter().map(String::as_str));
        }
    }
}

fn write_texts<'a>(mut list: text_list::Builder<'_>, texts: impl Iterator<Item = &'a str>) {
    for (index, text) in (0..list.len()).zip(texts) {
        list.set(index, text);
    }
}

pub(crate) fn read_entry(entry: c::entry::Reader<'_>) -> Result<ConfEntry, Malformed> {
    Ok(ConfEntry {
        value: read_value(entry.get_value()?)?,
        revision: entry.get_revision(),
    })
}

pub(crate) fn write_entry(mut builder: c::entry::Builder<'_>, entry: &ConfEntry) {
    builder.set_revision(entry.revision);
    write_value(builder.init_value(), &entry.value);
}

pub(crate) fn read_found(found: c::found::Reader<'_>) -> Result<Option<ConfEntry>, Malformed> {
    Ok(match found.which()? {
        c::found::Absent(()) => None,
        c::found::Entry(entry) => Some(read_entry(entry?)?),
    })
}

pub(crate) fn write_found(
    mut builder: c::found::Builder<'_>,
    found: Option<&ConfEntry>,
) -> Result<(), Error> {
    match found {
        None => builder.set_absent(()),
        Some(entry) => {
            refuse(check_value(&entry.value))?;
            write_entry(builder.init_entry(), entry);
        }
    }
    Ok(())
}

pub(crate) fn read_children(
    answer: c::conf_reader::list_results::Reader<'_>,
) -> Result<ConfChildren, Malformed> {
    let children = answer.get_children()?;
    check_count("children", children.len(), CHILDREN)?;
    Ok(ConfChildren {
        paths: children
            .iter()
            .map(|path| read_path(path?))
            .collect::<Result<_, _>>()?,
        more: answer.get_more(),
    })
}

pub(crate) fn write_children(
    mut answer: c::conf_reader::list_results::Builder<'_>,
    children: &ConfChildren,
) -> Result<(), Error> {
    let ConfChildren { paths, more } = children;
    answer.set_more(*more);
    let count = super::list_length("children", paths.len(), CHILDREN)?;
    let list = answer.init_children(count);
    write_texts(list, paths.iter().map(ConfPath::as_str));
    Ok(())
}

pub(crate) fn read_changes(
    list: struct_list::Reader<'_, c::change::Owned>,
) -> Result<Vec<ConfChange>, Malformed> {
    check_count("changes", list.len(), BATCH)?;
    list.iter().map(read_change).collect()
}

fn read_change(change: c::change::Reader<'_>) -> Result<ConfChange, Malformed> {
    let revision = change.get_revision();
    Ok(match change.which()? {
        c::change::Complete(()) => ConfChange::Complete { revision },
        c::change::Put(put) => ConfChange::Put {
            path: read_path(put.get_path()?)?,
            entry: ConfEntry {
                value: read_value(put.get_value()?)?,
                revision,
            },
        },
        c::change::Deleted(path) => ConfChange::Deleted {
            path: read_path(path?)?,
            revision,
        },
    })
}

pub(crate) fn write_changes(
    mut list: struct_list::Builder<'_, c::change::Owned>,
    changes: &[ConfChange],
) {
    for (index, change) in (0..list.len()).zip(changes) {
        let mut builder = list.reborrow().get(index);
        match change {
            ConfChange::Complete { revision } => {
                builder.set_revision(*revision);
                builder.set_complete(());
            }
            ConfChange::Put { path, entry } => {
                builder.set_revision(entry.revision);
                let mut put = builder.init_put();
                put.set_path(path.as_str());
                write_value(put.init_value(), &entry.value);
            }
            ConfChange::Deleted { path, revision } => {
                builder.set_revision(*revision);
                builder.set_deleted(path.as_str());
            }
        }
    }
}

/// Cuts `changes` into runs that each fit a message, with their lengths.
pub(crate) fn change_batches(changes: &[ConfChange]) -> Result<Vec<(&[ConfChange], u32)>, Error> {
    for change in changes {
        if let ConfChange::Put { path: _, entry } = change {
            refuse(check_value(&entry.value))?;
        }
    }
    Ok(super::frames::batches(changes, |change| match change {
        ConfChange::Put { path: _, entry } => entry.value.octets(),
        ConfChange::Deleted {
            path: _,
            revision: _,
        }
        | ConfChange::Complete { revision: _ } => 0,
    }))
}

pub(crate) fn read_expected(expected: c::expected::Reader<'_>) -> Result<Expected, Malformed> {
    Ok(match expected.which()? {
        c::expected::Anything(()) => Expected::Anything,
        c::expected::Absent(()) => Expected::Absent,
        c::expected::Revision(revision) => Expected::Revision(revision),
    })
}

pub(crate) fn write_expected(mut builder: c::expected::Builder<'_>, expected: Expected) {
    match expected {
        Expected::Anything => builder.set_anything(()),
        Expected::Absent => builder.set_absent(()),
        Expected::Revision(revision) => builder.set_revision(revision),
    }
}

pub(crate) fn read_written(written: c::written::Reader<'_>) -> Result<Written, Malformed> {
    Ok(match written.which()? {
        c::written::Done(revision) => Written::Done(revision),
        c::written::Conflict(0) => Written::Conflict(None),
        c::written::Conflict(revision) => Written::Conflict(Some(revision)),
    })
}

pub(crate) fn write_written(mut builder: c::written::Builder<'_>, written: Written) {
    match written {
        Written::Done(revision) => builder.set_done(revision),
        Written::Conflict(revision) => builder.set_conflict(revision.unwrap_or(0)),
    }
}

pub(crate) fn read_rights(
    list: struct_list::Reader<'_, c::right::Owned>,
) -> Result<ConfRights, Malformed> {
    check_count("lines of rights", list.len(), RIGHTS)?;
    let lines: Vec<_> = list
        .iter()
        .map(|right| {
            let access = ConfAccess {
                read: right.get_read(),
                write: right.get_write(),
                delete: right.get_delete(),
            };
            Ok((read_path(right.get_prefix()?)?, access))
        })
        .collect::<Result<_, Malformed>>()?;
    // Two lines of one prefix are left as what is wrong.
    ConfRights::new(lines).map_err(|_twice| Malformed::Path("has rights twice"))
}

/// Writes a table; it has no more lines than fit.
pub(crate) fn write_rights(
    mut list: struct_list::Builder<'_, c::right::Owned>,
    rights: &ConfRights,
) {
    for (index, (prefix, access)) in (0..list.len()).zip(rights.lines()) {
        let ConfAccess {
            read,
            write,
            delete,
        } = access;
        let mut right = list.reborrow().get(index);
        right.set_prefix(prefix.as_str());
        right.set_read(read);
        right.set_write(write);
        right.set_delete(delete);
    }
}
