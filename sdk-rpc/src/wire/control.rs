//! The status of a run.

use capnp::{struct_list, text_list};

use super::{
    Malformed, check_count, check_text,
    host::{read_link, write_link},
    lease::{read_lease, write_lease},
    list_length,
    log::{read_counters, write_counters},
    parameters::write_names,
    read_text, read_texts, refuse,
};
use crate::{
    Error, InterfaceStatus, Overall, Verb, calfkit_capnp as c,
    limits::{COUNTERS, INTERFACE_OCTETS, INTERFACES, LAYERS, NAME_OCTETS, STATE_OCTETS},
};

pub(crate) fn read_interfaces(list: text_list::Reader<'_>) -> Result<Vec<String>, Malformed> {
    read_texts("interfaces", list, (INTERFACES, INTERFACE_OCTETS))
}

/// `list` has as many places as there are `interfaces`.
pub(crate) fn write_interfaces(
    list: text_list::Builder<'_>,
    interfaces: &[String],
) -> Result<(), Error> {
    for interface in interfaces {
        refuse(check_text("interface", interface, INTERFACE_OCTETS))?;
    }
    write_names(list, interfaces)
}

pub(crate) fn read_overall(overall: c::overall::Reader<'_>) -> Result<Overall, Malformed> {
    let list = overall.get_interfaces()?;
    check_count("interfaces", list.len(), INTERFACES)?;
    Ok(Overall {
        client: read_text("client", overall.get_client()?, NAME_OCTETS)?,
        version: read_text("version", overall.get_version()?, NAME_OCTETS)?,
        pid: overall.get_pid(),
        now: overall.get_now(),
        interfaces: list.iter().map(read_status).collect::<Result<_, _>>()?,
    })
}

fn read_status(status: c::interface_status::Reader<'_>) -> Result<InterfaceStatus, Malformed> {
    Ok(InterfaceStatus {
        interface: read_text("interface", status.get_interface()?, INTERFACE_OCTETS)?,
        link: read_link(status.get_link()?)?,
        state: read_text("state", status.get_state()?, STATE_OCTETS)?,
        lease: if status.has_lease() {
            Some(read_lease(status.get_lease()?)?)
        } else {
            None
        },
        calf: match status.get_calf() {
            0 => None,
            pid => Some(pid),
        },
        restarts: status.get_restarts(),
        absent: read_texts("layers", status.get_absent()?, (LAYERS, NAME_OCTETS))?,
        counters: read_counters(status.get_counters()?)?,
        metric: status.get_metric(),
    })
}

pub(crate) fn write_overall(
    mut builder: c::overall::Builder<'_>,
    overall: &Overall,
) -> Result<(), Error> {
    let Overall {
        client,
        version,
        pid,
        now,
        interfaces,
    } = overall;
    refuse(check_text("client", client, NAME_OCTETS))?;
    builder.set_client(client.as_str());
    refuse(check_text("version", version, NAME_OCTETS))?;
    builder.set_version(version.as_str());
    builder.set_pid(*pid);
    builder.set_now(*now);
    let count = list_length("interfaces", interfaces.len(), INTERFACES)?;
    write_statuses(builder.init_interfaces(count), interfaces)
}

fn write_statuses(
    mut list: struct_list::Builder<'_, c::interface_status::Owned>,
    statuses: &[InterfaceStatus],
) -> Result<(), Error> {
    for (index, status) in (0..list.len()).zip(statuses) {
        write_status(list.reborrow().get(index), status)?;
    }
    Ok(())
}

fn write_status(
    mut builder: c::interface_status::Builder<'_>,
    status: &InterfaceStatus,
) -> Result<(), Error> {
    let InterfaceStatus {
        interface,
        link,
        state,
        lease,
        calf,
        restarts,
        absent,
        counters,
        metric,
    } = status;
    refuse(check_text("interface", interface, INTERFACE_OCTETS))?;
    builder.set_interface(interface.as_str());
    write_link(builder.reborrow().init_link(), *link);
    refuse(check_text("state", state, STATE_OCTETS))?;
    builder.set_state(state.as_str());
    if let Some(lease) = lease {
        write_lease(builder.reborrow().init_lease(), lease)?;
    }
    builder.set_calf(calf.unwrap_or(0));
    builder.set_restarts(*restarts);
    builder.set_metric(*metric);
    let count = list_length("layers", absent.len(), LAYERS)?;
    write_names(builder.reborrow().init_absent(count), absent)?;
    let count = list_length("counters", counters.len(), COUNTERS)?;
    write_counters(builder.init_counters(count), counters)
}

pub(crate) const fn read_verb(verb: c::Verb) -> Verb {
    match verb {
        c::Verb::Renew => Verb::Renew,
        c::Verb::Rebind => Verb::Rebind,
        c::Verb::Release => Verb::Release,
        c::Verb::Stop => Verb::Stop,
        c::Verb::Reapply => Verb::Reapply,
    }
}

pub(crate) const fn verb_to_wire(verb: Verb) -> c::Verb {
    match verb {
        Verb::Renew => c::Verb::Renew,
        Verb::Rebind => c::Verb::Rebind,
        Verb::Release => c::Verb::Release,
        Verb::Stop => c::Verb::Stop,
        Verb::Reapply => c::Verb::Reapply,
    }
}
