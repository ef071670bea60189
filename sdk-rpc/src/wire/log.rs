//! Log lines, records and counters.

use capnp::struct_list;

use super::{Malformed, check_count, check_length, check_text, list_length, read_text, refuse};
use crate::{
    Counter, Error, Field, FieldValue, Level, Record, calfkit_capnp as c,
    limits::{COUNTER_NAME_OCTETS, COUNTERS, FIELD_NAME_OCTETS, FIELD_OCTETS, FIELDS, LINE_OCTETS},
    log::{is_field_name, is_name},
};

pub(crate) const fn read_level(level: c::Level) -> Level {
    match level {
        c::Level::Debug => Level::Debug,
        c::Level::Info => Level::Info,
        c::Level::Warn => Level::Warn,
    }
}

pub(crate) const fn level_to_wire(level: Level) -> c::Level {
    match level {
        Level::Debug => c::Level::Debug,
        Level::Info => c::Level::Info,
        Level::Warn => c::Level::Warn,
    }
}

pub(crate) fn read_counters(
    list: struct_list::Reader<'_, c::counter::Owned>,
) -> Result<Vec<Counter>, Malformed> {
    check_count("counters", list.len(), COUNTERS)?;
    list.iter()
        .map(|counter| {
            Ok(Counter {
                name: read_text("counter name", counter.get_name()?, COUNTER_NAME_OCTETS)?,
                value: counter.get_value(),
            })
        })
        .collect()
}

pub(crate) fn write_counters(
    mut list: struct_list::Builder<'_, c::counter::Owned>,
    counters: &[Counter],
) -> Result<(), Error> {
    for (index, counter) in (0..list.len()).zip(counters) {
        refuse(check_text(
            "counter name",
            &counter.name,
            COUNTER_NAME_OCTETS,
        ))?;
        let mut builder = list.reborrow().get(index);
        builder.set_name(counter.name.as_str());
        builder.set_value(counter.value);
    }
    Ok(())
}

pub(crate) fn read_record(record: c::record::Reader<'_>) -> Result<Record, Malformed> {
    let level = read_level(record.get_level()?);
    let target = read_name("target", record.get_target()?, is_name)?;
    let message = read_text("message", record.get_message()?, LINE_OCTETS)?;
    let fields = record.get_fields()?;
    check_count("fields", fields.len(), FIELDS)?;
    let mut read = Record::new(level, &target, &message);
    for field in fields {
        let name = read_name("field name", field.get_name()?, is_field_name)?;
        read = read.with(&name, read_field_value(field.get_value())?);
    }
    Ok(read.with_left_out(record.get_left_out()))
}

fn read_name(
    what: &'static str,
    text: capnp::text::Reader<'_>,
    is_one: fn(&str) -> bool,
) -> Result<String, Malformed> {
    let name = read_text(what, text, FIELD_NAME_OCTETS)?;
    if !is_one(&name) {
        return Err(Malformed::Text(what));
    }
    Ok(name)
}

fn read_field_value(value: c::field::value::Reader<'_>) -> Result<FieldValue, Malformed> {
    use c::field::value::Which;
    Ok(match value.which()? {
        Which::Text(text) => FieldValue::Text(read_text("field", text?, FIELD_OCTETS)?),
        Which::Unsigned(number) => FieldValue::Unsigned(number),
        Which::Signed(number) => FieldValue::Signed(number),
        Which::Flag(flag) => FieldValue::Flag(flag),
        Which::Octets(octets) => {
            let octets = octets?;
            check_length("field", octets.len(), FIELD_OCTETS)?;
            FieldValue::Octets(octets.to_vec())
        }
    })
}

/// A record is within its caps from its making.
pub(crate) fn write_record(
    mut builder: c::record::Builder<'_>,
    record: &Record,
) -> Result<(), Error> {
    builder.set_level(level_to_wire(record.level()));
    builder.set_target(record.target());
    builder.set_message(record.message());
    builder.set_left_out(record.left_out());
    let count = list_length("fields", record.fields().len(), FIELDS)?;
    let mut list = builder.init_fields(count);
    for (index, field) in (0..count).zip(record.fields()) {
        write_field(list.reborrow().get(index), field);
    }
    Ok(())
}

fn write_field(mut builder: c::field::Builder<'_>, field: &Field) {
    builder.set_name(field.name());
    let mut builder = builder.init_value();
    match field.value() {
        FieldValue::Text(text) => builder.set_text(text.as_str()),
        FieldValue::Unsigned(number) => builder.set_unsigned(*number),
        FieldValue::Signed(number) => builder.set_signed(*number),
        FieldValue::Flag(flag) => builder.set_flag(*flag),
        FieldValue::Octets(octets) => builder.set_octets(octets),
    }
}
