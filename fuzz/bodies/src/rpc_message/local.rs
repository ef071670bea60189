//! What is served to the peer: objects that answer at once and do nothing.

use sdk_rpc::{
    Applied, ConfigureCause, Counter, Datagram, DeconfigureCause, Error, Frame, FrameSink,
    HostDescription, HostView, HostWatcher, Lease, LeaseSink, Level, LinkState, LinkWatcher, Log,
    MacAddress, Net, Setback, Settings, UpdateCause,
};

use crate::{any_lease, source::Source};

const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 7]);

/// The plainest lease there is.
pub(crate) fn plain_lease() -> Lease {
    any_lease::lease(&mut Source::new(&[]))
}

/// Frames of an interface on which nothing is.
#[derive(Clone, Copy)]
pub(super) struct LocalNet;

impl Net for LocalNet {
    type Attachment = ();
    type Watch = ();

    async fn attach<S: FrameSink + 'static>(&self, sink: S) -> Result<(), Error> {
        // One frame, which the peer may answer or not; who attaches is told what came before.
        tokio::task::spawn_local(async move {
            let frame = Frame {
                bytes: vec![1; 60],
                checksum_ready: false,
            };
            drop(sink.push(vec![frame]).await);
        });
        Ok(())
    }

    async fn write(&self, _frames: Vec<Frame>) -> Result<(), Error> {
        Ok(())
    }

    async fn send(&self, _datagrams: Vec<Datagram>) -> Result<(), Error> {
        Ok(())
    }

    async fn mac(&self) -> Result<MacAddress, Error> {
        Ok(MAC)
    }

    async fn counters(&self) -> Result<Vec<Counter>, Error> {
        let name = "frames".into();
        Ok(vec![Counter { name, value: 1 }])
    }

    async fn watch_link<W: LinkWatcher + 'static>(&self, watcher: W) -> Result<(), Error> {
        tokio::task::spawn_local(async move {
            drop(watcher.link(link()).await);
        });
        Ok(())
    }
}

/// A host on which everything succeeds.
#[derive(Clone, Copy)]
pub(super) struct LocalHost;

impl HostView for LocalHost {
    type Subscription = ();

    async fn describe(&self) -> Result<HostDescription, Error> {
        Ok(HostDescription {
            interface: "eth0".into(),
            link: link(),
            settings: Settings::default(),
            resume: Some(plain_lease()),
            confirm: false,
            previous: None,
        })
    }

    async fn watch<W: HostWatcher + 'static>(&self, watcher: W) -> Result<(), Error> {
        tokio::task::spawn_local(async move {
            drop(watcher.link(link()).await);
        });
        Ok(())
    }
}

fn link() -> LinkState {
    LinkState {
        up: true,
        carrier: true,
        mac: MAC,
        mtu: 1500,
    }
}

impl LeaseSink for LocalHost {
    async fn configure(&self, _lease: Lease, _cause: ConfigureCause) -> Result<Applied, Error> {
        Ok(Applied::Done)
    }

    async fn update(&self, _lease: Lease, _cause: UpdateCause) -> Result<Applied, Error> {
        Ok(Applied::Refused("no".into()))
    }

    async fn deconfigure(&self, _cause: DeconfigureCause) -> Result<Applied, Error> {
        Ok(Applied::Done)
    }

    async fn setback(&self, _setback: Setback) -> Result<(), Error> {
        Ok(())
    }
}

impl Log for LocalHost {
    async fn line(&self, _level: Level, _text: &str) -> Result<(), Error> {
        Ok(())
    }

    async fn counters(&self, _counters: Vec<Counter>, _state: &str) -> Result<(), Error> {
        Ok(())
    }
}
