//! capnp-rpc as its documentation says to use it: the two-party network over buffered halves of a socket, the same
//! interface as sdk-rpc's, no limits.

use std::{
    cell::Cell,
    os::{fd::OwnedFd, unix::net::UnixStream as Socket},
    rc::Rc,
    time::Instant,
};

use capnp_rpc::{RpcSystem, rpc_twoparty_capnp::Side, twoparty::VatNetwork};
use futures::{
    AsyncReadExt,
    future::join_all,
    io::{BufReader, BufWriter},
};
use rpc_load::{BATCH, Clock, IN_FLIGHT, Load, Role, Row, resident, role, sessions};
use tokio::net::UnixStream;
use tokio_util::compat::TokioAsyncReadCompatExt;

#[allow(warnings, clippy::all)]
mod calfkit_capnp {
    include!(concat!(env!("OUT_DIR"), "/calfkit_capnp.rs"));
}
use calfkit_capnp::net;

#[derive(Default)]
struct Counting {
    octets: Cell<usize>,
}

impl net::Server for Counting {
    async fn write(self: Rc<Self>, params: net::WriteParams) -> capnp::Result<()> {
        for frame in params.get()?.get_frames()? {
            self.octets
                .set(self.octets.get() + frame.get_bytes()?.len());
        }
        Ok(())
    }

    async fn mac(
        self: Rc<Self>,
        _params: net::MacParams,
        mut results: net::MacResults,
    ) -> capnp::Result<()> {
        results.get().set_address(1);
        Ok(())
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let tasks = tokio::task::LocalSet::new();
    match role() {
        Role::Server(descriptor) => tasks.block_on(&runtime, async {
            let _ended = vat(descriptor, Side::Server).await;
        }),
        Role::Client(load) => tasks.block_on(&runtime, client(load)),
    }
}

fn vat(descriptor: OwnedFd, side: Side) -> RpcSystem<Side> {
    let socket = Socket::from(descriptor);
    socket.set_nonblocking(true).unwrap();
    let socket = UnixStream::from_std(socket).unwrap();
    let (reader, writer) = socket.compat().split();
    let network = VatNetwork::new(
        BufReader::new(reader),
        BufWriter::new(writer),
        side,
        Default::default(),
    );
    let offered = (side == Side::Server).then(|| {
        let client: net::Client = capnp_rpc::new_client(Counting::default());
        client.client
    });
    RpcSystem::new(Box::new(network), offered)
}

async fn ping(net: &net::Client) {
    let answer = net.mac_request().send().promise.await.unwrap();
    assert_eq!(answer.get().unwrap().get_address(), 1);
}

async fn push(net: &net::Client, frame: &[u8], count: usize) {
    let mut request = net.write_request();
    let mut frames = request.get().init_frames(count as u32);
    for index in 0..count as u32 {
        frames.reborrow().get(index).set_bytes(frame);
    }
    request.send().await.unwrap();
}

async fn client(load: Load) {
    if load.row == Row::Sessions {
        return many(load.count).await;
    }
    let (server, descriptor) = load.server();
    let mut system = vat(descriptor, Side::Client);
    let net: net::Client = system.bootstrap(Side::Server);
    let running = tokio::task::spawn_local(system);
    ping(&net).await;
    let mut clock = Clock::start(Some(&server));
    match load.row {
        Row::Sequential => {
            for _ in 0..load.count {
                let begun = Instant::now();
                ping(&net).await;
                clock.call(begun.elapsed());
            }
        }
        Row::Pipelined => {
            let caller = async || {
                for _ in 0..load.count / IN_FLIGHT {
                    ping(&net).await;
                }
            };
            join_all((0..IN_FLIGHT).map(|_| caller())).await;
        }
        Row::Single(octets) => {
            let frame = vec![0x5a; octets];
            for _ in 0..load.count {
                push(&net, &frame, 1).await;
            }
            ping(&net).await;
        }
        Row::Batch(octets) => {
            let frame = vec![0x5a; octets];
            for _ in 0..load.count / BATCH {
                push(&net, &frame, BATCH).await;
            }
            ping(&net).await;
        }
        Row::Ring(_) | Row::Sessions => load.cannot(),
    }
    clock.stop(load.count);
    running.abort();
    let _aborted = running.await;
}

async fn many(count: usize) {
    let begun = Instant::now();
    let before = resident();
    let mut kept = Vec::new();
    for _ in 0..count {
        let (here, there) = Socket::pair().unwrap();
        let serving = tokio::task::spawn_local(vat(there.into(), Side::Server));
        let mut system = vat(here.into(), Side::Client);
        let net: net::Client = system.bootstrap(Side::Server);
        let running = tokio::task::spawn_local(system);
        ping(&net).await;
        kept.push((serving, net, running));
    }
    sessions(count, begun, before);
}
