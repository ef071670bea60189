//! Any octets at the other end of what priv serves: the connection ends or goes on, nothing panics, and no more is
//! held for the peer than its limits allow.

mod local;

use std::{
    os::{fd::OwnedFd, unix::net::UnixStream},
    time::Duration,
};

use sdk_rpc::{
    Disconnect, Error, Frame, FrameSink, HostParts, HostView as _, LeaseSink as _, Level, Limits,
    Log as _, Net as _, Session, connect_host, connect_net, serve_host, serve_net,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::LocalSet,
};

pub(crate) use self::local::plain_lease;
use self::local::{LocalHost, LocalNet};

/// Far longer than any conversation here takes; one that gets here hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// The first octet is what is served; the rest is what the peer writes.
pub fn rpc_message(octets: &[u8]) {
    let (what, said) = octets.split_first().unwrap_or((&0, &[]));
    run(async {
        let (here, there) = pair();
        let (session, limits) = match what % 2 {
            0 => net_served(there),
            _ => host_served(there),
        };
        converse(here, session, said, limits).await;
    });
}

fn net_served(there: OwnedFd) -> (Session, Limits) {
    let limits = Limits::net();
    (serve_net(there, LocalNet, limits).unwrap(), limits)
}

fn host_served(there: OwnedFd) -> (Session, Limits) {
    let limits = Limits::host();
    let parts = HostParts {
        view: LocalHost,
        lease_sink: LocalHost,
        log: LocalHost,
    };
    (serve_host(there, parts, limits).unwrap(), limits)
}

async fn converse(here: UnixStream, mut session: Session, said: &[u8], limits: Limits) {
    let here = tokio::net::UnixStream::from_std(here).unwrap();
    let (mut answers, mut questions) = here.into_split();
    let asking = async {
        // A server that has hung up takes no more, and that is all right.
        drop(questions.write_all(said).await);
        drop(questions.shutdown().await);
    };
    let listening = async {
        let mut heard = Vec::new();
        drop(answers.read_to_end(&mut heard).await);
        heard.len()
    };
    let (_, heard, reason) = tokio::join!(asking, listening, session.closed());
    assert!(
        !matches!(
            reason,
            Disconnect::Panicked | Disconnect::Dropped | Disconnect::Io(_)
        ),
        "{reason:?}"
    );
    let counters = session.counters();
    assert!(counters.open_calls_peak <= limits.calls);
    assert!(counters.held_octets_peak <= limits.held_octets);
    // The one answer that breaks the limit ends the connection; it is no longer than a message.
    let most_queued = limits.queued_octets + 8 * limits.message_words;
    assert!(counters.queued_octets_peak <= most_queued);
    assert!(counters.octets_in <= said.len() as u64);
    assert!(heard as u64 <= counters.octets_out);
}

/// What an honest peer writes, recorded on its way.
pub(crate) fn recorded_net() -> Vec<u8> {
    record(
        |there| net_served(there).0,
        async |here| {
            let (net, session) = connect_net(here).unwrap();
            assert!(net.mac().await.is_ok());
            let frame = Frame {
                bytes: vec![7; 60],
                checksum_ready: true,
            };
            assert_eq!(net.write(vec![frame.clone(), frame]).await, Ok(()));
            let attachment = net.attach(Deaf).await;
            assert!(attachment.is_ok());
            drop((attachment, net));
            session.close().await;
        },
    )
}

/// The same of the host.
pub(crate) fn recorded_host() -> Vec<u8> {
    record(
        |there| host_served(there).0,
        async |here| {
            let (host, session) = connect_host(here).unwrap();
            assert!(host.view.describe().await.is_ok());
            let applied = host
                .lease_sink
                .configure(plain_lease(), sdk_rpc::ConfigureCause::Bound);
            assert!(applied.await.is_ok());
            assert_eq!(host.log.line(Level::Info, "bound").await, Ok(()));
            let gone = host
                .lease_sink
                .deconfigure(sdk_rpc::DeconfigureCause::Expired);
            assert!(gone.await.is_ok());
            drop(host);
            session.close().await;
        },
    )
}

/// Takes the frames that come to it.
struct Deaf;

impl FrameSink for Deaf {
    async fn push(&self, _frames: Vec<Frame>) -> Result<(), Error> {
        Ok(())
    }
}

/// Runs a peer against what is served, and gives what the peer wrote.
fn record(serve: impl FnOnce(OwnedFd) -> Session, peer: impl AsyncFnOnce(OwnedFd)) -> Vec<u8> {
    run(async {
        let (of_server, there) = pair();
        let (of_peer, here) = pair();
        let mut session = serve(there);
        let of_server = tokio::net::UnixStream::from_std(of_server).unwrap();
        let of_peer = tokio::net::UnixStream::from_std(of_peer).unwrap();
        let (mut answers, mut to_server) = of_server.into_split();
        let (mut questions, mut to_peer) = of_peer.into_split();
        let mut said = Vec::new();
        let asking = async {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = questions.read(&mut buffer).await {
                said.extend_from_slice(&buffer[..count]);
                drop(to_server.write_all(&buffer[..count]).await);
            }
            drop(to_server.shutdown().await);
        };
        let answering = async {
            drop(tokio::io::copy(&mut answers, &mut to_peer).await);
            drop(to_peer.shutdown().await);
        };
        tokio::join!(asking, answering, peer(here), session.closed());
        said
    })
}

fn pair() -> (UnixStream, OwnedFd) {
    let (here, there) = UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    (here, there.into())
}

/// Runs something on one thread.
fn run<T>(body: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let ended = tokio::time::timeout(PATIENCE, body).await;
        ended.expect("a conversation that ends")
    })
}
