//! More changes of links than the kernel keeps for a listener.

use std::{fs, time::Duration};

use calfkit_tests::{Cable, Client, SOON, Server, Terms, Testbed, process::Process, said::Said};
use nix::sys::signal::Signal;

/// Far more than a netlink socket's buffer holds, which is some two hundred kilobytes.
const CHANGES: usize = 3000;

/// Processor time of a process so far.
fn processor_time(pid: i32) -> Duration {
    // proc(5): fields 14 and 15 after the name, in ticks of a hundredth of a second.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<u64> = after_name
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    Duration::from_millis((fields[11] + fields[12]) * 10)
}

/// Changes a link that nobody serves, again and again.
fn flood(bed: &Testbed) {
    let lines: Vec<String> = (0..CHANGES)
        .map(|number| format!("link set noise0 mtu {}", 1000 + number % 400))
        .collect();
    bed.client.write("/run/testbed/batch", lines.join("\n"));
    let mut batch = bed.client.command("ip");
    batch.args(["-batch", "/run/testbed/batch"]);
    assert_eq!(Said::of(&mut Process::start(batch)).success(), [""; 0]);
}

#[test]
fn case_092_after_an_overrun_what_came_and_went_meanwhile_is_known_and_nothing_spins() {
    let bed = Testbed::new();
    let first = Server::start(&bed, Terms::default());
    let second = bed.plug_in_served(&Cable::SECOND);
    bed.client.ip("link add noise0 type bridge");
    let mut client = Client::start_on(&bed, &[], &[]);
    client.wait_for_event_of("eth0", "bound", SOON);
    client.wait_for_event_of("eth1", "bound", SOON);

    client.signal(Signal::SIGSTOP);
    flood(&bed);
    // Behind the overrun, where no message tells of them.
    drop(second);
    bed.unplug(&Cable::SECOND);
    let third = crate::THIRD.to("eth2");
    let _third = bed.plug_in_served(&third);
    bed.client.ip("address del 10.77.0.100/24 dev eth0");
    let before = processor_time(client.process().pid());
    client.signal(Signal::SIGCONT);

    client.wait_for_event_of("eth2", "bound", SOON);
    client.wait_for_line("eth1: the interface was removed", SOON);
    client.wait_for_line("somebody removed address 10.77.0.100/24", SOON);
    assert_eq!(bed.client.served_names(), ["eth0", "eth2"]);
    assert_eq!(bed.addresses().len(), 1);

    // It waits for the next change, and does not ask for it: a renewal later it has done next to nothing.
    client.signal(Signal::SIGUSR1);
    client.wait_for_event_of("eth0", "renewed", SOON);
    let spent = processor_time(client.process().pid()).saturating_sub(before);
    assert!(spent < Duration::from_secs(2), "{spent:?}");
    drop(first);
}
