//! `HostView`, `LeaseSink` and `Log` are the same whether they are here or behind a connection.

use std::rc::Rc;

use sdk_rpc::{
    Applied, Command, ConfigureCause, Counter, DeconfigureCause, Error, HostParts, HostView,
    LeaseSink, Level, Limits, Log, Origin, Setback, Settings, UpdateCause, connect_host,
    serve_host,
};
use tokio::sync::mpsc;

use crate::{
    local::{HostWorld, LocalHost, LocalWatcher, Told, bare_lease, full_lease, link_state},
    stage::{run, socket_pair},
};

fn parts(host: &LocalHost) -> HostParts<LocalHost, LocalHost, LocalHost> {
    HostParts {
        view: host.clone(),
        lease_sink: host.clone(),
        log: host.clone(),
    }
}

/// Runs the same body against local facets and against their clients.
macro_rules! local_and_remote {
    ($body:ident, $local:ident, $remote:ident) => {
        #[test]
        fn $local() {
            run(async {
                let host = LocalHost::new();
                $body(host.clone(), host.clone(), host.clone(), host.0).await;
            });
        }

        #[test]
        fn $remote() {
            run(async {
                let (here, there) = socket_pair();
                let host = LocalHost::new();
                let _serving = serve_host(there, parts(&host), Limits::host()).unwrap();
                let (clients, _session) = connect_host(here).unwrap();
                $body(clients.view, clients.lease_sink, clients.log, host.0).await;
            });
        }
    };
}

async fn describe_body(view: impl HostView, _: impl LeaseSink, _: impl Log, world: Rc<HostWorld>) {
    let full = world.description.borrow().clone();
    assert_eq!(view.describe().await, Ok(full.clone()));

    let bare = sdk_rpc::HostDescription {
        settings: Settings::default(),
        resume: None,
        previous: None,
        ..full
    };
    world.description.replace(bare.clone());
    assert_eq!(view.describe().await, Ok(bare.clone()));

    let resuming = sdk_rpc::HostDescription {
        resume: Some(bare_lease()),
        ..bare
    };
    world.description.replace(resuming.clone());
    assert_eq!(view.describe().await, Ok(resuming));
}
local_and_remote!(
    describe_body,
    the_host_is_described_locally,
    the_host_is_described_remotely
);

async fn watch_body(view: impl HostView, _: impl LeaseSink, _: impl Log, world: Rc<HostWorld>) {
    let news = [
        Told::Link(link_state()),
        Told::Command(Command::Renew),
        Told::Command(Command::Rebind),
        Told::Command(Command::Release),
        Told::Command(Command::Stop),
    ];
    world.tell.replace(news.to_vec());
    let (sender, mut told) = mpsc::unbounded_channel();

    let watch = view.watch(LocalWatcher(sender)).await.unwrap();
    for expected in news {
        assert_eq!(told.recv().await, Some(expected));
    }

    drop(watch);
    world.unwatched.notified().await;
}
local_and_remote!(
    watch_body,
    a_watcher_is_told_in_order_locally,
    a_watcher_is_told_in_order_remotely
);

async fn lease_body(_: impl HostView, sink: impl LeaseSink, _: impl Log, world: Rc<HostWorld>) {
    for (lease, cause) in [
        (full_lease(), ConfigureCause::Bound),
        (bare_lease(), ConfigureCause::Rebooted),
        (with_origin(Origin::Inform), ConfigureCause::Informed),
        (with_origin(Origin::Operator), ConfigureCause::LinkLocal),
        (bare_lease(), ConfigureCause::Offered),
    ] {
        let expected = format!("configure {cause:?} {lease:?}");
        assert_eq!(sink.configure(lease, cause).await, Ok(Applied::Done));
        assert_eq!(world.leases.borrow_mut().pop(), Some(expected));
    }
    for (lease, cause) in [
        (full_lease(), UpdateCause::Renewed),
        (bare_lease(), UpdateCause::Rebound),
        (bare_lease(), UpdateCause::Rebooted),
        (bare_lease(), UpdateCause::Bound),
        (bare_lease(), UpdateCause::LinkLocal),
        (bare_lease(), UpdateCause::Informed),
    ] {
        let expected = format!("update {cause:?} {lease:?}");
        assert_eq!(sink.update(lease, cause).await, Ok(Applied::Done));
        assert_eq!(world.leases.borrow_mut().pop(), Some(expected));
    }
    for cause in [
        DeconfigureCause::Nak,
        DeconfigureCause::Expired,
        DeconfigureCause::Released,
        DeconfigureCause::Conflict,
        DeconfigureCause::Stopped,
        DeconfigureCause::Ipv6Only,
    ] {
        assert_eq!(sink.deconfigure(cause).await, Ok(Applied::Done));
        let expected = format!("deconfigure {cause:?}");
        assert_eq!(world.leases.borrow_mut().pop(), Some(expected));
    }
    for setback in [
        Setback::NoAnswer,
        Setback::Refused,
        Setback::Conflict,
        Setback::Ipv6Only,
    ] {
        assert_eq!(sink.setback(setback).await, Ok(()));
        let expected = format!("setback {setback:?}");
        assert_eq!(world.leases.borrow_mut().pop(), Some(expected));
    }
    for applied in [Applied::Refused("prefix too short".into()), Applied::InUse] {
        world.applied.replace(applied.clone());
        assert_eq!(
            sink.configure(full_lease(), ConfigureCause::Bound).await,
            Ok(applied)
        );
    }
}

fn with_origin(origin: Origin) -> sdk_rpc::Lease {
    sdk_rpc::Lease {
        origin,
        ..bare_lease()
    }
}
local_and_remote!(
    lease_body,
    leases_arrive_whole_locally,
    leases_arrive_whole_remotely
);

async fn log_body(view: impl HostView, _: impl LeaseSink, log: impl Log, world: Rc<HostWorld>) {
    let lines = [
        (Level::Debug, "one"),
        (Level::Info, "two \u{2713}"),
        (Level::Warn, ""),
    ];
    for (level, text) in lines {
        log.line(level, text).await.unwrap();
    }
    let counters = vec![Counter {
        name: "discard.too_short".into(),
        value: u64::MAX,
    }];
    log.counters(counters.clone(), "BOUND").await.unwrap();
    // A stream is one-way; the next call to the same facet would wait for it.
    while world.counters.borrow().is_empty() {
        view.describe().await.unwrap();
    }

    assert_eq!(
        *world.lines.borrow(),
        lines.map(|(level, text)| (level, text.to_owned()))
    );
    assert_eq!(*world.counters.borrow(), counters);
    assert_eq!(*world.state.borrow(), "BOUND");
}
local_and_remote!(
    log_body,
    lines_and_counters_arrive_locally,
    lines_and_counters_arrive_remotely
);

#[test]
fn what_the_peer_would_not_take_is_refused_before_it_is_sent() {
    run(async {
        let (here, there) = socket_pair();
        let host = LocalHost::new();
        let _serving = serve_host(there, parts(&host), Limits::host()).unwrap();
        let (clients, _session) = connect_host(here).unwrap();
        let sink = clients.lease_sink;

        let mut lease = full_lease();
        lease.prefix_length = 33;
        assert_eq!(
            sink.configure(lease, ConfigureCause::Bound).await,
            Err(Error::Refused("prefix length 33".into()))
        );
        let mut lease = full_lease();
        lease.dns = vec![lease.address; 513];
        assert_eq!(
            sink.configure(lease, ConfigureCause::Bound).await,
            Err(Error::Refused("513 resolvers".into()))
        );
        let mut lease = full_lease();
        lease.domain = Some("a\nb".into());
        assert_eq!(
            sink.configure(lease, ConfigureCause::Bound).await,
            Err(Error::Refused("domain is not printable text".into()))
        );
        let mut lease = full_lease();
        lease.search = vec!["x".repeat(256)];
        assert_eq!(
            sink.configure(lease, ConfigureCause::Bound).await,
            Err(Error::Refused("name of 256 octets".into()))
        );
        let mut lease = full_lease();
        lease.parameters = vec![sdk_rpc::Parameter {
            code: 43,
            value: sdk_rpc::Value::Octets(vec![0; 2049]),
        }];
        assert_eq!(
            sink.configure(lease, ConfigureCause::Bound).await,
            Err(Error::Refused("parameter of 2049 octets".into()))
        );
        assert!(host.0.leases.borrow().is_empty());
        assert_eq!(
            sink.configure(full_lease(), ConfigureCause::Bound).await,
            Ok(Applied::Done)
        );
    });
}

#[test]
fn a_log_line_is_cut_and_cleaned_by_its_sender() {
    run(async {
        let (here, there) = socket_pair();
        let host = LocalHost::new();
        let mut serving = serve_host(there, parts(&host), Limits::host()).unwrap();
        let (clients, session) = connect_host(here).unwrap();

        clients
            .log
            .line(Level::Info, &"\u{e9}".repeat(600))
            .await
            .unwrap();
        clients.log.line(Level::Info, "a\nb\u{7f}c").await.unwrap();
        session.close().await;
        serving.closed().await;

        let lines = host.0.lines.borrow();
        assert_eq!(lines[0].1, "\u{e9}".repeat(512));
        assert_eq!(lines[1].1, "a b c");
    });
}
