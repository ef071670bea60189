//! The client under load: a neighbour that floods its cable, a server that is busy with a crowd, and many interfaces at once. What each costs is bounded
//! here, and printed (`--no-capture` shows it). Run by `cargo xtask test --slow`.
//!
//! The bounds are for the unoptimised build that tests run, on a machine that does other things too.

use std::{collections::BTreeSet, fs, net::Ipv4Addr, thread, time::Duration};

use calfkit_tests::{
    Client, Testbed,
    crowd::Crowd,
    flood::Flood,
    inspect,
    process::Process,
    servers::{Product, RealServer, ServerOptions},
    testbed::{CLIENT_MAC, SERVER_ADDRESS, SERVER_LINK, mac_text},
};
use nix::sys::signal::Signal;
use serde_json::Value;

/// Generous: nothing waits this long unless it fails.
const PATIENCE: Duration = Duration::from_secs(60);

const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);

/// What priv and calf have used, together.
#[derive(Clone, Copy, Debug)]
struct Usage {
    /// Processor time in seconds.
    processor: f64,
    /// The largest memory that each had resident, summed, in KiB.
    peak: u64,
}

impl Usage {
    fn of(client: &Client) -> Self {
        let pids = [client.process().pid(), client.calf_pid()];
        Self {
            processor: pids.iter().map(|pid| processor_seconds(*pid)).sum(),
            peak: pids.iter().map(|pid| peak_kib(*pid)).sum(),
        }
    }
}

/// Time on a processor by the scheduler's own account (`/proc/PID/schedstat`, in nanoseconds).
fn processor_seconds(pid: i32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).expect("the process runs");
    let spent: f64 = text
        .split_whitespace()
        .next()
        .and_then(|word| word.parse().ok())
        .expect("schedstat begins with a number");
    spent / 1e9
}

fn peak_kib(pid: i32) -> u64 {
    kib(pid, "status", "VmHWM:")
}

/// A line of a file below `/proc/PID` that is a number of KiB.
fn kib(pid: i32, file: &str, key: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).expect("the process runs");
    text.lines()
        .find_map(|line| line.strip_prefix(key))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|word| word.parse().ok())
        .unwrap_or_else(|| panic!("no {key} in {text}"))
}

#[test]
fn case_083_a_flood_of_hostile_frames_is_bounded_in_cost_and_a_lease_is_still_reached() {
    const RATE: u32 = 100_000;
    const TIME: Duration = Duration::from_secs(10);
    let bed = Testbed::new();
    let _server = RealServer::start(&bed, Product::Dnsmasq, &ServerOptions::default());
    let monitor = bed.address_monitor();

    let flood = Flood::start(&bed, RATE, TIME);
    let mut client = Client::start(&bed, &[]);
    let bound = client.wait_for_event("bound", PATIENCE);
    let sent = flood.end();
    let usage = Usage::of(&client);
    println!(
        "{} frames a second for {:?}; lease after {} ms; {usage:?}",
        sent.rate(),
        sent.time,
        bound["elapsed_ms"]
    );

    // One and a half cores, of the two that priv and calf could take.
    let share = usage.processor / sent.time.as_secs_f64();
    assert!(share < 1.5, "{usage:?}");
    assert!(usage.peak < 64 * 1024, "{usage:?}");
    // All is as before: the same calf, the same address, and both answer.
    assert!(!client.event_names().contains(&"calf-restarted".to_owned()));
    client.signal(Signal::SIGUSR1);
    client.wait_for_event("renewed", PATIENCE);
    let addresses: Vec<_> = bed.addresses().iter().map(|entry| entry.address).collect();
    assert_eq!(addresses, [ADDRESS]);
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
    let rest = Usage::of(&client);
    assert!(
        rest.processor - usage.processor < 0.5,
        "{rest:?} after {usage:?}"
    );
}

/// The client's links; the first is there already.
const LINKS: u64 = 100;

/// The hardware address of a link.
fn mac_of(number: u64) -> [u8; 6] {
    let mut mac = CLIENT_MAC;
    if number > 0 {
        mac[1..3].copy_from_slice(&[1, u8::try_from(number).expect("a hundred links")]);
    }
    mac
}

/// Makes the server's link a bridge, of which the cable to the client is one port.
fn make_bridge(bed: &Testbed) {
    for words in [
        format!("link set {SERVER_LINK} down"),
        format!("link set {SERVER_LINK} name port0"),
        format!("link add {SERVER_LINK} type bridge forward_delay 0"),
        format!("link set port0 master {SERVER_LINK} up"),
        format!("link set {SERVER_LINK} up"),
    ] {
        bed.server.ip(&words);
    }
    bed.move_server(SERVER_ADDRESS);
}

/// Joins as many links of the client as there shall be to one network at the server.
fn plug_in_many(bed: &Testbed) {
    make_bridge(bed);
    for number in 1..LINKS {
        bed.client.ip(&format!(
            "link add eth{number} address {} type veth peer name port{number} netns {}",
            mac_text(mac_of(number)),
            bed.server.network_path()
        ));
    }
    for number in 1..LINKS {
        bed.server
            .ip(&format!("link set port{number} master {SERVER_LINK} up"));
        bed.client.ip(&format!("link set eth{number} up"));
    }
}

/// dnsmasq with an address for each, said before: of its own accord it offers one to two who ask at the same time.
fn serve_many(bed: &Testbed) -> Process {
    let mut command = bed.server.command("/usr/sbin/dnsmasq");
    command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--port=0"]);
    command.args(["--user=", "--group=", "--no-ping", "--dhcp-authoritative"]);
    command.args(["--leasefile-ro", "--pid-file=", "--bind-interfaces"]);
    command.arg(format!("--interface={SERVER_LINK}"));
    command.arg("--dhcp-range=10.77.0.0,static,255.255.255.0,1h");
    for number in 0..LINKS {
        let host = mac_text(mac_of(number));
        command.arg(format!("--dhcp-host={host},10.77.0.{}", 100 + number));
    }
    Process::start(command)
}

#[test]
fn a_hundred_interfaces_are_all_bound_each_by_a_calf_of_its_own_at_a_bounded_price() {
    let bed = Testbed::new();
    plug_in_many(&bed);
    let _server = serve_many(&bed);
    let names: Vec<String> = (0..LINKS).map(|number| format!("eth{number}")).collect();
    let mut command = bed.client.command(Client::program());
    command.args(Client::usual_options()).args(&names);
    let mut client = Client::start_command(command);

    let mut bound = BTreeSet::new();
    let mut last = 0;
    while bound.len() < names.len() {
        let event = client.wait_for_event("bound", PATIENCE);
        bound.insert(event["address"].as_str().expect("an address").to_owned());
        last = event["elapsed_ms"].as_u64().expect("a time");
    }

    let privileged = client.process().pid();
    let calves = inspect::children(privileged).expect("/proc can be read");
    assert_eq!(calves.len(), names.len(), "{}", client.said());
    let pss = |pid: i32| kib(pid, "smaps_rollup", "Pss:");
    let of_priv = pss(privileged);
    let of_calves: u64 = calves.iter().map(|pid| pss(*pid)).sum();
    let open = fs::read_dir(format!("/proc/{privileged}/fd")).map(Iterator::count);
    let open = open.expect("/proc can be read");
    println!(
        "all bound after {last} ms; priv {of_priv} KiB PSS and {open} descriptors, calves {of_calves} KiB PSS: \
         {} KiB an interface",
        (of_priv + of_calves) / LINKS
    );
    assert!(of_priv / LINKS < 512, "{of_priv} KiB");
    assert!(of_calves / LINKS < 3 * 1024, "{of_calves} KiB");
    assert!(open < 20 * names.len(), "{open} descriptors");

    client.signal(Signal::SIGTERM);
    assert!(client.wait_exit(PATIENCE).success(), "{}", client.said());
    let left = bed.client.ip("-4 -o address show scope global");
    assert_eq!(left, "", "what was configured is undone");
}

/// A server whose only address is ours is asked for leases by a new client every ten milliseconds, and we renew.
fn renewals_beside_a_crowd(product: Product) {
    const RATE: u32 = 100;
    const RENEWALS: usize = 5;
    let bed = Testbed::new();
    make_bridge(&bed);
    bed.server.ip("link add crowd0 type veth peer name port1");
    bed.server
        .ip(&format!("link set port1 master {SERVER_LINK} up"));
    bed.server.ip("link set crowd0 up");
    let _server = RealServer::start(&bed, product, &ServerOptions::default());
    let monitor = bed.address_monitor();
    let mut client = Client::start(&bed, &[]);
    client.wait_for_event("bound", PATIENCE);

    let crowd = Crowd::start(&bed.server, "crowd0", RATE);
    for _ in 0..RENEWALS {
        let (before, _) = crowd.counts();
        // A busy server may drop a request, and RFC 2131 section 4.4.5 has the next one of a client follow a minute
        // later at the soonest: so the operator asks again.
        let renewed = (0..12).any(|_| {
            client.signal(Signal::SIGUSR1);
            let renewed = |event: &Value| event["event"] == "renewed";
            client.next_event(PATIENCE / 12, renewed).is_some()
        });
        assert!(renewed, "{}", client.said());
        // The next one when the crowd has been busy again.
        while crowd.counts().0 < before + RATE && crowd.age() < PATIENCE {
            thread::sleep(Duration::from_millis(10));
        }
    }
    let (asked, offered) = crowd.counts();
    println!(
        "{product:?}: {asked} others asked in {:?}, {offered} offers; renewed {RENEWALS} times",
        crowd.age()
    );

    assert!(asked >= RATE, "{asked}");
    assert!(monitor.removed().is_empty(), "{:?}", monitor.removed());
    let addresses: Vec<_> = bed.addresses().iter().map(|entry| entry.address).collect();
    assert_eq!(addresses, [ADDRESS]);
}

#[test]
fn dnsmasq_that_is_busy_with_a_crowd_renews_and_the_address_stays() {
    renewals_beside_a_crowd(Product::Dnsmasq);
}

#[test]
fn kea_that_is_busy_with_a_crowd_renews_and_the_address_stays() {
    renewals_beside_a_crowd(Product::Kea);
}

#[test]
fn udhcpd_that_is_busy_with_a_crowd_renews_and_the_address_stays() {
    renewals_beside_a_crowd(Product::Udhcpd);
}
