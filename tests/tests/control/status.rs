//! How the runs are, for people and for programs.

use calfkit_tests::{SOON, Server, Terms, Testbed, message::code, testbed::CLIENT_LINK, until};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::{one_run, run_of, two_networks};

/// Columns of a line that are separated by at least two spaces.
fn columns(line: &str) -> Vec<&str> {
    line.split("  ")
        .map(str::trim)
        .filter(|column| !column.is_empty())
        .collect()
}

#[test]
fn status_is_a_table_with_a_line_for_each_interface() {
    let (bed, _servers) = two_networks();
    let _client = one_run(&bed);
    // The state is told a moment after the lease is in force.
    let bound = || {
        let table = bed.client.ctl(&["status"]).success();
        (table.concat().matches("BOUND").count() == 2).then_some(table)
    };
    let table = until(SOON, bound).expect("both are BOUND");

    let titles = [
        "INTERFACE",
        "STATE",
        "ADDRESS",
        "SERVER",
        "LEFT",
        "RENEWAL",
        "ROUTER",
        "RESOLVERS",
    ];
    assert_eq!(columns(&table[0]), titles);
    let first = columns(&table[1]);
    assert_eq!(
        (first[0], first[1], first[2], first[3]),
        ("eth0", "BOUND", "10.77.0.100/24", "10.77.0.1")
    );
    assert!(
        first[4].starts_with("59m") && first[5].starts_with("29m"),
        "{first:?}"
    );
    assert_eq!((first[6], first[7]), ("10.77.0.1", "10.77.0.1"));
    assert_eq!(columns(&table[2])[..3], ["eth1", "BOUND", "10.78.0.100/24"]);
    assert_eq!(table.len(), 3, "nothing to remark: {table:?}");
    let starts: Vec<_> = table
        .iter()
        .map(|line| line.find("10.7").or_else(|| line.find("ADDRESS")))
        .collect();
    assert!(starts.iter().all(|start| *start == starts[0]), "{table:?}");
}

#[test]
fn status_of_an_interface_is_about_that_one_only() {
    let (bed, _servers) = two_networks();
    let _client = one_run(&bed);
    let table = bed.client.ctl(&["status", "eth1"]).success();
    assert_eq!(table.len(), 2, "{table:?}");
    assert_eq!(columns(&table[1])[0], "eth1");
}

#[test]
fn status_remarks_what_is_not_as_it_should_be() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = run_of(&bed, CLIENT_LINK, &[]);
    kill(Pid::from_raw(client.calf_pid()), Signal::SIGKILL).expect("the calf runs");
    client.wait_for_event("calf-restarted", SOON);
    client.wait_for_event("sandboxed", SOON);
    bed.carrier_down();
    let remark = || {
        let table = bed.client.ctl(&["status"]).success();
        table.into_iter().nth(2)
    };
    let remark = until(SOON, || {
        remark().filter(|remark| remark.contains("no carrier"))
    });
    let remark = remark.expect("a line below the table");
    assert_eq!(
        remark,
        "eth0: no carrier; sandboxed process restarted 1 times"
    );
}

#[test]
fn status_for_programs_has_all_of_it() {
    let bed = Testbed::new();
    let terms = Terms {
        search: vec!["a.test".into(), "b.test".into()],
        mtu: Some(1400),
        // NTP servers (RFC 2132 section 8.3).
        further: vec![(42, vec![10, 77, 0, 3])],
        ..Terms::default()
    };
    let _server = Server::start(&bed, terms);
    let client = run_of(&bed, CLIENT_LINK, &[]);
    let bound = || {
        let interface = bed.client.served().remove(0);
        (interface["state"] == "BOUND").then_some(interface)
    };
    let interface = until(SOON, bound).expect("it is BOUND");

    assert_eq!(interface["interface"], "eth0");
    assert_eq!(interface["up"], true);
    assert_eq!(interface["carrier"], true);
    assert_eq!(interface["mac"], "02:00:00:77:00:02");
    assert_eq!(interface["mtu"], 1400);
    assert_eq!(interface["calf"], client.calf_pid());
    assert_eq!(interface["restarts"], 0);
    assert_eq!(interface["metric"], 1000 + bed.index_of("eth0"));
    assert_eq!(interface["counters"]["sent.DISCOVER"], 1);
    assert_eq!(interface["counters"]["received.ACK"], 1);
    let lease = &interface["lease"];
    assert_eq!(lease["origin"], "server");
    assert_eq!(lease["address"], "10.77.0.100/24");
    assert_eq!(lease["server"], "10.77.0.1");
    assert_eq!(lease["lease_seconds"], 3600);
    for (time, most) in [
        ("renewal_in", 1800),
        ("rebinding_in", 3150),
        ("expires_in", 3600),
    ] {
        let left = lease[time].as_u64().expect("a number of seconds");
        // RFC 2131 section 4.4.5: "Times T1 and T2 SHOULD be chosen with some random "fuzz"".
        assert!(left <= most && left > most * 9 / 10, "{time}: {left}");
    }
    assert_eq!(lease["search"], serde_json::json!(["a.test", "b.test"]));
    assert_eq!(lease["ntp"], serde_json::json!(["10.77.0.3"]));
    assert_eq!(lease["options"]["51"], serde_json::json!([3600]));
}

#[test]
fn status_without_a_lease_says_how_far_it_is() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.ignore_next(usize::MAX);
    let mut client = calfkit_tests::Client::start(&bed, &[]);
    client.wait_for_event("sandboxed", SOON);
    let asking = || {
        let table = bed.client.ctl(&["status"]).success();
        table[1].contains("SELECTING").then_some(table)
    };
    let table = until(SOON, asking).expect("it asks");
    assert_eq!(
        columns(&table[1]),
        ["eth0", "SELECTING", "-", "-", "-", "-", "-", "-"]
    );
}

#[test]
fn dump_gives_the_lease_as_variables_that_a_shell_reads_back() {
    let bed = Testbed::new();
    let terms = Terms {
        domain: Some("example.test".into()),
        // A boot file's name with what a shell would act on (RFC 2132 section 9.5).
        further: vec![(67, b"a b$(touch /run/testbed/hurt)'\"`;".to_vec())],
        ..Terms::default()
    };
    let _server = Server::start(&bed, terms);
    let _client = run_of(&bed, CLIENT_LINK, &[]);
    let variables = bed.client.ctl(&["dump"]).success().join("\n");
    assert!(variables.contains("ip_address="), "{variables}");

    bed.client.write("/run/testbed/lease", &variables);
    let mut shell = bed.client.command("sh");
    shell.args([
        "-c",
        ". /run/testbed/lease && echo \"$ip_address $routers $domain_name_servers $dhcp_lease_time\"",
    ]);
    let said = calfkit_tests::said::Said::by(shell).success();
    assert_eq!(said, ["10.77.0.100 10.77.0.1 10.77.0.1 3600"]);
    assert!(bed.client.read("/run/testbed/hurt").is_err(), "{variables}");
}

#[test]
fn dump_for_programs_is_an_object_by_interface() {
    let (bed, _servers) = two_networks();
    let _first = run_of(&bed, "eth0", &[]);
    let _second = run_of(&bed, "eth1", &[]);
    let text = bed.client.ctl(&["dump", "--json"]).success().concat();
    let leases: Value = serde_json::from_str(&text).expect("the answer is JSON");
    assert_eq!(leases["eth0"]["address"], "10.77.0.100/24");
    assert_eq!(leases["eth1"]["address"], "10.78.0.100/24");
    let classless = leases["eth0"]["options"].get(code::CLASSLESS_ROUTES.to_string());
    assert_eq!(classless, None);
}
