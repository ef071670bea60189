//! sdk-rpc as its users have it: the typed `Net`, within the limits of `Limits::net()`.

use std::{
    cell::Cell,
    os::{fd::OwnedFd, unix::net::UnixStream},
    time::Instant,
};

use futures::future::join_all;
use rpc_load::{BATCH, Clock, IN_FLIGHT, Load, Role, Row, resident, role, sessions};
use sdk_rpc::{
    Counter, Datagram, Error, Frame, FrameSink, Limits, LinkWatcher, MacAddress, Net, connect_net,
    serve_net,
};

/// Counts what it is given.
#[derive(Default)]
struct Counting {
    octets: Cell<usize>,
}

impl Net for Counting {
    type Attachment = ();
    type Watch = ();

    async fn attach<S: FrameSink + 'static>(&self, _sink: S) -> Result<(), Error> {
        Err(Error::Refused("nothing arrives here".into()))
    }

    async fn write(&self, frames: Vec<Frame>) -> Result<(), Error> {
        let octets: usize = frames.iter().map(|frame| frame.bytes.len()).sum();
        self.octets.set(self.octets.get() + octets);
        Ok(())
    }

    async fn send(&self, _datagrams: Vec<Datagram>) -> Result<(), Error> {
        Ok(())
    }

    async fn counters(&self) -> Result<Vec<Counter>, Error> {
        Ok(Vec::new())
    }

    async fn watch_link<W: LinkWatcher + 'static>(&self, _watcher: W) -> Result<(), Error> {
        Err(Error::Refused("there is no link".into()))
    }

    async fn mac(&self) -> Result<MacAddress, Error> {
        Ok(MacAddress([2, 0, 0, 0, 0, 1]))
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let tasks = tokio::task::LocalSet::new();
    match role() {
        Role::Server(descriptor) => tasks.block_on(&runtime, serve(descriptor)),
        Role::Client(load) => tasks.block_on(&runtime, client(load)),
    }
}

async fn serve(descriptor: OwnedFd) {
    let mut session = serve_net(descriptor, Counting::default(), Limits::net()).unwrap();
    session.closed().await;
}

async fn client(load: Load) {
    if load.row == Row::Sessions {
        return many(load.count).await;
    }
    let (server, descriptor) = load.server();
    let (net, session) = connect_net(descriptor).unwrap();
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
        Row::Single(octets) => {
            for _ in 0..load.count {
                net.write(frames(octets, 1)).await.unwrap();
            }
            net.mac().await.unwrap();
        }
        Row::Batch(octets) => {
            for _ in 0..load.count / BATCH {
                net.write(frames(octets, BATCH)).await.unwrap();
            }
            net.mac().await.unwrap();
        }
        Row::Ring(_) | Row::Sessions => load.cannot(),
    }
    clock.stop(load.count);
    drop(net);
    session.close().await;
}

fn frames(octets: usize, count: usize) -> Vec<Frame> {
    let frame = || Frame {
        bytes: vec![0x5a; octets],
        checksum_ready: true,
    };
    (0..count).map(|_| frame()).collect()
}

async fn many(count: usize) {
    let begun = Instant::now();
    let before = resident();
    let mut kept = Vec::new();
    for _ in 0..count {
        let (here, there) = UnixStream::pair().unwrap();
        let serving = serve_net(OwnedFd::from(there), Counting::default(), Limits::net()).unwrap();
        let (net, session) = connect_net(OwnedFd::from(here)).unwrap();
        net.mac().await.unwrap();
        kept.push((serving, net, session));
    }
    sessions(count, begun, before);
}
