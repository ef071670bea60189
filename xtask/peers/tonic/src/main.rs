//! gRPC by tonic over a socketpair, one thread at each end. Frames go in a client stream, as a user of gRPC would send
//! them.

use std::{os::fd::OwnedFd, time::Instant};

use futures::future::join_all;
use hyper_util::rt::TokioIo;
use rpc_load::{BATCH, Clock, IN_FLIGHT, Load, Role, Row, role};
use tokio::{net::UnixStream, sync::mpsc};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{
    Request, Response, Status, Streaming,
    transport::{Channel, Endpoint, Server},
};

/// Nothing.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Empty {}

/// A batch.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Frames {
    /// Its frames.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub frames: Vec<Vec<u8>>,
}

#[allow(warnings)]
mod net {
    include!(concat!(env!("OUT_DIR"), "/load.Net.rs"));
}
use net::{
    net_client::NetClient,
    net_server::{Net, NetServer},
};

struct Counting;

#[tonic::async_trait]
impl Net for Counting {
    async fn mac(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        Ok(Response::new(Empty {}))
    }

    async fn single(&self, _request: Request<Frames>) -> Result<Response<Empty>, Status> {
        Ok(Response::new(Empty {}))
    }

    async fn write(&self, request: Request<Streaming<Frames>>) -> Result<Response<Empty>, Status> {
        let mut batches = request.into_inner();
        let mut octets = 0;
        while let Some(batch) = batches.next().await {
            octets += batch?.frames.iter().map(Vec::len).sum::<usize>();
        }
        std::hint::black_box(octets);
        Ok(Response::new(Empty {}))
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    match role() {
        Role::Server(descriptor) => runtime.block_on(async {
            // It would shut down, were there no other connection to come.
            let incoming = tokio_stream::once(Ok::<_, std::io::Error>(stream(descriptor)))
                .chain(tokio_stream::pending());
            let _ended = Server::builder()
                .add_service(NetServer::new(Counting))
                .serve_with_incoming(incoming)
                .await;
        }),
        Role::Client(load) => runtime.block_on(client(load)),
    }
}

fn stream(descriptor: OwnedFd) -> UnixStream {
    let socket = std::os::unix::net::UnixStream::from(descriptor);
    socket.set_nonblocking(true).unwrap();
    UnixStream::from_std(socket).unwrap()
}

async fn channel(descriptor: OwnedFd) -> Channel {
    let mut socket = Some(TokioIo::new(stream(descriptor)));
    Endpoint::from_static("http://load")
        .connect_with_connector(tower::service_fn(move |_uri| {
            let socket = socket.take();
            async move { socket.ok_or_else(|| std::io::Error::other("once")) }
        }))
        .await
        .unwrap()
}

async fn client(load: Load) {
    let (server, descriptor) = load.server();
    let mut net = NetClient::new(channel(descriptor).await);
    net.mac(Empty {}).await.unwrap();
    let mut clock = Clock::start(Some(&server));
    match load.row {
        Row::Sequential => {
            for _ in 0..load.count {
                let begun = Instant::now();
                net.mac(Empty {}).await.unwrap();
                clock.call(begun.elapsed());
            }
        }
        Row::Pipelined => {
            let caller = async || {
                let mut net = net.clone();
                for _ in 0..load.count / IN_FLIGHT {
                    net.mac(Empty {}).await.unwrap();
                }
            };
            join_all((0..IN_FLIGHT).map(|_| caller())).await;
        }
        Row::Single(octets) => push(&mut net, octets, 1, load.count).await,
        Row::Batch(octets) => push(&mut net, octets, BATCH, load.count / BATCH).await,
        Row::Ring(_) | Row::Sessions => load.cannot(),
    }
    clock.stop(load.count);
    drop(net);
    // The channel's own task lets go of the socket, and the server ends.
    tokio::task::yield_now().await;
    std::process::exit(0);
}

async fn push(net: &mut NetClient<Channel>, octets: usize, frames: usize, batches: usize) {
    let (sender, receiver) = mpsc::channel(4);
    let fill = async move {
        for _ in 0..batches {
            let frames = vec![vec![0x5a; octets]; frames];
            sender.send(Frames { frames }).await.unwrap();
        }
    };
    let (_filled, written) = futures::join!(fill, net.write(ReceiverStream::new(receiver)));
    written.unwrap();
}
