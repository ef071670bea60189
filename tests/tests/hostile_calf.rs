//! A calf that has turned, against the real priv: what it asks for is refused, what it says is bounded, and
//! whoever is served next is served well. The test is the engine, on the other ends of the descriptors.

use std::{
    fs,
    net::Ipv4Addr,
    os::{fd::OwnedFd, unix::net::UnixStream},
    time::{Duration, Instant},
};

use calfkit_tests::{
    Client, SOON, Server, Terms, Testbed,
    namespace::{RESOLVER_FILE, SCRATCH},
    process::Process,
    split::Split,
};
use nix::time::{ClockId, clock_gettime};
use sdk_rpc::{
    Applied, ConfigureCause, Counter, DeconfigureCause, HostClients, Lease, LeaseSink as _, Level,
    Log as _, Origin, Route, UpdateCause,
};

const GOOD: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);

/// A priv whose calf is this test.
struct Priv {
    bed: Testbed,
    _network: Process,
    client: Client,
    _net: UnixStream,
    host: UnixStream,
}

impl Priv {
    fn start(options: &[&str]) -> Self {
        let bed = Testbed::new();
        let (network, mut client, [net, host]) = Split::without_engine(&bed, options);
        client.wait_for_event("started", SOON);
        Self {
            bed,
            _network: network,
            client,
            _net: net,
            host,
        }
    }

    /// Is the calf: `turned` has what a calf has, and afterwards a good lease must be taken as if nothing had
    /// been.
    fn survives(&self, turned: impl AsyncFnOnce(&HostClients)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build_local(tokio::runtime::LocalOptions::default())
            .expect("a runtime");
        let host = self.host.try_clone().expect("a descriptor");
        let before = self.resident();
        runtime.block_on(async {
            let (host, _session) = sdk_rpc::connect_host(OwnedFd::from(host)).expect("a socket");
            turned(&host).await;
            assert_eq!(self.bed.addresses().len(), 0, "{}", self.client.said());
            let begun = Instant::now();
            loop {
                let good = host.lease_sink.configure(lease(), ConfigureCause::Bound);
                match good.await {
                    Ok(Applied::Done) => break,
                    // It had all the changes that a calf may make at once.
                    Ok(Applied::Refused(why)) if why.contains("too many changes") => {
                        assert!(begun.elapsed() < SOON, "{}", self.client.said());
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                    other => panic!("{other:?}; {}", self.client.said()),
                }
            }
        });
        assert_eq!(self.bed.addresses()[0].address, GOOD);
        assert_eq!(self.bed.client.served_names(), ["eth0"]);
        let grown = self.resident().saturating_sub(before);
        assert!(grown < 16 * 1024, "{grown} kB more");
    }

    /// Lines for the operator.
    fn lines(&self) -> Vec<String> {
        self.client.process().stderr().entries()
    }

    /// Kilobytes that the run has in memory.
    fn resident(&self) -> u64 {
        let pid = self.client.process().pid();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        kilobytes.expect("every process has some")
    }
}

/// A lease of an hour, nothing wrong with it.
fn lease() -> Lease {
    let now = clock_gettime(ClockId::CLOCK_BOOTTIME).expect("every kernel has it");
    let now = u64::try_from(now.tv_sec()).expect("not negative") * 1000;
    let server = Ipv4Addr::new(10, 77, 0, 1);
    Lease {
        address: GOOD,
        prefix_length: 24,
        broadcast: None,
        origin: Origin::Server,
        server,
        routers: vec![server],
        routes: Vec::new(),
        dns: vec![server],
        ntp: Vec::new(),
        domain: None,
        search: Vec::new(),
        host_name: None,
        mtu: None,
        lease_seconds: Some(3600),
        acquired_at: now,
        renew_at: Some(now + 1_800_000),
        rebind_at: Some(now + 3_150_000),
        expires_at: Some(now + 3_600_000),
        next_server: Ipv4Addr::UNSPECIFIED,
        server_name: None,
        boot_file: None,
        parameters: Vec::new(),
    }
}

/// Whether a lease was refused: by policy, or already as no value that a lease can have.
fn is_refused(applied: &Result<Applied, sdk_rpc::Error>) -> bool {
    matches!(
        applied,
        Ok(Applied::Refused(_)) | Err(sdk_rpc::Error::Refused(_))
    )
}

/// The good lease with one thing changed.
fn with(change: impl FnOnce(&mut Lease)) -> Lease {
    let mut changed = lease();
    change(&mut changed);
    changed
}

#[test]
fn case_102_leases_that_no_host_can_have_are_refused_ten_thousand_times_with_few_lines() {
    let run = Priv::start(&[]);
    let bad = [
        with(|it| it.prefix_length = 0),
        with(|it| it.prefix_length = 33),
        with(|it| it.address = Ipv4Addr::UNSPECIFIED),
        with(|it| it.address = Ipv4Addr::LOCALHOST),
        with(|it| it.address = Ipv4Addr::BROADCAST),
        with(|it| it.address = Ipv4Addr::new(224, 0, 0, 1)),
        with(|it| it.address = Ipv4Addr::new(10, 77, 0, 255)),
        with(|it| it.expires_at = Some(1)),
    ];
    run.survives(async |host| {
        for number in 0..10_000 {
            let bad = bad[number % bad.len()].clone();
            let applied = host.lease_sink.configure(bad, ConfigureCause::Bound).await;
            assert!(is_refused(&applied), "{number}: {applied:?}");
        }
    });
    let lines = run.lines();
    assert!(
        lines.iter().any(|line| line.contains("lease refused")),
        "{lines:?}"
    );
    assert!(lines.len() <= 60, "{} lines", lines.len());
}

#[test]
fn case_102_values_that_would_hurt_are_left_out_of_a_lease_and_the_rest_is_used() {
    let run = Priv::start(&[]);
    run.survives(async |host| {
        let evil = Ipv4Addr::new(10, 77, 0, 66);
        let route = |destination, prefix_length| Route {
            destination,
            prefix_length,
            gateway: evil,
        };
        let before = fs::read("/etc/hostname").ok();
        for mtu in [0, 67, u16::MAX] {
            let hostile = with(|it| {
                it.mtu = Some(mtu);
                it.routes = vec![
                    route(Ipv4Addr::LOCALHOST, 8),
                    route(Ipv4Addr::new(224, 0, 0, 0), 4),
                ];
                it.routes.push(Route {
                    gateway: Ipv4Addr::new(192, 0, 2, 1),
                    ..route(Ipv4Addr::new(198, 51, 100, 0), 24)
                });
                it.host_name = Some("x\n6.6.6.6 bank.test".to_owned());
                it.domain = Some("x\nnameserver 6.6.6.6".to_owned());
                it.boot_file = Some("../../etc/passwd".to_owned());
                it.search = vec!["$(reboot)".to_owned()];
                it.dns.extend([Ipv4Addr::LOCALHOST, Ipv4Addr::BROADCAST]);
            });
            let applied = host
                .lease_sink
                .configure(hostile, ConfigureCause::Bound)
                .await;
            if applied == Ok(Applied::Done) {
                assert_eq!(run.bed.mtu(), 1500);
                let routes = run.bed.routes();
                assert!(
                    routes.iter().all(|it| it.gateway != Some(evil)),
                    "{routes:?}"
                );
                let resolver = run.bed.client.read(RESOLVER_FILE).expect("it stays");
                for word in ["6.6.6.6", "reboot", "255.255"] {
                    assert!(!resolver.contains(word), "{resolver}");
                }
                let end = host.lease_sink.deconfigure(DeconfigureCause::Released);
                assert_eq!(end.await, Ok(Applied::Done));
            } else {
                assert!(
                    matches!(applied, Ok(Applied::Refused(_)) | Err(_)),
                    "{applied:?}"
                );
            }
        }
        assert_eq!(fs::read("/etc/hostname").ok(), before);
    });
}

#[test]
fn origins_and_causes_that_it_was_not_asked_for_are_refused() {
    let run = Priv::start(&[]);
    run.survives(async |host| {
        let link_local = |it: &mut Lease| {
            it.origin = Origin::LinkLocal;
            (it.address, it.prefix_length) = (Ipv4Addr::new(169, 254, 7, 7), 16);
            (it.server, it.routers, it.dns) = (Ipv4Addr::UNSPECIFIED, Vec::new(), Vec::new());
            (it.lease_seconds, it.renew_at, it.rebind_at, it.expires_at) = (None, None, None, None);
        };
        for (lease, cause) in [
            (lease(), ConfigureCause::Offered),
            (with(link_local), ConfigureCause::LinkLocal),
            (
                with(|it| it.origin = Origin::Inform),
                ConfigureCause::Informed,
            ),
            (
                with(|it| it.origin = Origin::Operator),
                ConfigureCause::Bound,
            ),
        ] {
            let applied = host.lease_sink.configure(lease.clone(), cause).await;
            assert!(
                matches!(applied, Ok(Applied::Refused(_))),
                "{cause:?}: {applied:?}"
            );
            let applied = host.lease_sink.update(lease, UpdateCause::Renewed).await;
            assert!(
                matches!(applied, Ok(Applied::Refused(_))),
                "{cause:?}: {applied:?}"
            );
        }
    });
}

#[test]
fn five_thousand_lines_are_twenty_and_none_of_them_steers_a_terminal_or_forges_another() {
    let run = Priv::start(&[]);
    run.survives(async |host| {
        let long = format!("\u{1b}[2J\neth0: bound to 6.6.6.6 {}", "x".repeat(2000));
        for _ in 0..5000 {
            host.log
                .line(Level::Warn, &long)
                .await
                .expect("it may say something");
        }
    });
    let lines = run.lines();
    // Twenty in each ten seconds, and one that says that there were more.
    assert!(
        (21..=21 * 7).contains(&lines.len()),
        "{} lines",
        lines.len()
    );
    for line in &lines {
        assert!(line.starts_with("eth0: calf: "), "{line:?}");
        assert!(line.len() < 400 && !line.contains('\u{1b}'), "{line:?}");
    }
}

#[test]
fn counters_without_end_are_kept_bounded_and_shown_clean() {
    let run = Priv::start(&[]);
    run.survives(async |host| {
        for round in 0..300_u64 {
            let counters = (0..1000)
                .map(|number| Counter {
                    name: format!("discarded.\u{1b}[2J{round}.{number}"),
                    value: round,
                })
                .collect();
            // More than a limit allows may be refused, and ends nothing.
            let _refused = host.log.counters(counters, "BOUND\u{1b}[2J").await;
        }
    });
    let status = run.bed.client.ctl(&["status", "--json"]).success().concat();
    assert!(!status.contains("u001b"), "{status}");
}

#[test]
fn a_lease_that_comes_and_goes_without_end_runs_few_hooks_and_costs_no_memory() {
    let counted = format!("{SCRATCH}/hooks");
    let hook = format!("{SCRATCH}/hook");
    let bed = Testbed::new();
    bed.client
        .write(&hook, format!("#!/bin/sh\necho >>{counted}\n"));
    bed.client.run(|| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("an own file");
    });
    let (network, mut client, [net, host]) = Split::without_engine(&bed, &["--hook", &hook]);
    client.wait_for_event("started", SOON);
    let run = Priv {
        bed,
        _network: network,
        client,
        _net: net,
        host,
    };
    let mut refused = 0;
    run.survives(async |host| {
        for _ in 0..1000 {
            let on = host
                .lease_sink
                .configure(lease(), ConfigureCause::Bound)
                .await;
            refused += u32::from(matches!(on, Ok(Applied::Refused(_))));
            let off = host
                .lease_sink
                .deconfigure(DeconfigureCause::Released)
                .await;
            assert!(off.is_ok(), "{off:?}");
        }
    });
    let hooks = run
        .bed
        .client
        .read(&counted)
        .unwrap_or_default()
        .lines()
        .count();
    assert!(hooks < 1000, "{hooks} hooks");
    assert!(refused > 0, "it was never too fast");
}

#[test]
fn sixty_resolvers_of_a_server_are_eight_at_most() {
    let bed = Testbed::new();
    let terms = Terms {
        dns: (1..=60)
            .map(|last| Ipv4Addr::new(10, 77, 1, last))
            .collect(),
        ..Terms::default()
    };
    let _server = Server::start(&bed, terms);
    let mut client = Client::start(&bed, &["--once"]);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    let resolver = bed.client.read(RESOLVER_FILE).expect("it stays");
    let servers: Vec<_> = resolver
        .lines()
        .filter_map(|line| line.strip_prefix("nameserver "))
        .collect();
    assert!((3..=8).contains(&servers.len()), "{servers:?}");
    assert_eq!(servers[..3], ["10.77.1.1", "10.77.1.2", "10.77.1.3"]);
}
