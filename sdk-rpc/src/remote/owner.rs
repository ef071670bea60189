//! `NetOwner` across a connection.

use std::{net::Ipv4Addr, rc::Rc};

use tokio::sync::Mutex;

use super::{outcome, parameter};
use crate::{
    Counter, Error, MacAddress, NetOwner,
    calfkit_capnp::net_owner,
    limits::COUNTERS,
    vat::Link,
    wire::{
        list_length,
        log::{read_counters, write_counters},
        mac_to_wire, read_mac, read_optional_address, write_optional_address,
    },
};

/// Offers a local `NetOwner`.
pub(crate) struct NetOwnerServer<O> {
    owner: O,
    link: Rc<Link>,
    /// Calls overlap; this keeps them in the order of their arrival (it is fair).
    turn: Mutex<()>,
}

impl<O> NetOwnerServer<O> {
    pub(crate) fn new(owner: O, link: Rc<Link>) -> Self {
        Self {
            owner,
            link,
            turn: Mutex::new(()),
        }
    }
}

impl<O: NetOwner + 'static> net_owner::Server for NetOwnerServer<O> {
    async fn set_address(
        self: Rc<Self>,
        params: net_owner::SetAddressParams,
        _results: net_owner::SetAddressResults,
    ) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        let decode = || read_optional_address(params.get()?.get_address()?);
        let address = parameter(&self.link, decode())?;
        outcome(self.owner.set_address(address).await)
    }

    async fn set_mac(
        self: Rc<Self>,
        params: net_owner::SetMacParams,
        _results: net_owner::SetMacResults,
    ) -> capnp::Result<()> {
        let _turn = self.turn.lock().await;
        let decode = || read_mac(params.get()?.get_address());
        let mac = parameter(&self.link, decode())?;
        outcome(self.owner.set_mac(mac).await)
    }

    async fn counters(
        self: Rc<Self>,
        _params: net_owner::CountersParams,
        mut results: net_owner::CountersResults,
    ) -> capnp::Result<()> {
        let counters = outcome(self.owner.counters().await)?;
        let count = outcome(list_length("counters", counters.len(), COUNTERS))?;
        outcome(write_counters(
            results.get().init_counters(count),
            &counters,
        ))
    }
}

/// The peer's `NetOwner`.
#[derive(Clone)]
pub struct NetOwnerClient {
    client: net_owner::Client,
    link: Rc<Link>,
}

impl core::fmt::Debug for NetOwnerClient {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("NetOwnerClient")
            .finish_non_exhaustive()
    }
}

impl NetOwnerClient {
    pub(crate) const fn new(client: net_owner::Client, link: Rc<Link>) -> Self {
        Self { client, link }
    }
}

impl NetOwner for NetOwnerClient {
    async fn set_address(&self, address: Option<Ipv4Addr>) -> Result<(), Error> {
        let mut request = self.client.set_address_request();
        write_optional_address(request.get().init_address(), address);
        self.link.answer(request.send().promise).await.map(drop)
    }

    async fn set_mac(&self, mac: MacAddress) -> Result<(), Error> {
        let mut request = self.client.set_mac_request();
        request.get().set_address(mac_to_wire(mac));
        self.link.answer(request.send().promise).await.map(drop)
    }

    async fn counters(&self) -> Result<Vec<Counter>, Error> {
        let request = self.client.counters_request();
        let response = self.link.answer(request.send().promise).await?;
        let decode = || read_counters(response.get()?.get_counters()?);
        self.link.checked(decode())
    }
}

crate::membrane::guarded!(NetOwnerClient, net_owner::Client);
