//! `cargo demo`: the DHCP client in its real sandbox, on a network that exists only while this runs.
//!
//! Everything is made of unnamed namespaces that this process holds and of children that die with
//! it, so however it ends, Ctrl-C included, nothing is left behind.

mod build;
mod page;
mod processes;

use std::{
    env, fmt,
    process::ExitCode,
    time::{Duration, Instant},
};

use calfkit_tests::{
    Client, Server, Terms, Testbed,
    message::{Kind, code},
    monitor::AddressMonitor,
    namespace::RESOLVER_FILE,
    process::wait_gone,
    server::Exchange,
    testbed::{Address, CLIENT_LINK, Route, enter_user_namespace},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, geteuid},
};
use serde_json::Value;

use crate::page::Page;

/// Longer than any step takes; a step that needs it has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// The shortest that the client takes: a person sees a renewal, at half of it, without long waiting.
const LEASE_SECONDS: u32 = 10;

/// What went wrong, in words for the person who watches.
#[derive(Debug)]
struct Failure(String);

impl Failure {
    fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }
}

fn main() -> ExitCode {
    let began = Instant::now();
    let page = Page::for_standard_output();
    match show(&page) {
        Ok(()) => {
            let took = began.elapsed().as_secs_f32();
            page.good(&format!(
                "all of it worked, in {took:.1} s; nothing is left behind"
            ));
            ExitCode::SUCCESS
        }
        Err(Failure(what)) => {
            page.bad(&what);
            ExitCode::FAILURE
        }
    }
}

fn show(page: &Page) -> Result<(), Failure> {
    let program = build::client(page)?;
    if !geteuid().is_root() {
        enter_user_namespace().map_err(|error| {
            Failure(format!(
                "not root, and no user namespace ({error}): run it with sudo, or allow user \
                 namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)"
            ))
        })?;
    }
    let bed = Testbed::build()
        .map_err(|error| Failure(format!("cannot make a throw-away network: {error}")))?;
    let terms = Terms {
        lease_seconds: LEASE_SECONDS,
        search: vec!["example.test".into(), "corp.example.test".into()],
        ..Terms::default()
    };
    let server = Server::start(&bed, terms);
    let mut command = bed.client.command(program);
    command.args(Client::usual_options()).arg(CLIENT_LINK);
    let stage = Stage {
        page,
        bed: &bed,
        server: &server,
        began: Instant::now(),
    };
    stage.play(&mut Client::start_command(command))
}

/// What all scenes share.
struct Stage<'a> {
    page: &'a Page,
    bed: &'a Testbed,
    server: &'a Server,
    began: Instant,
}

impl Stage<'_> {
    fn play(&self, client: &mut Client) -> Result<(), Failure> {
        let bound = expect(client, "bound")?;
        processes::show(self.page, client)?;
        self.conversation("The conversation", 0);
        self.lease(&bound)?;
        let monitor = self.bed.address_monitor();
        self.renewal(client)?;
        self.death(client, &monitor)?;
        self.end(client)
    }

    fn conversation(&self, title: &str, from: usize) {
        self.page.heading(title);
        for exchange in self.server.log().entries().iter().skip(from) {
            self.page.line(&self.spoken(exchange));
        }
    }

    fn spoken(&self, exchange: &Exchange) -> String {
        let Exchange {
            at,
            sent,
            peer,
            message,
        } = exchange;
        let at = at.saturating_duration_since(self.began).as_secs_f32();
        let (arrow, who) = if *sent {
            ("<-", "server, to")
        } else {
            ("->", "client, from")
        };
        let requested = message.address_option(code::REQUESTED_ADDRESS);
        let about = match message.kind() {
            Kind::OFFER | Kind::ACK => format!(
                "{} for {}",
                message.yiaddr,
                seconds(message.option(code::LEASE_TIME))
            ),
            _ => requested.map_or_else(String::new, |address| format!("asks for {address}")),
        };
        format!(
            "{at:6.3} s  {arrow} DHCP{:<9} {who} {peer:<15} {about}",
            message.kind().name()
        )
    }

    fn lease(&self, bound: &Value) -> Result<(), Failure> {
        self.page.heading("The lease on the interface");
        let addresses = self.bed.addresses();
        let [address] = addresses.as_slice() else {
            return Err(Failure(format!("expected one address, not {addresses:?}")));
        };
        self.page.row("address", &address_text(address));
        for route in self.bed.routes() {
            self.page.row("route", &route_text(&route));
        }
        let resolver = self.bed.client.read(RESOLVER_FILE).map_err(Failure::new)?;
        for line in resolver.lines() {
            self.page.row("resolv.conf", line);
        }
        let elapsed = &bound["elapsed_ms"];
        self.page.row(
            "time",
            &format!("{elapsed} ms from the start of the process"),
        );
        Ok(())
    }

    fn renewal(&self, client: &mut Client) -> Result<(), Failure> {
        let from = self.server.log().position();
        expect(client, "renewed")?;
        self.conversation(
            &format!("A renewal: the lease lasts {LEASE_SECONDS} s only"),
            from,
        );
        Ok(())
    }

    fn death(&self, client: &mut Client, monitor: &AddressMonitor) -> Result<(), Failure> {
        let calf = client.calf_pid();
        self.page.heading("The calf is killed");
        self.page.line(&format!("kill -9 {calf}"));
        kill(Pid::from_raw(calf), Signal::SIGKILL).map_err(Failure::new)?;
        let restarted = expect(client, "calf-restarted")?;
        self.page
            .line(&format!("calf-restarted: {} runs now", restarted["pid"]));
        let from = self.server.log().position();
        expect(client, "renewed")?;
        self.conversation("The new calf has the old one's lease, and renews it", from);
        let removed = monitor.removed();
        if !removed.is_empty() {
            return Err(Failure(format!(
                "the kernel says that {removed:?} was removed meanwhile"
            )));
        }
        self.page.good("the kernel never saw the address go");
        Ok(())
    }

    fn end(&self, client: &mut Client) -> Result<(), Failure> {
        self.page.heading("SIGTERM");
        let calf = client.calf_pid();
        client.signal(Signal::SIGTERM);
        expect(client, "stopped")?;
        let status = client.wait_exit(PATIENCE);
        let left = self.bed.addresses();
        if !status.success() || !left.is_empty() || !wait_gone(calf, PATIENCE) {
            return Err(Failure(format!("{status}, and on the interface: {left:?}")));
        }
        self.page
            .line("both processes have ended; the interface and resolv.conf are as before");
        Ok(())
    }
}

fn expect(client: &mut Client, name: &str) -> Result<Value, Failure> {
    let found = client.next_event(PATIENCE, |event| event["event"] == name);
    found.ok_or_else(|| {
        Failure(format!(
            "no event {name:?} in {PATIENCE:?}\n{}",
            client.said()
        ))
    })
}

fn seconds(option: Option<&[u8]>) -> String {
    let octets: Option<[u8; 4]> = option.and_then(|value| value.try_into().ok());
    octets.map_or_else(
        || "?".into(),
        |octets| format!("{} s", u32::from_be_bytes(octets)),
    )
}

fn address_text(address: &Address) -> String {
    let Address {
        address,
        prefix_length,
        valid_seconds,
    } = address;
    let valid = valid_seconds.map_or_else(|| "for ever".into(), |s| format!("{s} s left"));
    format!("{address}/{prefix_length} on {CLIENT_LINK}, {valid}")
}

fn route_text(route: &Route) -> String {
    let Route {
        destination,
        gateway,
        protocol,
        metric,
    } = route;
    let via = gateway.map_or_else(|| "on-link".into(), |gateway| format!("via {gateway}"));
    format!("{destination} {via} proto {protocol} metric {metric}")
}

/// Where a variable of the environment says that a program is.
fn named_by(variable: &str) -> Option<std::ffi::OsString> {
    env::var_os(variable).filter(|path| !path.is_empty())
}
