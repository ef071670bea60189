//! Log lines and counters.

use capnp::struct_list;

use super::{Malformed, check_count, check_text, read_text, refuse};
use crate::{
    Counter, Error, Level, calfkit_capnp as c,
    limits::{COUNTER_NAME_OCTETS, COUNTERS},
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
