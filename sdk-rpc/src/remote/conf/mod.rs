//! `Conf` across a connection: `server` offers the facets, `client` is the peer's, and `watcher` carries what
//! a watcher is told.

mod client;
mod server;
mod watcher;

use std::{io, rc::Rc};

pub use client::{ConfAdminClient, ConfGrantClient, ConfReaderClient, ConfWriterClient};

use crate::{ConfAdmin, ConfReader, ConfWriter, Limits, Session, Transport, vat};

/// Offers `reader` to the peer.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn serve_conf_reader<R: ConfReader + 'static>(
    transport: impl Into<Transport>,
    reader: R,
    limits: Limits,
) -> io::Result<Session> {
    vat::serve(transport.into(), limits, |link| {
        server::reader(reader, Rc::clone(link)).client
    })
}

/// Offers `writer` to the peer.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn serve_conf_writer<W: ConfWriter + 'static>(
    transport: impl Into<Transport>,
    writer: W,
    limits: Limits,
) -> io::Result<Session> {
    vat::serve(transport.into(), limits, |link| {
        server::writer(writer, Rc::clone(link)).client
    })
}

/// Offers `admin` to the peer.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn serve_conf_admin<A: ConfAdmin + 'static>(
    transport: impl Into<Transport>,
    admin: A,
    limits: Limits,
) -> io::Result<Session> {
    vat::serve(transport.into(), limits, |link| {
        server::admin(admin, Rc::clone(link)).client
    })
}

/// The peer's facet that reads.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn connect_conf_reader(
    transport: impl Into<Transport>,
) -> io::Result<(ConfReaderClient, Session)> {
    let (client, session) = vat::connect(transport.into(), Limits::conf())?;
    Ok((ConfReaderClient::new(client, session.link()), session))
}

/// The peer's facet that writes. Where the peer offers one that reads, to write is refused.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn connect_conf_writer(
    transport: impl Into<Transport>,
) -> io::Result<(ConfWriterClient, Session)> {
    let (client, session) = vat::connect(transport.into(), Limits::conf())?;
    Ok((ConfWriterClient::new(client, session.link()), session))
}

/// The peer's facet that grants. Where the peer offers less, what that cannot is refused.
///
/// # Errors
///
/// When the descriptor cannot be watched.
pub fn connect_conf_admin(
    transport: impl Into<Transport>,
) -> io::Result<(ConfAdminClient, Session)> {
    let (client, session) = vat::connect(transport.into(), Limits::conf())?;
    Ok((ConfAdminClient::new(client, session.link()), session))
}
