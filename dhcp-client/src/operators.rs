//! Addresses that the operator gave: instead of a server's, or where no server gives one.

use std::{net::Ipv4Addr, time::Duration};

use dhcp_frontend::setup::OperatorsAddress;
use sdk_rpc::{Applied, ConfigureCause, Lease, LeaseSink as _, Origin};
use tokio::time::sleep;

use crate::{
    clock,
    configurer::Configurer,
    interface::{Shared, Stage},
    refused::Refused,
};

/// Puts an address in force.
pub(crate) async fn use_address(
    shared: &Shared,
    configurer: &Configurer,
    operators: &OperatorsAddress,
) -> Result<(), Refused> {
    let refused = |why: &str| Refused::interface(&shared.name, why);
    let lease = operators_lease(operators).ok_or_else(|| refused("there is no address to use"))?;
    match configurer.configure(lease, ConfigureCause::Bound).await {
        Ok(Applied::Done) => Ok(()),
        Ok(Applied::Refused(why)) => Err(refused(&why)),
        Ok(Applied::InUse) => Err(refused("the address is in use")),
        Err(error) => Err(refused(&error.to_string())),
    }
}

/// Uses the operator's fallback where there is one and no lease.
pub(crate) async fn use_fallback(shared: &Shared, configurer: &Configurer) {
    let Some(fallback) = &shared.profile.fallback else {
        return;
    };
    if shared.stage() == Stage::Waiting {
        shared.warn("no lease in time; using the fallback");
        if let Err(refused) = use_address(shared, configurer, fallback).await {
            refused.tell(&shared.events);
        }
    }
}

/// The same after this long with a carrier. A server that answers later still gives a lease.
pub(crate) async fn fall_back(shared: &Shared, configurer: &Configurer, after: Duration) {
    loop {
        if shared.news.link().carrier {
            tokio::select! {
                () = shared.news.link_changes() => {}
                () = sleep(after) => return use_fallback(shared, configurer).await,
            }
        } else {
            shared.news.link_changes().await;
        }
    }
}

/// The operator's address as a lease that never ends.
fn operators_lease(operators: &OperatorsAddress) -> Option<Lease> {
    Some(Lease {
        address: operators.address?,
        prefix_length: operators.prefix_length,
        broadcast: operators.broadcast,
        origin: Origin::Operator,
        server: Ipv4Addr::UNSPECIFIED,
        routers: operators.routers.clone(),
        routes: operators.routes.clone(),
        dns: operators.dns.clone(),
        ntp: Vec::new(),
        domain: operators.domain.clone(),
        search: operators.search.clone(),
        host_name: None,
        mtu: operators.mtu,
        lease_seconds: None,
        acquired_at: clock::boottime_milliseconds(),
        renew_at: None,
        rebind_at: None,
        expires_at: None,
        next_server: Ipv4Addr::UNSPECIFIED,
        server_name: None,
        boot_file: None,
        parameters: Vec::new(),
    })
}
