//! The peer's facets.

use std::rc::Rc;

use super::watcher::ConfWatcherServer;
use crate::{
    ConfAdmin, ConfChildren, ConfEntry, ConfGrant, ConfPath, ConfReader, ConfRights, ConfValue,
    ConfWatcher, ConfWriter, Error, Expected, Subscription, Written,
    conf_capnp::{conf_admin, conf_reader, conf_writer, grant},
    limits::RIGHTS,
    vat::Link,
    wire::{conf as wire, list_length, refuse},
};

/// The peer's facet that reads.
#[derive(Clone)]
pub struct ConfReaderClient {
    client: conf_reader::Client,
    link: Rc<Link>,
}

/// The peer's facet that writes.
#[derive(Clone)]
pub struct ConfWriterClient {
    reader: ConfReaderClient,
    client: conf_writer::Client,
}

/// The peer's facet that grants.
#[derive(Clone)]
pub struct ConfAdminClient {
    writer: ConfWriterClient,
    client: conf_admin::Client,
}

/// Keeps a facet of the peer's in force until it is dropped.
pub struct ConfGrantClient {
    client: grant::Client,
    link: Rc<Link>,
}

impl ConfReaderClient {
    pub(super) const fn new(client: conf_reader::Client, link: Rc<Link>) -> Self {
        Self { client, link }
    }
}

impl ConfReader for ConfReaderClient {
    type Subscription = Subscription;

    async fn read(&self, path: &ConfPath) -> Result<Option<ConfEntry>, Error> {
        let mut request = self.client.read_request();
        request.get().set_path(path.as_str());
        let response = self.link.answer(request.send().promise).await?;
        let decode = || wire::read_found(response.get()?.get_found()?);
        self.link.checked(decode())
    }

    async fn list(&self, path: &ConfPath, after: Option<&ConfPath>) -> Result<ConfChildren, Error> {
        let mut request = self.client.list_request();
        let mut params = request.get();
        params.set_path(path.as_str());
        if let Some(after) = after {
            params.set_after(after.as_str());
        }
        let response = self.link.answer(request.send().promise).await?;
        let decode = || wire::read_children(response.get()?);
        self.link.checked(decode())
    }

    async fn watch<W: ConfWatcher + 'static>(
        &self,
        prefix: &ConfPath,
        watcher: W,
    ) -> Result<Subscription, Error> {
        let mut request = self.client.watch_request();
        let mut params = request.get();
        params.set_prefix(prefix.as_str());
        params.set_watcher(ConfWatcherServer::serve(watcher, Rc::clone(&self.link)));
        let response = self.link.answer(request.send().promise).await?;
        let decode = || Ok(response.get()?.get_watch()?);
        let _capability = self.link.checked(decode())?;
        Ok(Subscription { _capability })
    }
}

impl ConfWriterClient {
    pub(super) fn new(client: conf_writer::Client, link: Rc<Link>) -> Self {
        let reader = conf_reader::Client {
            client: client.client.clone(),
        };
        Self {
            reader: ConfReaderClient::new(reader, link),
            client,
        }
    }

    fn link(&self) -> &Rc<Link> {
        &self.reader.link
    }
}

impl ConfReader for ConfWriterClient {
    type Subscription = Subscription;

    async fn read(&self, path: &ConfPath) -> Result<Option<ConfEntry>, Error> {
        self.reader.read(path).await
    }

    async fn list(&self, path: &ConfPath, after: Option<&ConfPath>) -> Result<ConfChildren, Error> {
        self.reader.list(path, after).await
    }

    async fn watch<W: ConfWatcher + 'static>(
        &self,
        prefix: &ConfPath,
        watcher: W,
    ) -> Result<Subscription, Error> {
        self.reader.watch(prefix, watcher).await
    }
}

impl ConfWriter for ConfWriterClient {
    async fn write(
        &self,
        path: &ConfPath,
        value: ConfValue,
        expected: Expected,
    ) -> Result<Written, Error> {
        refuse(wire::check_value(&value))?;
        let mut request = self.client.write_request();
        let mut params = request.get();
        params.set_path(path.as_str());
        wire::write_value(params.reborrow().init_value(), &value);
        wire::write_expected(params.init_expected(), expected);
        let response = self.link().answer(request.send().promise).await?;
        let decode = || wire::read_written(response.get()?.get_written()?);
        self.link().checked(decode())
    }

    async fn delete(&self, path: &ConfPath, expected: Expected) -> Result<Written, Error> {
        let mut request = self.client.delete_request();
        let mut params = request.get();
        params.set_path(path.as_str());
        wire::write_expected(params.init_expected(), expected);
        let response = self.link().answer(request.send().promise).await?;
        let decode = || wire::read_written(response.get()?.get_written()?);
        self.link().checked(decode())
    }
}

impl ConfAdminClient {
    pub(super) fn new(client: conf_admin::Client, link: Rc<Link>) -> Self {
        let writer = conf_writer::Client {
            client: client.client.clone(),
        };
        Self {
            writer: ConfWriterClient::new(writer, link),
            client,
        }
    }

    fn link(&self) -> Rc<Link> {
        Rc::clone(self.writer.link())
    }

    fn grant(&self, client: grant::Client) -> ConfGrantClient {
        ConfGrantClient {
            client,
            link: self.link(),
        }
    }
}

impl ConfReader for ConfAdminClient {
    type Subscription = Subscription;

    async fn read(&self, path: &ConfPath) -> Result<Option<ConfEntry>, Error> {
        self.writer.read(path).await
    }

    async fn list(&self, path: &ConfPath, after: Option<&ConfPath>) -> Result<ConfChildren, Error> {
        self.writer.list(path, after).await
    }

    async fn watch<W: ConfWatcher + 'static>(
        &self,
        prefix: &ConfPath,
        watcher: W,
    ) -> Result<Subscription, Error> {
        self.writer.watch(prefix, watcher).await
    }
}

impl ConfWriter for ConfAdminClient {
    async fn write(
        &self,
        path: &ConfPath,
        value: ConfValue,
        expected: Expected,
    ) -> Result<Written, Error> {
        self.writer.write(path, value, expected).await
    }

    async fn delete(&self, path: &ConfPath, expected: Expected) -> Result<Written, Error> {
        self.writer.delete(path, expected).await
    }
}

impl ConfAdmin for ConfAdminClient {
    type Reader = ConfReaderClient;
    type Writer = ConfWriterClient;
    type Admin = Self;
    type Grant = ConfGrantClient;

    async fn grant_reader(
        &self,
        rights: ConfRights,
    ) -> Result<(ConfReaderClient, ConfGrantClient), Error> {
        let mut request = self.client.grant_reader_request();
        let count = list_length("lines of rights", rights.lines().len(), RIGHTS)?;
        wire::write_rights(request.get().init_rights(count), &rights);
        let response = self.link().answer(request.send().promise).await?;
        let decode = || {
            let answer = response.get()?;
            Ok((answer.get_facet()?, answer.get_grant()?))
        };
        let (facet, grant) = self.link().checked(decode())?;
        let facet = ConfReaderClient::new(facet, self.link());
        Ok((facet, self.grant(grant)))
    }

    async fn grant_writer(
        &self,
        rights: ConfRights,
    ) -> Result<(ConfWriterClient, ConfGrantClient), Error> {
        let mut request = self.client.grant_writer_request();
        let count = list_length("lines of rights", rights.lines().len(), RIGHTS)?;
        wire::write_rights(request.get().init_rights(count), &rights);
        let response = self.link().answer(request.send().promise).await?;
        let decode = || {
            let answer = response.get()?;
            Ok((answer.get_facet()?, answer.get_grant()?))
        };
        let (facet, grant) = self.link().checked(decode())?;
        let facet = ConfWriterClient::new(facet, self.link());
        Ok((facet, self.grant(grant)))
    }

    async fn grant_admin(&self, rights: ConfRights) -> Result<(Self, ConfGrantClient), Error> {
        let mut request = self.client.grant_admin_request();
        let count = list_length("lines of rights", rights.lines().len(), RIGHTS)?;
        wire::write_rights(request.get().init_rights(count), &rights);
        let response = self.link().answer(request.send().promise).await?;
        let decode = || {
            let answer = response.get()?;
            Ok((answer.get_facet()?, answer.get_grant()?))
        };
        let (facet, grant) = self.link().checked(decode())?;
        Ok((Self::new(facet, self.link()), self.grant(grant)))
    }
}

impl ConfGrant for ConfGrantClient {
    async fn revoke(&self) -> Result<(), Error> {
        let call = self.client.revoke_request().send().promise;
        self.link.answer(call).await.map(drop)
    }
}
