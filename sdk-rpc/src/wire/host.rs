//! What a calf is told of its host.

use super::{
    Malformed, check_text,
    lease::{read_lease, write_lease},
    mac_to_wire, read_mac, read_optional_address, read_text, refuse,
    settings::{read_settings, write_settings},
    write_optional_address,
};
use crate::{
    Command, Error, HostDescription, LinkState, calfkit_capnp as c, limits::INTERFACE_OCTETS,
};

pub(crate) fn read_link(link: c::link::Reader<'_>) -> Result<LinkState, Malformed> {
    Ok(LinkState {
        up: link.get_up(),
        carrier: link.get_carrier(),
        mac: read_mac(link.get_mac())?,
        mtu: link.get_mtu(),
    })
}

pub(crate) fn write_link(mut builder: c::link::Builder<'_>, link: LinkState) {
    let LinkState {
        up,
        carrier,
        mac,
        mtu,
    } = link;
    builder.set_up(up);
    builder.set_carrier(carrier);
    builder.set_mac(mac_to_wire(mac));
    builder.set_mtu(mtu);
}

pub(crate) fn read_description(
    description: c::description::Reader<'_>,
) -> Result<HostDescription, Malformed> {
    Ok(HostDescription {
        interface: read_text("interface", description.get_interface()?, INTERFACE_OCTETS)?,
        link: read_link(description.get_link()?)?,
        settings: read_settings(description.get_settings()?)?,
        resume: if description.has_resume() {
            Some(read_lease(description.get_resume()?)?)
        } else {
            None
        },
        confirm: description.get_confirm(),
        previous: read_optional_address(description.get_previous()?)?,
    })
}

pub(crate) fn write_description(
    mut builder: c::description::Builder<'_>,
    description: &HostDescription,
) -> Result<(), Error> {
    let HostDescription {
        interface,
        link,
        settings,
        resume,
        confirm,
        previous,
    } = description;
    refuse(check_text("interface", interface, INTERFACE_OCTETS))?;
    builder.set_interface(interface.as_str());
    write_link(builder.reborrow().init_link(), *link);
    write_settings(builder.reborrow().init_settings(), settings)?;
    if let Some(lease) = resume {
        write_lease(builder.reborrow().init_resume(), lease)?;
    }
    builder.set_confirm(*confirm);
    write_optional_address(builder.init_previous(), *previous);
    Ok(())
}

pub(crate) const fn read_command(command: c::Command) -> Command {
    match command {
        c::Command::Renew => Command::Renew,
        c::Command::Rebind => Command::Rebind,
        c::Command::Release => Command::Release,
        c::Command::Stop => Command::Stop,
    }
}

pub(crate) const fn command_to_wire(command: Command) -> c::Command {
    match command {
        Command::Renew => c::Command::Renew,
        Command::Rebind => c::Command::Rebind,
        Command::Release => c::Command::Release,
        Command::Stop => c::Command::Stop,
    }
}
