//! D-Bus by zbus, peer to peer over a socketpair. It has no streams: frames go in calls without reply, and a call with
//! one at the end.

use std::{os::fd::OwnedFd, time::Instant};

use futures::future::join_all;
use rpc_load::{BATCH, Clock, IN_FLIGHT, Load, Role, Row, role};
use serde_bytes::ByteBuf;
use tokio::net::UnixStream;
use zbus::{Guid, connection::Builder, interface, proxy};

struct Counting(usize);

#[interface(name = "load.Net")]
impl Counting {
    fn mac(&self) -> u64 {
        1
    }

    fn write(&mut self, frames: Vec<ByteBuf>) {
        self.0 += frames.iter().map(|frame| frame.len()).sum::<usize>();
    }
}

#[proxy(interface = "load.Net", default_path = "/net")]
trait Net {
    fn mac(&self) -> zbus::Result<u64>;
    #[zbus(no_reply)]
    fn write(&self, frames: &[ByteBuf]) -> zbus::Result<()>;
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    match role() {
        Role::Server(descriptor) => runtime.block_on(async {
            let connection = Builder::unix_stream(stream(descriptor))
                .server(Guid::generate())
                .unwrap()
                .p2p()
                .serve_at("/net", Counting(0))
                .unwrap()
                .build()
                .await
                .unwrap();
            let mut messages = zbus::MessageStream::from(&connection);
            while let Some(Ok(_message)) = futures::StreamExt::next(&mut messages).await {}
        }),
        Role::Client(load) => runtime.block_on(client(load)),
    }
}

fn stream(descriptor: OwnedFd) -> UnixStream {
    let socket = std::os::unix::net::UnixStream::from(descriptor);
    socket.set_nonblocking(true).unwrap();
    UnixStream::from_std(socket).unwrap()
}

async fn client(load: Load) {
    let (server, descriptor) = load.server();
    let connection = Builder::unix_stream(stream(descriptor))
        .p2p()
        .build()
        .await
        .unwrap();
    let net = NetProxy::builder(&connection)
        .destination("load.Net")
        .unwrap()
        .cache_properties(zbus::proxy::CacheProperties::No)
        .build()
        .await
        .unwrap();
    net.mac().await.unwrap();
    let mut clock = Clock::start(Some(&server));
    match load.row {
        Row::Sequential => {
            for _ in 0..load.count {
                let begun = Instant::now();
                net.mac().await.unwrap();
                clock.call(begun.elapsed());
            }
        }
        Row::Pipelined => {
            let caller = async || {
                for _ in 0..load.count / IN_FLIGHT {
                    net.mac().await.unwrap();
                }
            };
            join_all((0..IN_FLIGHT).map(|_| caller())).await;
        }
        Row::Single(octets) => push(&net, octets, 1, load.count).await,
        Row::Batch(octets) => push(&net, octets, BATCH, load.count / BATCH).await,
        Row::Ring(_) | Row::Sessions => load.cannot(),
    }
    clock.stop(load.count);
    std::process::exit(0);
}

async fn push(net: &NetProxy<'_>, octets: usize, frames: usize, batches: usize) {
    let frames = vec![ByteBuf::from(vec![0x5a; octets]); frames];
    for _ in 0..batches {
        net.write(&frames).await.unwrap();
    }
    net.mac().await.unwrap();
}
