//! Between the protocol's words and the wire's: the two crates do not know each other.

use dhcp_proto::Instant;

/// A lease as `LeaseSink` takes it.
#[must_use]
pub fn lease_to_rpc(lease: &dhcp_proto::Lease) -> sdk_rpc::Lease {
    let dhcp_proto::Lease {
        address,
        prefix_length,
        broadcast,
        origin,
        server_identifier,
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
    sdk_rpc::Lease {
        address: *address,
        prefix_length: *prefix_length,
        broadcast: *broadcast,
        origin: origin_to_rpc(*origin),
        server: *server_identifier,
        routers: routers.clone(),
        routes: routes.iter().map(route_to_rpc).collect(),
        dns: dns.clone(),
        ntp: ntp.clone(),
        domain: domain.clone(),
        search: search.clone(),
        host_name: host_name.clone(),
        mtu: *mtu,
        lease_seconds: *lease_seconds,
        acquired_at: acquired_at.as_millis(),
        renew_at: renew_at.map(Instant::as_millis),
        rebind_at: rebind_at.map(Instant::as_millis),
        expires_at: expires_at.map(Instant::as_millis),
        next_server: *next_server,
        server_name: server_name.clone(),
        boot_file: boot_file.clone(),
        parameters: parameters.iter().map(parameter_to_rpc).collect(),
    }
}

const fn origin_to_rpc(origin: dhcp_proto::Origin) -> sdk_rpc::Origin {
    match origin {
        dhcp_proto::Origin::Server => sdk_rpc::Origin::Server,
        dhcp_proto::Origin::LinkLocal => sdk_rpc::Origin::LinkLocal,
        dhcp_proto::Origin::Inform => sdk_rpc::Origin::Inform,
    }
}

const fn origin_from_rpc(origin: sdk_rpc::Origin) -> dhcp_proto::Origin {
    match origin {
        sdk_rpc::Origin::Server => dhcp_proto::Origin::Server,
        sdk_rpc::Origin::LinkLocal => dhcp_proto::Origin::LinkLocal,
        // An address of the operator's is no server's to take back, whoever gave the rest.
        sdk_rpc::Origin::Inform | sdk_rpc::Origin::Operator => dhcp_proto::Origin::Inform,
    }
}

fn route_to_rpc(route: &dhcp_proto::Route) -> sdk_rpc::Route {
    let dhcp_proto::Route {
        destination,
        prefix_length,
        gateway,
    } = *route;
    sdk_rpc::Route {
        destination,
        prefix_length,
        gateway,
    }
}

fn parameter_to_rpc(parameter: &dhcp_proto::Parameter) -> sdk_rpc::Parameter {
    use dhcp_proto::Value as From;
    use sdk_rpc::Value as To;
    let dhcp_proto::Parameter { code, value } = parameter;
    sdk_rpc::Parameter {
        code: *code,
        value: match value {
            From::Octets(octets) => To::Octets(octets.clone()),
            From::Addresses(addresses) => To::Addresses(addresses.clone()),
            From::Numbers(numbers) => To::Numbers(numbers.clone()),
            From::Text(text) => To::Text(text.clone()),
            From::Names(names) => To::Names(names.clone()),
            From::Routes(routes) => To::Routes(routes.iter().map(route_to_rpc).collect()),
        },
    }
}

/// A lease as the machine resumes it.
pub(crate) fn lease_from_rpc(lease: sdk_rpc::Lease) -> dhcp_proto::Lease {
    let sdk_rpc::Lease {
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
    dhcp_proto::Lease {
        address,
        prefix_length,
        broadcast,
        origin: origin_from_rpc(origin),
        server_identifier: server,
        routers,
        routes: routes.iter().map(route_from_rpc).collect(),
        dns,
        ntp,
        domain,
        search,
        host_name,
        mtu,
        lease_seconds,
        acquired_at: Instant::from_millis(acquired_at),
        renew_at: renew_at.map(Instant::from_millis),
        rebind_at: rebind_at.map(Instant::from_millis),
        expires_at: expires_at.map(Instant::from_millis),
        next_server,
        server_name,
        boot_file,
        parameters: parameters.into_iter().map(parameter_from_rpc).collect(),
    }
}

fn route_from_rpc(route: &sdk_rpc::Route) -> dhcp_proto::Route {
    let sdk_rpc::Route {
        destination,
        prefix_length,
        gateway,
    } = *route;
    dhcp_proto::Route {
        destination,
        prefix_length,
        gateway,
    }
}

fn parameter_from_rpc(parameter: sdk_rpc::Parameter) -> dhcp_proto::Parameter {
    use dhcp_proto::Value as To;
    use sdk_rpc::Value as From;
    let sdk_rpc::Parameter { code, value } = parameter;
    dhcp_proto::Parameter {
        code,
        value: match value {
            From::Octets(octets) => To::Octets(octets),
            From::Addresses(addresses) => To::Addresses(addresses),
            From::Numbers(numbers) => To::Numbers(numbers),
            From::Text(text) => To::Text(text),
            From::Names(names) => To::Names(names),
            From::Routes(routes) => To::Routes(routes.iter().map(route_from_rpc).collect()),
        },
    }
}

pub(crate) const fn configure_cause(cause: dhcp_proto::ConfigureCause) -> sdk_rpc::ConfigureCause {
    match cause {
        dhcp_proto::ConfigureCause::Bound => sdk_rpc::ConfigureCause::Bound,
        dhcp_proto::ConfigureCause::Rebooted => sdk_rpc::ConfigureCause::Rebooted,
        dhcp_proto::ConfigureCause::LinkLocal => sdk_rpc::ConfigureCause::LinkLocal,
        dhcp_proto::ConfigureCause::Informed => sdk_rpc::ConfigureCause::Informed,
        dhcp_proto::ConfigureCause::Offered => sdk_rpc::ConfigureCause::Offered,
    }
}

pub(crate) const fn update_cause(cause: dhcp_proto::UpdateCause) -> sdk_rpc::UpdateCause {
    match cause {
        dhcp_proto::UpdateCause::Renewed => sdk_rpc::UpdateCause::Renewed,
        dhcp_proto::UpdateCause::Rebound => sdk_rpc::UpdateCause::Rebound,
        dhcp_proto::UpdateCause::Rebooted => sdk_rpc::UpdateCause::Rebooted,
        dhcp_proto::UpdateCause::Bound => sdk_rpc::UpdateCause::Bound,
        dhcp_proto::UpdateCause::LinkLocal => sdk_rpc::UpdateCause::LinkLocal,
        dhcp_proto::UpdateCause::Informed => sdk_rpc::UpdateCause::Informed,
    }
}

pub(crate) const fn deconfigure_cause(
    cause: dhcp_proto::DeconfigureCause,
) -> sdk_rpc::DeconfigureCause {
    match cause {
        dhcp_proto::DeconfigureCause::Nak => sdk_rpc::DeconfigureCause::Nak,
        dhcp_proto::DeconfigureCause::Expired => sdk_rpc::DeconfigureCause::Expired,
        dhcp_proto::DeconfigureCause::Released => sdk_rpc::DeconfigureCause::Released,
        dhcp_proto::DeconfigureCause::Conflict => sdk_rpc::DeconfigureCause::Conflict,
        dhcp_proto::DeconfigureCause::Ipv6Only => sdk_rpc::DeconfigureCause::Ipv6Only,
        dhcp_proto::DeconfigureCause::Stopped => sdk_rpc::DeconfigureCause::Stopped,
    }
}

pub(crate) const fn setback(setback: dhcp_proto::Setback) -> sdk_rpc::Setback {
    match setback {
        dhcp_proto::Setback::NoAnswer => sdk_rpc::Setback::NoAnswer,
        dhcp_proto::Setback::Refused => sdk_rpc::Setback::Refused,
        dhcp_proto::Setback::Conflict => sdk_rpc::Setback::Conflict,
        dhcp_proto::Setback::Ipv6Only => sdk_rpc::Setback::Ipv6Only,
    }
}

pub(crate) const fn command(command: sdk_rpc::Command) -> dhcp_proto::Command {
    match command {
        sdk_rpc::Command::Renew => dhcp_proto::Command::Renew,
        sdk_rpc::Command::Rebind => dhcp_proto::Command::Rebind,
        sdk_rpc::Command::Release => dhcp_proto::Command::Release,
        sdk_rpc::Command::Stop => dhcp_proto::Command::Stop,
    }
}

#[cfg(test)]
mod tests;
