//! Facets offered to the peer. Each is the interface of its kind and no more, whatever the object behind it
//! could do.

use std::rc::Rc;

use super::watcher::ConfWatcherClient;
use crate::{
    ConfAdmin, ConfGrant, ConfReader, ConfRights, ConfWriter,
    conf_capnp::{conf_admin, conf_reader, conf_writer, grant},
    remote::{outcome, parameter, subscription},
    vat::Link,
    wire::conf as wire,
};

/// Offers a facet that reads.
struct ReaderServer<F> {
    facet: F,
    link: Rc<Link>,
}

/// Offers a facet that writes.
struct WriterServer<F> {
    facet: F,
    link: Rc<Link>,
}

/// Offers a facet that grants.
struct AdminServer<F> {
    facet: F,
    link: Rc<Link>,
}

/// Keeps a facet in force until the peer lets go of it.
struct GrantServer<G> {
    grant: G,
}

pub(super) fn reader<F: ConfReader + 'static>(facet: F, link: Rc<Link>) -> conf_reader::Client {
    capnp_rpc::new_client(ReaderServer { facet, link })
}

pub(super) fn writer<F: ConfWriter + 'static>(facet: F, link: Rc<Link>) -> conf_writer::Client {
    capnp_rpc::new_client(WriterServer { facet, link })
}

pub(super) fn admin<F: ConfAdmin + 'static>(facet: F, link: Rc<Link>) -> conf_admin::Client {
    capnp_rpc::new_client(AdminServer { facet, link })
}

async fn read(
    facet: &impl ConfReader,
    link: &Rc<Link>,
    params: conf_reader::ReadParams,
    mut results: conf_reader::ReadResults,
) -> capnp::Result<()> {
    let decode = || wire::read_path(params.get()?.get_path()?);
    let path = parameter(link, decode())?;
    let found = outcome(facet.read(&path).await)?;
    outcome(wire::write_found(
        results.get().init_found(),
        found.as_ref(),
    ))
}

async fn list(
    facet: &impl ConfReader,
    link: &Rc<Link>,
    params: conf_reader::ListParams,
    mut results: conf_reader::ListResults,
) -> capnp::Result<()> {
    let decode = || {
        let params = params.get()?;
        let path = wire::read_path(params.get_path()?)?;
        Ok((path, wire::read_optional_path(params.get_after()?)?))
    };
    let (path, after) = parameter(link, decode())?;
    let children = outcome(facet.list(&path, after.as_ref()).await)?;
    outcome(wire::write_children(results.get(), &children))
}

async fn watch(
    facet: &impl ConfReader,
    link: &Rc<Link>,
    params: conf_reader::WatchParams,
    mut results: conf_reader::WatchResults,
) -> capnp::Result<()> {
    let decode = || {
        let params = params.get()?;
        let prefix = wire::read_path(params.get_prefix()?)?;
        Ok((prefix, params.get_watcher()?))
    };
    let (prefix, client) = parameter(link, decode())?;
    let link = Rc::clone(link);
    let keep = outcome(
        facet
            .watch(&prefix, ConfWatcherClient { client, link })
            .await,
    )?;
    results.get().set_watch(subscription(keep));
    Ok(())
}

/// The same reading for each kind of facet.
macro_rules! serves_reading {
    ($server:ident, $facet:ident) => {
        impl<F: $facet + 'static> conf_reader::Server for $server<F> {
            async fn read(
                self: Rc<Self>,
                params: conf_reader::ReadParams,
                results: conf_reader::ReadResults,
            ) -> capnp::Result<()> {
                read(&self.facet, &self.link, params, results).await
            }

            async fn list(
                self: Rc<Self>,
                params: conf_reader::ListParams,
                results: conf_reader::ListResults,
            ) -> capnp::Result<()> {
                list(&self.facet, &self.link, params, results).await
            }

            async fn watch(
                self: Rc<Self>,
                params: conf_reader::WatchParams,
                results: conf_reader::WatchResults,
            ) -> capnp::Result<()> {
                watch(&self.facet, &self.link, params, results).await
            }
        }
    };
}
serves_reading!(ReaderServer, ConfReader);
serves_reading!(WriterServer, ConfWriter);
serves_reading!(AdminServer, ConfAdmin);

/// The same writing for each kind of facet that writes.
macro_rules! serves_writing {
    ($server:ident, $facet:ident) => {
        impl<F: $facet + 'static> conf_writer::Server for $server<F> {
            async fn write(
                self: Rc<Self>,
                params: conf_writer::WriteParams,
                mut results: conf_writer::WriteResults,
            ) -> capnp::Result<()> {
                let decode = || {
                    let params = params.get()?;
                    let path = wire::read_path(params.get_path()?)?;
                    let value = wire::read_value(params.get_value()?)?;
                    Ok((path, value, wire::read_expected(params.get_expected()?)?))
                };
                let (path, value, expected) = parameter(&self.link, decode())?;
                let written = outcome(self.facet.write(&path, value, expected).await)?;
                wire::write_written(results.get().init_written(), written);
                Ok(())
            }

            async fn delete(
                self: Rc<Self>,
                params: conf_writer::DeleteParams,
                mut results: conf_writer::DeleteResults,
            ) -> capnp::Result<()> {
                let decode = || {
                    let params = params.get()?;
                    let path = wire::read_path(params.get_path()?)?;
                    Ok((path, wire::read_expected(params.get_expected()?)?))
                };
                let (path, expected) = parameter(&self.link, decode())?;
                let written = outcome(self.facet.delete(&path, expected).await)?;
                wire::write_written(results.get().init_written(), written);
                Ok(())
            }
        }
    };
}
serves_writing!(WriterServer, ConfWriter);
serves_writing!(AdminServer, ConfAdmin);

impl<F: ConfAdmin> AdminServer<F> {
    fn rights(
        &self,
        list: capnp::Result<capnp::struct_list::Reader<'_, crate::conf_capnp::right::Owned>>,
    ) -> capnp::Result<ConfRights> {
        let decode = || wire::read_rights(list?);
        parameter(&self.link, decode())
    }
}

impl<F: ConfAdmin + 'static> conf_admin::Server for AdminServer<F> {
    async fn grant_reader(
        self: Rc<Self>,
        params: conf_admin::GrantReaderParams,
        mut results: conf_admin::GrantReaderResults,
    ) -> capnp::Result<()> {
        let rights = self.rights(params.get().and_then(|params| params.get_rights()))?;
        let (facet, grant) = outcome(self.facet.grant_reader(rights).await)?;
        let mut results = results.get();
        results.set_facet(reader(facet, Rc::clone(&self.link)));
        results.set_grant(capnp_rpc::new_client(GrantServer { grant }));
        Ok(())
    }

    async fn grant_writer(
        self: Rc<Self>,
        params: conf_admin::GrantWriterParams,
        mut results: conf_admin::GrantWriterResults,
    ) -> capnp::Result<()> {
        let rights = self.rights(params.get().and_then(|params| params.get_rights()))?;
        let (facet, grant) = outcome(self.facet.grant_writer(rights).await)?;
        let mut results = results.get();
        results.set_facet(writer(facet, Rc::clone(&self.link)));
        results.set_grant(capnp_rpc::new_client(GrantServer { grant }));
        Ok(())
    }

    async fn grant_admin(
        self: Rc<Self>,
        params: conf_admin::GrantAdminParams,
        mut results: conf_admin::GrantAdminResults,
    ) -> capnp::Result<()> {
        let rights = self.rights(params.get().and_then(|params| params.get_rights()))?;
        let (facet, grant) = outcome(self.facet.grant_admin(rights).await)?;
        let mut results = results.get();
        results.set_facet(admin(facet, Rc::clone(&self.link)));
        results.set_grant(capnp_rpc::new_client(GrantServer { grant }));
        Ok(())
    }
}

impl<G: ConfGrant + 'static> grant::Server for GrantServer<G> {
    async fn revoke(
        self: Rc<Self>,
        _params: grant::RevokeParams,
        _results: grant::RevokeResults,
    ) -> capnp::Result<()> {
        outcome(self.grant.revoke().await)
    }
}
