//! Transports that are no inherited descriptors.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    pin::Pin,
    process,
    task::{Context, Poll, ready},
    time::Duration,
};

use nix::{sys::stat::Mode, unistd::mkfifo};
use sdk_rpc::{Disconnect, Limits, Net, Transport, connect_net, serve_net};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, BufStream, DuplexStream, ReadBuf, duplex};

use crate::{
    local::{LocalNet, MAC, frame},
    stage::{quiet, run},
};

/// Far beyond what the peer needs, and below the deadline of a test.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_stream_is_a_transport() {
    run(async {
        // Smaller than a message: nothing is whole in one read.
        let (here, there) = duplex(64);
        let local = LocalNet::default();
        let mut serving =
            serve_net(Transport::stream(there), local.clone(), Limits::net()).unwrap();
        let (net, session) = connect_net(Transport::stream(here)).unwrap();

        net.write(vec![frame(1, 1514); 500]).await.unwrap();
        assert_eq!(net.mac().await, Ok(MAC));
        assert_eq!(local.0.written.borrow().len(), 500);

        assert_eq!(session.close().await, Disconnect::Dropped);
        assert_eq!(serving.closed().await, Disconnect::Closed);
    });
}

#[test]
fn what_a_stream_keeps_back_leaves_when_nothing_more_waits() {
    run(async {
        let (here, there) = duplex(64 * 1024);
        // Keeps all these messages until it is flushed.
        let (here, there) = (BufStream::new(here), BufStream::new(there));
        let mut serving =
            serve_net(Transport::stream(there), LocalNet::default(), Limits::net()).unwrap();
        let (net, session) = connect_net(Transport::stream(here)).unwrap();

        assert_eq!(net.mac().await, Ok(MAC));

        assert_eq!(session.close().await, Disconnect::Dropped);
        assert_eq!(serving.closed().await, Disconnect::Closed);
    });
}

/// A stream that counts its ends as TLS does: one that was not said is an error.
struct Careful {
    stream: DuplexStream,
    /// Tells the test that this end was said.
    shut_down: std::sync::mpsc::Sender<()>,
}

impl AsyncRead for Careful {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() == before {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Careful {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shut_down.send(()).unwrap();
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[test]
fn an_end_that_the_peer_did_not_say_is_no_orderly_end() {
    run(async {
        let (here, there) = duplex(64);
        let (shut_down, _shut_downs) = std::sync::mpsc::channel();
        let there = Careful {
            stream: there,
            shut_down,
        };
        let mut serving =
            serve_net(Transport::stream(there), LocalNet::default(), Limits::net()).unwrap();
        drop(here);
        assert_eq!(serving.closed().await, Disconnect::Truncated);
    });
}

#[test]
fn a_stream_is_shut_down_when_this_side_closes() {
    run(async {
        let (here, mut there) = duplex(64 * 1024);
        let (shut_down, shut_downs) = std::sync::mpsc::channel();
        let here = Careful {
            stream: here,
            shut_down,
        };
        let serving =
            serve_net(Transport::stream(here), LocalNet::default(), Limits::net()).unwrap();

        assert_eq!(serving.close().await, Disconnect::Dropped);

        assert_eq!(shut_downs.try_recv(), Ok(()));
        let mut said = Vec::new();
        there.read_to_end(&mut said).await.unwrap();
    });
}

/// Two FIFOs in a folder of their own, which goes with them.
struct Fifos(PathBuf);

impl Fifos {
    fn new(test: &str) -> Self {
        let folder = env::temp_dir().join(format!("sdk-rpc-{}-{test}", process::id()));
        fs::create_dir(&folder).unwrap();
        let fifos = Self(folder);
        for fifo in [fifos.up(), fifos.down()] {
            mkfifo(&fifo, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        }
        fifos
    }

    fn up(&self) -> PathBuf {
        self.0.join("up")
    }

    fn down(&self) -> PathBuf {
        self.0.join("down")
    }
}

impl Drop for Fifos {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn a_pair_of_fifos_joins_two_threads_until_one_goes() {
    let fifos = Fifos::new("threads");
    let (up, down) = (fifos.up(), fifos.down());
    let served = std::thread::spawn(move || {
        run(async {
            let transport = Transport::fifos(&up, &down, PATIENCE).await.unwrap();
            let mut serving = serve_net(transport, LocalNet::default(), Limits::net()).unwrap();
            serving.closed().await
        })
    });
    run(async {
        let transport = Transport::fifos(&fifos.down(), &fifos.up(), PATIENCE)
            .await
            .unwrap();
        let (net, _session) = connect_net(transport).unwrap();
        net.write(vec![frame(1, 1514); 500]).await.unwrap();
        assert_eq!(net.mac().await, Ok(MAC));
    });
    assert_eq!(served.join().unwrap(), Disconnect::Closed);
}

#[test]
fn an_end_held_open_by_this_side_would_hide_that_the_peer_went() {
    run(async {
        let fifos = Fifos::new("held");
        let (up, down) = (fifos.up(), fifos.down());
        let (one, other) = futures::join!(
            Transport::fifos(&down, &up, PATIENCE),
            Transport::fifos(&up, &down, PATIENCE),
        );
        let mut serving = serve_net(one.unwrap(), LocalNet::default(), Limits::net()).unwrap();
        // As `O_RDWR` would: the FIFO has a writer as long as this is open.
        let held = fs::OpenOptions::new().write(true).open(down).unwrap();
        drop(other);

        quiet().await;
        assert!(futures::poll!(Box::pin(serving.closed())).is_pending());

        drop(held);
        assert_eq!(serving.closed().await, Disconnect::Closed);
    });
}

#[test]
fn a_peer_that_never_comes_is_waited_for_no_longer_than_asked() {
    run(async {
        let fifos = Fifos::new("nobody");
        tokio::time::pause();
        let refused = Transport::fifos(&fifos.down(), &fifos.up(), PATIENCE)
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
        assert!(refused.to_string().contains("up"), "{refused}");
    });
}

#[test]
fn what_is_no_fifo_is_refused() {
    run(async {
        let fifos = Fifos::new("others");
        let file = fifos.0.join("file");
        fs::write(&file, "precious").unwrap();
        for other in [&file, Path::new("/dev/null"), &fifos.0] {
            for (reading, writing) in [(other, &*fifos.up()), (&*fifos.up(), other)] {
                let refused = Transport::fifos(reading, writing, PATIENCE)
                    .await
                    .unwrap_err();
                assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
            }
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
        let absent = fifos.0.join("absent");
        let refused = Transport::fifos(&absent, &fifos.up(), PATIENCE)
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::NotFound);
    });
}
