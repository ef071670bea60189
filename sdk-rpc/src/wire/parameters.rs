//! Parameters of a lease: values by number, each of one of a few kinds.

use capnp::{data, primitive_list, struct_list, text_list};

use super::{
    Malformed, check_count, check_length, check_text, lease::read_routes, lease::write_routes,
    list_length, read_addresses, read_texts, refuse,
};
use crate::{
    Error, Parameter, Value, calfkit_capnp as c,
    limits::{ADDRESSES, NAME_OCTETS, NAMES, PARAMETER_OCTETS, PARAMETERS, ROUTES},
};

/// As a cap of a list's length.
const NUMBERS: u32 = 2048;
const _: () = assert!(NUMBERS as usize == PARAMETER_OCTETS);

pub(super) fn read_parameters(
    list: struct_list::Reader<'_, c::parameter::Owned>,
) -> Result<Vec<Parameter>, Malformed> {
    check_count("parameters", list.len(), PARAMETERS)?;
    list.iter()
        .map(|parameter| {
            Ok(Parameter {
                code: parameter.get_code(),
                value: read_value(parameter.get_value())?,
            })
        })
        .collect()
}

fn read_value(value: c::parameter::value::Reader<'_>) -> Result<Value, Malformed> {
    use c::parameter::value::Which;
    Ok(match value.which()? {
        Which::Octets(octets) => Value::Octets(read_octets("parameter", octets?)?),
        Which::Addresses(list) => Value::Addresses(read_addresses(
            "addresses of a parameter",
            list?,
            ADDRESSES,
        )?),
        Which::Numbers(list) => {
            let list = list?;
            check_count("numbers of a parameter", list.len(), NUMBERS)?;
            Value::Numbers(list.iter().collect())
        }
        Which::Text(text) => Value::Text(super::read_text(
            "text of a parameter",
            text?,
            PARAMETER_OCTETS,
        )?),
        Which::Names(list) => Value::Names(read_texts(
            "names of a parameter",
            list?,
            (NAMES, NAME_OCTETS),
        )?),
        Which::Routes(list) => Value::Routes(read_routes(list?)?),
    })
}

pub(super) fn write_parameters(
    mut list: struct_list::Builder<'_, c::parameter::Owned>,
    parameters: &[Parameter],
) -> Result<(), Error> {
    for (index, Parameter { code, value }) in (0..list.len()).zip(parameters) {
        let mut builder = list.reborrow().get(index);
        builder.set_code(*code);
        write_value(builder.init_value(), value)?;
    }
    Ok(())
}

fn write_value(mut builder: c::parameter::value::Builder<'_>, value: &Value) -> Result<(), Error> {
    match value {
        Value::Octets(octets) => {
            refuse(check_length("parameter", octets.len(), PARAMETER_OCTETS))?;
            builder.set_octets(octets);
        }
        Value::Addresses(addresses) => {
            let count = list_length("addresses of a parameter", addresses.len(), ADDRESSES)?;
            super::lease::write_addresses(builder.init_addresses(count), addresses);
        }
        Value::Numbers(numbers) => {
            let count = list_length("numbers of a parameter", numbers.len(), NUMBERS)?;
            write_numbers(builder.init_numbers(count), numbers);
        }
        Value::Text(text) => {
            refuse(check_text("text of a parameter", text, PARAMETER_OCTETS))?;
            builder.set_text(text.as_str());
        }
        Value::Names(names) => {
            let count = list_length("names of a parameter", names.len(), NAMES)?;
            write_names(builder.init_names(count), names)?;
        }
        Value::Routes(routes) => {
            let count = list_length("routes of a parameter", routes.len(), ROUTES)?;
            write_routes(builder.init_routes(count), routes)?;
        }
    }
    Ok(())
}

fn write_numbers(mut list: primitive_list::Builder<'_, i64>, numbers: &[i64]) {
    for (index, number) in (0..list.len()).zip(numbers) {
        list.set(index, *number);
    }
}

pub(super) fn write_names(mut list: text_list::Builder<'_>, names: &[String]) -> Result<(), Error> {
    for (index, name) in (0..list.len()).zip(names) {
        refuse(check_text("name", name, NAME_OCTETS))?;
        list.set(index, name.as_str());
    }
    Ok(())
}

pub(super) fn read_octets(
    what: &'static str,
    octets: data::Reader<'_>,
) -> Result<Vec<u8>, Malformed> {
    check_length(what, octets.len(), PARAMETER_OCTETS)?;
    Ok(octets.to_vec())
}
