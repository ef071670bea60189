//! What an operator can get wrong, or a machine not have: one line that says so, an exit code that
//! is not 0, and nothing configured.

use std::{process::Command, time::Duration};

use calfkit_tests::{
    Client, Server, Terms, Testbed, client::STATE_DIRECTORY, namespace::RESOLVER_FILE,
    process::Process,
};

const SOON: Duration = Duration::from_secs(20);

/// A run that must fail, and the one line that it wrote.
fn refusal(bed: &Testbed, command: Command, exit: i32) -> String {
    let resolver = bed.client.read(RESOLVER_FILE).expect("the testbed made it");
    let mut client = Process::start(command);
    let status = client.wait(SOON);
    let said = client.stderr().entries();
    assert_eq!(
        status.and_then(|s| s.code()),
        Some(exit),
        "{status:?}: {said:?}"
    );
    assert_eq!(said.len(), 1, "one line: {said:?}");
    assert_eq!(bed.addresses(), []);
    assert_eq!(bed.routes(), []);
    assert_eq!(bed.client.read(RESOLVER_FILE).expect("it stays"), resolver);
    said.concat()
}

/// The client on any link.
fn on_link(bed: &Testbed, link: &str) -> Command {
    let mut command = bed.client.command(Client::program());
    command
        .args(Client::usual_options())
        .args(["--once", "--timeout", "2", link]);
    command
}

/// The client under a program that takes something away from it first.
fn under(bed: &Testbed, words: &[&str]) -> Command {
    // A user without rights need not be able to reach the binary where it was built.
    let binary = std::fs::read(Client::program()).expect("the binary was built");
    bed.client.write("/run/testbed/dhcp-client", binary);
    bed.client.run(|| {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions("/run/testbed/dhcp-client", mode).expect("an own file");
    });
    let mut command = bed.client.command("setpriv");
    // A change of user would otherwise take away that the client dies with the test.
    command
        .args(["--pdeathsig", "SIGKILL"])
        .args(words)
        .arg("/run/testbed/dhcp-client");
    command
        .args(Client::usual_options())
        .args(["--once", "--timeout", "2", "eth0"]);
    command
}

#[test]
fn an_absent_interface_is_named() {
    let bed = Testbed::new();
    let said = refusal(&bed, on_link(&bed, "nosuch0"), 1);
    assert!(said.contains("nosuch0"), "{said}");
}

#[test]
fn the_loopback_is_no_ethernet() {
    let bed = Testbed::new();
    let said = refusal(&bed, on_link(&bed, "lo"), 1);
    assert!(said.contains("lo") && said.contains("Ethernet"), "{said}");
}

#[test]
fn no_carrier_is_said() {
    let bed = Testbed::new();
    bed.carrier_down();
    let said = refusal(&bed, on_link(&bed, "eth0"), 1);
    assert!(said.contains("eth0") && said.contains("carrier"), "{said}");
}

#[test]
fn silence_says_how_often_it_was_asked() {
    let bed = Testbed::new();
    let said = refusal(&bed, on_link(&bed, "eth0"), 1);
    assert!(said.contains("eth0") && said.contains("DISCOVER"), "{said}");
}

#[test]
fn offers_for_somebody_else_are_counted_in_the_reason() {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    server.hook(|_, usual| {
        let mut frames = Vec::new();
        if let Some(usual) = usual {
            let mut other = usual.clone();
            other.chaddr = [2, 9, 9, 9, 9, 9];
            // To everybody, so that the client does see it.
            other.flags = 0x8000;
            frames.push(calfkit_tests::server::reply_frame(&other));
        }
        calfkit_tests::server::Decision::Frames(frames)
    });
    let said = refusal(&bed, on_link(&bed, "eth0"), 1);
    assert!(
        said.contains("wrong chaddr") && said.contains("DISCOVER"),
        "{said}"
    );
}

#[test]
fn root_without_capabilities_is_told_which_it_needs() {
    let bed = Testbed::new();
    let said = refusal(&bed, under(&bed, &["--bounding-set", "-all"]), 1);
    assert!(
        said.contains("CAP_NET_RAW") || said.contains("CAP_NET_ADMIN"),
        "{said}"
    );
}

#[test]
fn an_ordinary_user_is_told_to_be_root_or_have_capabilities() {
    let bed = Testbed::new();
    // Inside a user namespace there is only one user; what she lacks is the same.
    let single =
        std::fs::read_to_string("/proc/self/uid_map").is_ok_and(|m| m.trim().ends_with(" 1"));
    let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
    let nothing = ["--bounding-set", "-all"];
    let words: &[&str] = if single { &nothing } else { &nobody };
    let said = refusal(&bed, under(&bed, words), 1);
    assert!(said.contains("root") || said.contains("CAP_NET"), "{said}");
}

#[test]
fn a_resolver_file_that_cannot_be_written_is_named_before_anything_is_configured() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut command = bed.client.command(Client::program());
    command.args([
        "--json",
        "--state-dir",
        STATE_DIRECTORY,
        "--once",
        "--timeout",
        "5",
    ]);
    command.args([
        "--resolv-conf",
        "/run/testbed/no/such/folder/resolv.conf",
        "eth0",
    ]);
    let said = refusal(&bed, command, 1);
    assert!(
        said.contains("/run/testbed/no/such/folder/resolv.conf"),
        "{said}"
    );
}

#[test]
fn an_impossible_sandbox_is_an_error_and_never_a_weaker_one() {
    let bed = Testbed::in_user_namespace();
    let _server = Server::start(&bed, Terms::default());
    // namespaces(7): the limit is per user namespace, so the machine's own stays as it is.
    bed.client.write("/proc/sys/user/max_net_namespaces", "0");
    let said = refusal(&bed, on_link(&bed, "eth0"), 3);
    assert!(said.contains("namespace"), "{said}");
}

#[test]
fn wrong_words_are_wrong_usage() {
    let bed = Testbed::new();
    let mut command = bed.client.command(Client::program());
    command.args(["--frobnicate", "eth0"]);
    let said = refusal(&bed, command, 64);
    assert!(said.contains("--frobnicate"), "{said}");
}
