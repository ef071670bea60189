//! Between the protocol's words and the wire's: the two crates do not know each other.

use dhcp_proto::Instant;

/// A lease as `LeaseSink` takes it.
pub(crate) fn lease_to_rpc(lease: &dhcp_proto::Lease) -> sdk_rpc::Lease {
    let dhcp_proto::Lease {
        address,
        prefix_length,
        broadcast,
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
    } = lease;
    sdk_rpc::Lease {
        address: *address,
        prefix_length: *prefix_length,
        broadcast: *broadcast,
        server: *server_identifier,
        routers: routers.clone(),
        routes: routes
            .iter()
            .map(|route| sdk_rpc::Route {
                destination: route.destination,
                prefix_length: route.prefix_length,
                gateway: route.gateway,
            })
            .collect(),
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
    }
}

/// A lease as the machine resumes it.
pub(crate) fn lease_from_rpc(lease: sdk_rpc::Lease) -> dhcp_proto::Lease {
    let sdk_rpc::Lease {
        address,
        prefix_length,
        broadcast,
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
    } = lease;
    dhcp_proto::Lease {
        address,
        prefix_length,
        broadcast,
        server_identifier: server,
        routers,
        routes: routes
            .into_iter()
            .map(|route| dhcp_proto::Route {
                destination: route.destination,
                prefix_length: route.prefix_length,
                gateway: route.gateway,
            })
            .collect(),
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
    }
}

pub(crate) const fn configure_cause(cause: dhcp_proto::ConfigureCause) -> sdk_rpc::ConfigureCause {
    match cause {
        dhcp_proto::ConfigureCause::Bound => sdk_rpc::ConfigureCause::Bound,
        dhcp_proto::ConfigureCause::Rebooted => sdk_rpc::ConfigureCause::Rebooted,
    }
}

pub(crate) const fn update_cause(cause: dhcp_proto::UpdateCause) -> sdk_rpc::UpdateCause {
    match cause {
        dhcp_proto::UpdateCause::Renewed => sdk_rpc::UpdateCause::Renewed,
        dhcp_proto::UpdateCause::Rebound => sdk_rpc::UpdateCause::Rebound,
    }
}

pub(crate) const fn deconfigure_cause(
    cause: dhcp_proto::DeconfigureCause,
) -> sdk_rpc::DeconfigureCause {
    match cause {
        dhcp_proto::DeconfigureCause::Nak => sdk_rpc::DeconfigureCause::Nak,
        dhcp_proto::DeconfigureCause::Expired => sdk_rpc::DeconfigureCause::Expired,
        dhcp_proto::DeconfigureCause::Released => sdk_rpc::DeconfigureCause::Released,
        dhcp_proto::DeconfigureCause::Stopped => sdk_rpc::DeconfigureCause::Stopped,
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
