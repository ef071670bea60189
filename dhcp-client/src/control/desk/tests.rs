//! What is told through the socket that anybody may open.

use std::{
    fs, net::Ipv4Addr, os::fd::OwnedFd, os::unix::net::UnixStream, path::PathBuf, time::Instant,
};

use dhcp_frontend::{Client, Request, Setup};
use sdk_rpc::{LinkState, MacAddress, Origin, Parameter, Value};

use super::*;
use crate::{
    control::Doors, events::Events, host::Machine, log::Log, net_handle::NetHandle, run::Served,
    watchers::News,
};

fn lease(parameters: Vec<Parameter>) -> Lease {
    Lease {
        address: Ipv4Addr::new(192, 0, 2, 7),
        prefix_length: 24,
        broadcast: None,
        origin: Origin::Server,
        server: Ipv4Addr::new(192, 0, 2, 1),
        routers: Vec::new(),
        routes: Vec::new(),
        dns: Vec::new(),
        ntp: Vec::new(),
        domain: None,
        search: Vec::new(),
        host_name: None,
        mtu: None,
        lease_seconds: None,
        acquired_at: 0,
        renew_at: None,
        rebind_at: None,
        expires_at: None,
        next_server: Ipv4Addr::UNSPECIFIED,
        server_name: None,
        boot_file: None,
        parameters,
    }
}

fn setup(folder: &std::path::Path) -> Setup {
    let words = ["eth0", "--state-dir", folder.to_str().unwrap()].map(Into::into);
    match dhcp_frontend::parse(Client::Native, words, &Machine) {
        Ok(Request::Run(setup)) => *setup,
        other => panic!("no run: {other:?}"),
    }
}

/// A run that serves an eth0 with `lease`, as far as anybody sees who looks.
fn context(setup: Setup, lease: Lease) -> Rc<Context> {
    let log = Log::open("test", &setup.log).0;
    let events = Rc::new(Events::new(Client::Native, false, Instant::now(), log));
    let context = Context::new(setup, &events, None).unwrap();
    let link = LinkState {
        up: true,
        carrier: true,
        mac: MacAddress([2, 0, 0, 0, 0, 1]),
        mtu: 1500,
    };
    let profile = context.profile("eth0").clone();
    let named = ("eth0".to_owned(), 2);
    let shared = Shared::new(named, Rc::clone(&context), profile, News::new(link));
    shared.resume(lease);
    let network = NetHandle::Remote(mpsc::unbounded_channel().0);
    context.add_served(Served { shared, network });
    context
}

/// What the socket that shows says of the lease.
async fn shown(folder: &PathBuf, lease: Lease) -> Lease {
    drop(fs::remove_dir_all(folder));
    fs::create_dir(folder).unwrap();
    let (desk, _asked) = Desk::new(&context(setup(folder), lease));
    let _doors = Doors::open(folder, "eth0", None, &desk).unwrap();
    let socket = UnixStream::connect(folder.join("eth0.view.sock")).unwrap();
    let (view, _session) = sdk_rpc::connect_control(OwnedFd::from(socket)).unwrap();
    let mut overall = view.status(Vec::new()).await.unwrap();
    fs::remove_dir_all(folder).unwrap();
    overall.interfaces.remove(0).lease.unwrap()
}

#[test]
fn whoever_looks_sees_a_leases_options_but_not_its_nonce() {
    let option = |code| Parameter {
        code,
        value: Value::Octets(vec![1, 2, 3]),
    };
    let folder = std::env::temp_dir().join(format!("desk-{}", std::process::id()));
    let shown = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build_local(tokio::runtime::LocalOptions::default())
        .unwrap()
        .block_on(shown(&folder, lease(vec![option(43), option(90)])));
    assert_eq!(shown.parameters, [option(43)]);
}

#[test]
fn after_many_lines_that_are_said_once_a_new_one_is_still_said_and_an_old_one_is_not() {
    let folder = std::env::temp_dir().join(format!("once-{}", std::process::id()));
    drop(fs::remove_dir_all(&folder));
    fs::create_dir(&folder).unwrap();
    let mut setup = setup(&folder);
    let path = folder.join("log");
    setup.log.targets = vec![dhcp_frontend::setup::LogTarget::File(path.clone())];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _in_it = runtime.enter();
    let context = context(setup, lease(Vec::new()));
    let shared = context.served().remove(0);
    for number in 0..100 {
        shared.warn_once(&format!("line {number}."));
        shared.warn_once("again.");
        shared.warn_once("again.");
    }
    let log = fs::read_to_string(&path).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert!(log.contains("line 99."), "{log}");
    // Once more when it was forgotten.
    assert_eq!(log.matches("again.").count(), 2, "{log}");
}
