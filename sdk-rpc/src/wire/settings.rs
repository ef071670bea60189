//! What the operator wants of the protocol.

use capnp::struct_list;

use super::{
    Malformed, check_count, check_length, check_text, list_length, parameters::read_octets,
    read_optional_address, read_prefix_length, read_text, refuse, write_optional_address,
};
use crate::{
    ConflictDetection, Error, FullName, Kind, Legacy, Pace, Settings, Subnet, calfkit_capnp as c,
    limits::{NAME_OCTETS, PARAMETER_OCTETS, PARAMETERS, SUBNETS},
};

pub(super) fn read_settings(settings: c::settings::Reader<'_>) -> Result<Settings, Malformed> {
    Ok(Settings {
        client_identifier: read_octets("client identifier", settings.get_client_identifier()?)?,
        host_name: if settings.has_host_name() {
            Some(read_text(
                "host name",
                settings.get_host_name()?,
                NAME_OCTETS,
            )?)
        } else {
            None
        },
        full_name: if settings.has_full_name() {
            Some(read_full_name(settings.get_full_name()?)?)
        } else {
            None
        },
        vendor_class: read_octets("vendor class", settings.get_vendor_class()?)?,
        requested: read_octets("requested parameters", settings.get_requested()?)?,
        sent: read_sent(settings.get_sent()?)?,
        required: read_octets("required parameters", settings.get_required()?)?,
        refused: read_octets("refused parameters", settings.get_refused()?)?,
        ignored: read_octets("ignored parameters", settings.get_ignored()?)?,
        wanted_address: read_optional_address(settings.get_wanted_address()?)?,
        wanted_seconds: some_unless_zero(settings.get_wanted_seconds()),
        allowed_servers: read_subnets(settings.get_allowed_servers()?)?,
        denied_servers: read_subnets(settings.get_denied_servers()?)?,
        broadcast: settings.get_broadcast(),
        require_server: settings.get_require_server(),
        rapid_commit: settings.get_rapid_commit(),
        forced_renewal: settings.get_forced_renewal(),
        legacy: read_legacy(settings.get_legacy()?),
        conflict_detection: read_conflict_detection(settings.get_conflict_detection()?),
        link_local_after: match settings.get_link_local_after().which()? {
            c::settings::link_local_after::Never(()) => None,
            c::settings::link_local_after::After(milliseconds) => Some(milliseconds),
        },
        reboot_timeout: settings.get_reboot_timeout(),
        start_delay: settings.get_start_delay(),
        pace: read_pace(settings.get_pace()?),
        inform: if settings.has_inform() {
            Some(read_subnet(settings.get_inform()?)?)
        } else {
            None
        },
        kinds: read_kinds(settings.get_kinds()?)?,
        offers_only: settings.get_offers_only(),
    })
}

fn read_full_name(name: c::full_name::Reader<'_>) -> Result<FullName, Malformed> {
    Ok(FullName {
        name: read_text("full name", name.get_name()?, NAME_OCTETS)?,
        flags: name.get_flags(),
    })
}

fn read_sent(
    list: struct_list::Reader<'_, c::sent_parameter::Owned>,
) -> Result<Vec<(u8, Vec<u8>)>, Malformed> {
    check_count("parameters to be sent", list.len(), PARAMETERS)?;
    list.iter()
        .map(|sent| {
            Ok((
                sent.get_code(),
                read_octets("parameter to be sent", sent.get_value()?)?,
            ))
        })
        .collect()
}

fn read_subnets(list: struct_list::Reader<'_, c::subnet::Owned>) -> Result<Vec<Subnet>, Malformed> {
    check_count("networks of servers", list.len(), SUBNETS)?;
    list.iter().map(read_subnet).collect()
}

fn read_subnet(subnet: c::subnet::Reader<'_>) -> Result<Subnet, Malformed> {
    Ok(Subnet {
        address: std::net::Ipv4Addr::from_bits(subnet.get_address()),
        prefix_length: read_prefix_length(subnet.get_prefix_length())?,
    })
}

fn read_pace(pace: c::pace::Reader<'_>) -> Pace {
    Pace {
        first: pace.get_first(),
        longest: pace.get_longest(),
        jitter: pace.get_jitter(),
        attempt: pace.get_attempt(),
        pause: pace.get_pause(),
    }
}

fn read_kinds(
    list: struct_list::Reader<'_, c::parameter_kind::Owned>,
) -> Result<Vec<(u8, Kind)>, Malformed> {
    check_count("kinds of parameters", list.len(), PARAMETERS)?;
    list.iter()
        .map(|entry| Ok((entry.get_code(), read_kind(entry.get_kind()?))))
        .collect()
}

pub(super) fn write_settings(
    mut builder: c::settings::Builder<'_>,
    settings: &Settings,
) -> Result<(), Error> {
    let Settings {
        client_identifier,
        host_name,
        full_name,
        vendor_class,
        requested,
        sent,
        required,
        refused,
        ignored,
        wanted_address,
        wanted_seconds,
        allowed_servers,
        denied_servers,
        broadcast,
        require_server,
        rapid_commit,
        forced_renewal,
        legacy,
        conflict_detection,
        link_local_after,
        reboot_timeout,
        start_delay,
        pace,
        inform,
        kinds,
        offers_only,
    } = settings;
    for octets in [
        client_identifier,
        vendor_class,
        requested,
        required,
        refused,
        ignored,
    ] {
        refuse(check_length("setting", octets.len(), PARAMETER_OCTETS))?;
    }
    builder.set_client_identifier(client_identifier);
    builder.set_vendor_class(vendor_class);
    builder.set_requested(requested);
    builder.set_required(required);
    builder.set_refused(refused);
    builder.set_ignored(ignored);
    if let Some(host_name) = host_name {
        refuse(check_text("host name", host_name, NAME_OCTETS))?;
        builder.set_host_name(host_name.as_str());
    }
    if let Some(FullName { name, flags }) = full_name {
        refuse(check_text("full name", name, NAME_OCTETS))?;
        let mut full_name = builder.reborrow().init_full_name();
        full_name.set_name(name.as_str());
        full_name.set_flags(*flags);
    }
    let count = list_length("parameters to be sent", sent.len(), PARAMETERS)?;
    write_sent(builder.reborrow().init_sent(count), sent)?;
    write_optional_address(builder.reborrow().init_wanted_address(), *wanted_address);
    builder.set_wanted_seconds(wanted_seconds.unwrap_or(0));
    let count = list_length("networks of servers", allowed_servers.len(), SUBNETS)?;
    write_subnets(
        builder.reborrow().init_allowed_servers(count),
        allowed_servers,
    )?;
    let count = list_length("networks of servers", denied_servers.len(), SUBNETS)?;
    write_subnets(
        builder.reborrow().init_denied_servers(count),
        denied_servers,
    )?;
    builder.set_broadcast(*broadcast);
    builder.set_require_server(*require_server);
    builder.set_rapid_commit(*rapid_commit);
    builder.set_forced_renewal(*forced_renewal);
    builder.set_offers_only(*offers_only);
    builder.set_legacy(legacy_to_wire(*legacy));
    builder.set_conflict_detection(conflict_detection_to_wire(*conflict_detection));
    match *link_local_after {
        None => builder.reborrow().init_link_local_after().set_never(()),
        Some(milliseconds) => builder
            .reborrow()
            .init_link_local_after()
            .set_after(milliseconds),
    }
    builder.set_reboot_timeout(*reboot_timeout);
    builder.set_start_delay(*start_delay);
    write_pace(builder.reborrow().init_pace(), *pace);
    if let Some(subnet) = inform {
        write_subnet(builder.reborrow().init_inform(), *subnet)?;
    }
    let count = list_length("kinds of parameters", kinds.len(), PARAMETERS)?;
    let mut list = builder.init_kinds(count);
    for (index, (code, kind)) in (0..count).zip(kinds) {
        let mut entry = list.reborrow().get(index);
        entry.set_code(*code);
        entry.set_kind(kind_to_wire(*kind));
    }
    Ok(())
}

fn write_sent(
    mut list: struct_list::Builder<'_, c::sent_parameter::Owned>,
    sent: &[(u8, Vec<u8>)],
) -> Result<(), Error> {
    for (index, (code, value)) in (0..list.len()).zip(sent) {
        refuse(check_length(
            "parameter to be sent",
            value.len(),
            PARAMETER_OCTETS,
        ))?;
        let mut builder = list.reborrow().get(index);
        builder.set_code(*code);
        builder.set_value(value);
    }
    Ok(())
}

fn write_subnets(
    mut list: struct_list::Builder<'_, c::subnet::Owned>,
    subnets: &[Subnet],
) -> Result<(), Error> {
    for (index, subnet) in (0..list.len()).zip(subnets) {
        write_subnet(list.reborrow().get(index), *subnet)?;
    }
    Ok(())
}

fn write_subnet(mut builder: c::subnet::Builder<'_>, subnet: Subnet) -> Result<(), Error> {
    let Subnet {
        address,
        prefix_length,
    } = subnet;
    builder.set_address(address.to_bits());
    builder.set_prefix_length(refuse(read_prefix_length(prefix_length))?);
    Ok(())
}

fn write_pace(mut builder: c::pace::Builder<'_>, pace: Pace) {
    let Pace {
        first,
        longest,
        jitter,
        attempt,
        pause,
    } = pace;
    builder.set_first(first);
    builder.set_longest(longest);
    builder.set_jitter(jitter);
    builder.set_attempt(attempt);
    builder.set_pause(pause);
}

const fn some_unless_zero(value: u32) -> Option<u32> {
    match value {
        0 => None,
        value => Some(value),
    }
}

const fn read_legacy(legacy: c::Legacy) -> Legacy {
    match legacy {
        c::Legacy::Refused => Legacy::Refused,
        c::Legacy::Accepted => Legacy::Accepted,
        c::Legacy::Only => Legacy::Only,
    }
}

const fn legacy_to_wire(legacy: Legacy) -> c::Legacy {
    match legacy {
        Legacy::Refused => c::Legacy::Refused,
        Legacy::Accepted => c::Legacy::Accepted,
        Legacy::Only => c::Legacy::Only,
    }
}

const fn read_conflict_detection(mode: c::ConflictDetection) -> ConflictDetection {
    match mode {
        c::ConflictDetection::Off => ConflictDetection::Off,
        c::ConflictDetection::Fast => ConflictDetection::Fast,
        c::ConflictDetection::Full => ConflictDetection::Full,
    }
}

const fn conflict_detection_to_wire(mode: ConflictDetection) -> c::ConflictDetection {
    match mode {
        ConflictDetection::Off => c::ConflictDetection::Off,
        ConflictDetection::Fast => c::ConflictDetection::Fast,
        ConflictDetection::Full => c::ConflictDetection::Full,
    }
}

const fn read_kind(kind: c::Kind) -> Kind {
    match kind {
        c::Kind::Octets => Kind::Octets,
        c::Kind::Addresses => Kind::Addresses,
        c::Kind::Numbers8 => Kind::Numbers8,
        c::Kind::Numbers16 => Kind::Numbers16,
        c::Kind::Numbers32 => Kind::Numbers32,
        c::Kind::Signed32 => Kind::Signed32,
        c::Kind::Text => Kind::Text,
        c::Kind::Names => Kind::Names,
        c::Kind::Routes => Kind::Routes,
        c::Kind::ClassRoutes => Kind::ClassRoutes,
    }
}

const fn kind_to_wire(kind: Kind) -> c::Kind {
    match kind {
        Kind::Octets => c::Kind::Octets,
        Kind::Addresses => c::Kind::Addresses,
        Kind::Numbers8 => c::Kind::Numbers8,
        Kind::Numbers16 => c::Kind::Numbers16,
        Kind::Numbers32 => c::Kind::Numbers32,
        Kind::Signed32 => c::Kind::Signed32,
        Kind::Text => c::Kind::Text,
        Kind::Names => c::Kind::Names,
        Kind::Routes => c::Kind::Routes,
        Kind::ClassRoutes => c::Kind::ClassRoutes,
    }
}
