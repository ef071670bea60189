//! Leases, their causes, and what came of them.

use std::net::Ipv4Addr;

use super::{
    Malformed, check_count, check_text, list_length,
    parameters::{read_parameters, write_names, write_parameters},
    read_addresses, read_optional_address, read_prefix_length, read_text, read_texts, refuse,
    write_optional_address,
};
use crate::{
    Applied, ConfigureCause, DeconfigureCause, Error, Lease, Origin, Route, Setback, UpdateCause,
    calfkit_capnp as c, fault,
    limits::{ADDRESSES, NAME_OCTETS, NAMES, PARAMETER_OCTETS, PARAMETERS, REASON_OCTETS, ROUTES},
};

/// Octets of a word (Cap'n Proto, "Encoding Spec").
const WORD: usize = 8;
/// Words of a stored lease that are read: as many as one message of a connection may have.
const STORED_WORDS: usize = 16 * 1024;

pub(crate) fn read_lease(lease: c::lease::Reader<'_>) -> Result<Lease, Malformed> {
    Ok(Lease {
        address: Ipv4Addr::from_bits(lease.get_address()),
        prefix_length: read_prefix_length(lease.get_prefix_length())?,
        broadcast: read_optional_address(lease.get_broadcast()?)?,
        origin: read_origin(lease.get_origin()?),
        server: Ipv4Addr::from_bits(lease.get_server()),
        routers: read_addresses("routers", lease.get_routers()?, ADDRESSES)?,
        routes: read_routes(lease.get_routes()?)?,
        dns: read_addresses("resolvers", lease.get_dns()?, ADDRESSES)?,
        ntp: read_addresses("time servers", lease.get_ntp()?, ADDRESSES)?,
        domain: if lease.has_domain() {
            Some(read_text("domain", lease.get_domain()?, NAME_OCTETS)?)
        } else {
            None
        },
        search: read_texts("search domains", lease.get_search()?, (NAMES, NAME_OCTETS))?,
        host_name: if lease.has_host_name() {
            Some(read_text("host name", lease.get_host_name()?, NAME_OCTETS)?)
        } else {
            None
        },
        mtu: match lease.get_mtu().which()? {
            c::lease::mtu::None(()) => None,
            c::lease::mtu::Some(mtu) => Some(mtu),
        },
        lease_seconds: match lease.get_duration().which()? {
            c::lease::duration::Infinite(()) => None,
            c::lease::duration::Seconds(seconds) => Some(seconds),
        },
        acquired_at: lease.get_acquired_at(),
        renew_at: read_time(lease.get_renew_at()?)?,
        rebind_at: read_time(lease.get_rebind_at()?)?,
        expires_at: read_time(lease.get_expires_at()?)?,
        next_server: Ipv4Addr::from_bits(lease.get_next_server()),
        server_name: if lease.has_server_name() {
            Some(read_text(
                "server name",
                lease.get_server_name()?,
                PARAMETER_OCTETS,
            )?)
        } else {
            None
        },
        boot_file: if lease.has_boot_file() {
            Some(read_text(
                "boot file",
                lease.get_boot_file()?,
                PARAMETER_OCTETS,
            )?)
        } else {
            None
        },
        parameters: read_parameters(lease.get_parameters()?)?,
    })
}

pub(super) fn read_routes(
    list: capnp::struct_list::Reader<'_, c::route::Owned>,
) -> Result<Vec<Route>, Malformed> {
    check_count("routes", list.len(), ROUTES)?;
    list.iter()
        .map(|route| {
            Ok(Route {
                destination: Ipv4Addr::from_bits(route.get_destination()),
                prefix_length: read_prefix_length(route.get_prefix_length())?,
                gateway: Ipv4Addr::from_bits(route.get_gateway()),
            })
        })
        .collect()
}

/// A lease as octets that outlive the process.
pub(crate) fn encode_lease(lease: &Lease) -> Result<Vec<u8>, Error> {
    let mut message = capnp::message::Builder::new_default();
    write_lease(message.init_root(), lease)?;
    let octets = capnp::serialize::write_message_to_words(&message);
    // Each value may be as large as it can, but not all of them: nobody would read them back.
    if octets.len() > STORED_WORDS.saturating_mul(WORD) {
        let length = octets.len();
        return Err(Error::Refused(format!(
            "a lease of {length} octets is longer than a message"
        )));
    }
    Ok(octets)
}

/// The lease of [`encode_lease`], of this version or another.
pub(crate) fn decode_lease(octets: &[u8]) -> Result<Lease, Malformed> {
    let options = capnp::message::ReaderOptions {
        traversal_limit_in_words: Some(STORED_WORDS),
        nesting_limit: 16,
    };
    // Words are read where they lie, so they have to lie as words do.
    let (whole, rest) = octets.as_chunks::<WORD>();
    let mut words = capnp::Word::allocate_zeroed_vec(whole.len());
    let aligned = capnp::Word::words_to_bytes_mut(&mut words);
    for (place, octet) in aligned.iter_mut().zip(octets) {
        *place = *octet;
    }
    let mut unread: &[u8] = aligned;
    let message = capnp::serialize::read_message_from_flat_slice(&mut unread, options)?;
    let lease = read_lease(message.get_root()?)?;
    if unread.is_empty() && rest.is_empty() {
        Ok(lease)
    } else {
        Err(Malformed::Message("there is more after it".to_owned()))
    }
}

fn read_time(time: c::optional_time::Reader<'_>) -> Result<Option<u64>, Malformed> {
    Ok(match time.which()? {
        c::optional_time::None(()) => None,
        c::optional_time::Some(milliseconds) => Some(milliseconds),
    })
}

pub(crate) fn write_lease(mut builder: c::lease::Builder<'_>, lease: &Lease) -> Result<(), Error> {
    let Lease {
        address,
        prefix_length,
        broadcast,
        origin,
        server,
        routers,
        routes,
        dns,
        ntp,
        domain,
        search,
        host_name,
        mtu,
        lease_seconds,
        acquired_at,
        renew_at,
        rebind_at,
        expires_at,
        next_server,
        server_name,
        boot_file,
        parameters,
    } = lease;
    builder.set_address(address.to_bits());
    builder.set_prefix_length(refuse(read_prefix_length(*prefix_length))?);
    write_optional_address(builder.reborrow().init_broadcast(), *broadcast);
    builder.set_origin(origin_to_wire(*origin));
    builder.set_server(server.to_bits());
    let count = list_length("routers", routers.len(), ADDRESSES)?;
    write_addresses(builder.reborrow().init_routers(count), routers);
    let count = list_length("routes", routes.len(), ROUTES)?;
    write_routes(builder.reborrow().init_routes(count), routes)?;
    let count = list_length("resolvers", dns.len(), ADDRESSES)?;
    write_addresses(builder.reborrow().init_dns(count), dns);
    let count = list_length("time servers", ntp.len(), ADDRESSES)?;
    write_addresses(builder.reborrow().init_ntp(count), ntp);
    if let Some(domain) = domain {
        refuse(check_text("domain", domain, NAME_OCTETS))?;
        builder.set_domain(domain.as_str());
    }
    let count = list_length("search domains", search.len(), NAMES)?;
    write_names(builder.reborrow().init_search(count), search)?;
    if let Some(host_name) = host_name {
        refuse(check_text("host name", host_name, NAME_OCTETS))?;
        builder.set_host_name(host_name.as_str());
    }
    match *mtu {
        None => builder.reborrow().init_mtu().set_none(()),
        Some(mtu) => builder.reborrow().init_mtu().set_some(mtu),
    }
    match *lease_seconds {
        None => builder.reborrow().init_duration().set_infinite(()),
        Some(seconds) => builder.reborrow().init_duration().set_seconds(seconds),
    }
    builder.set_acquired_at(*acquired_at);
    write_time(builder.reborrow().init_renew_at(), *renew_at);
    write_time(builder.reborrow().init_rebind_at(), *rebind_at);
    write_time(builder.reborrow().init_expires_at(), *expires_at);
    builder.set_next_server(next_server.to_bits());
    if let Some(server_name) = server_name {
        refuse(check_text("server name", server_name, PARAMETER_OCTETS))?;
        builder.set_server_name(server_name.as_str());
    }
    if let Some(boot_file) = boot_file {
        refuse(check_text("boot file", boot_file, PARAMETER_OCTETS))?;
        builder.set_boot_file(boot_file.as_str());
    }
    let count = list_length("parameters", parameters.len(), PARAMETERS)?;
    write_parameters(builder.init_parameters(count), parameters)
}

pub(super) fn write_addresses(
    mut list: capnp::primitive_list::Builder<'_, u32>,
    addresses: &[Ipv4Addr],
) {
    for (index, address) in (0..list.len()).zip(addresses) {
        list.set(index, address.to_bits());
    }
}

pub(super) fn write_routes(
    mut list: capnp::struct_list::Builder<'_, c::route::Owned>,
    routes: &[Route],
) -> Result<(), Error> {
    for (index, route) in (0..list.len()).zip(routes) {
        let mut builder = list.reborrow().get(index);
        builder.set_destination(route.destination.to_bits());
        builder.set_prefix_length(refuse(read_prefix_length(route.prefix_length))?);
        builder.set_gateway(route.gateway.to_bits());
    }
    Ok(())
}

fn write_time(mut builder: c::optional_time::Builder<'_>, milliseconds: Option<u64>) {
    match milliseconds {
        None => builder.set_none(()),
        Some(milliseconds) => builder.set_some(milliseconds),
    }
}

pub(crate) fn read_applied(applied: c::applied::Reader<'_>) -> Result<Applied, Malformed> {
    Ok(match applied.which()? {
        c::applied::Done(()) => Applied::Done,
        c::applied::Refused(reason) => {
            Applied::Refused(read_text("reason", reason?, REASON_OCTETS)?)
        }
        c::applied::InUse(()) => Applied::InUse,
    })
}

pub(crate) fn write_applied(mut builder: c::applied::Builder<'_>, applied: &Applied) {
    match applied {
        Applied::Done => builder.set_done(()),
        Applied::Refused(reason) => builder.set_refused(fault::clean(reason).as_str()),
        Applied::InUse => builder.set_in_use(()),
    }
}

pub(crate) const fn read_configure_cause(cause: c::ConfigureCause) -> ConfigureCause {
    match cause {
        c::ConfigureCause::Bound => ConfigureCause::Bound,
        c::ConfigureCause::Rebooted => ConfigureCause::Rebooted,
        c::ConfigureCause::LinkLocal => ConfigureCause::LinkLocal,
        c::ConfigureCause::Informed => ConfigureCause::Informed,
        c::ConfigureCause::Offered => ConfigureCause::Offered,
    }
}

pub(crate) const fn configure_cause_to_wire(cause: ConfigureCause) -> c::ConfigureCause {
    match cause {
        ConfigureCause::Bound => c::ConfigureCause::Bound,
        ConfigureCause::Rebooted => c::ConfigureCause::Rebooted,
        ConfigureCause::LinkLocal => c::ConfigureCause::LinkLocal,
        ConfigureCause::Informed => c::ConfigureCause::Informed,
        ConfigureCause::Offered => c::ConfigureCause::Offered,
    }
}

pub(crate) const fn read_update_cause(cause: c::UpdateCause) -> UpdateCause {
    match cause {
        c::UpdateCause::Renewed => UpdateCause::Renewed,
        c::UpdateCause::Rebound => UpdateCause::Rebound,
        c::UpdateCause::Rebooted => UpdateCause::Rebooted,
        c::UpdateCause::Bound => UpdateCause::Bound,
        c::UpdateCause::LinkLocal => UpdateCause::LinkLocal,
        c::UpdateCause::Informed => UpdateCause::Informed,
    }
}

pub(crate) const fn update_cause_to_wire(cause: UpdateCause) -> c::UpdateCause {
    match cause {
        UpdateCause::Renewed => c::UpdateCause::Renewed,
        UpdateCause::Rebound => c::UpdateCause::Rebound,
        UpdateCause::Rebooted => c::UpdateCause::Rebooted,
        UpdateCause::Bound => c::UpdateCause::Bound,
        UpdateCause::LinkLocal => c::UpdateCause::LinkLocal,
        UpdateCause::Informed => c::UpdateCause::Informed,
    }
}

pub(crate) const fn read_deconfigure_cause(cause: c::DeconfigureCause) -> DeconfigureCause {
    match cause {
        c::DeconfigureCause::Nak => DeconfigureCause::Nak,
        c::DeconfigureCause::Expired => DeconfigureCause::Expired,
        c::DeconfigureCause::Released => DeconfigureCause::Released,
        c::DeconfigureCause::Conflict => DeconfigureCause::Conflict,
        c::DeconfigureCause::Stopped => DeconfigureCause::Stopped,
        c::DeconfigureCause::Ipv6Only => DeconfigureCause::Ipv6Only,
    }
}

pub(crate) const fn deconfigure_cause_to_wire(cause: DeconfigureCause) -> c::DeconfigureCause {
    match cause {
        DeconfigureCause::Nak => c::DeconfigureCause::Nak,
        DeconfigureCause::Expired => c::DeconfigureCause::Expired,
        DeconfigureCause::Released => c::DeconfigureCause::Released,
        DeconfigureCause::Conflict => c::DeconfigureCause::Conflict,
        DeconfigureCause::Stopped => c::DeconfigureCause::Stopped,
        DeconfigureCause::Ipv6Only => c::DeconfigureCause::Ipv6Only,
    }
}

pub(crate) const fn read_setback(setback: c::Setback) -> Setback {
    match setback {
        c::Setback::NoAnswer => Setback::NoAnswer,
        c::Setback::Refused => Setback::Refused,
        c::Setback::Conflict => Setback::Conflict,
        c::Setback::Ipv6Only => Setback::Ipv6Only,
    }
}

pub(crate) const fn setback_to_wire(setback: Setback) -> c::Setback {
    match setback {
        Setback::NoAnswer => c::Setback::NoAnswer,
        Setback::Refused => c::Setback::Refused,
        Setback::Conflict => c::Setback::Conflict,
        Setback::Ipv6Only => c::Setback::Ipv6Only,
    }
}

const fn read_origin(origin: c::Origin) -> Origin {
    match origin {
        c::Origin::Server => Origin::Server,
        c::Origin::LinkLocal => Origin::LinkLocal,
        c::Origin::Inform => Origin::Inform,
        c::Origin::Operator => Origin::Operator,
    }
}

const fn origin_to_wire(origin: Origin) -> c::Origin {
    match origin {
        Origin::Server => c::Origin::Server,
        Origin::LinkLocal => c::Origin::LinkLocal,
        Origin::Inform => c::Origin::Inform,
        Origin::Operator => c::Origin::Operator,
    }
}
