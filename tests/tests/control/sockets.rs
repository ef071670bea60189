//! The sockets as files: whose they are, and what happens to those that a run left behind.

use std::{
    fs,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
};

use calfkit_tests::{
    Client, SOON, Server, Terms, Testbed, control::RUN_DIRECTORY, said::Said, testbed::CLIENT_LINK,
    users::User,
};
use nix::sys::signal::Signal;

use crate::run_of;

/// Mode, owner and group of a socket in the client's host.
fn facts(bed: &Testbed, path: &str) -> (u32, u32, u32) {
    let metadata = bed.client.run(|| fs::metadata(path)).expect("it is there");
    assert!(metadata.file_type().is_socket(), "{path}");
    (metadata.mode() & 0o7777, metadata.uid(), metadata.gid())
}

/// The sockets of a folder. Locks stay when their run is gone, as they must to be one.
fn names(bed: &Testbed, folder: &str) -> Vec<String> {
    let list = || -> std::io::Result<Vec<String>> {
        let name = |entry: std::io::Result<fs::DirEntry>| {
            Ok(entry?.file_name().to_string_lossy().into_owned())
        };
        fs::read_dir(folder)?.map(name).collect()
    };
    let mut names = bed.client.run(list).expect("a folder of the host");
    names.retain(|name| !name.ends_with(".lock"));
    names.sort();
    names
}

#[test]
fn one_is_roots_and_the_groups_and_one_everybodys() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let group = if User::exist() { User::ALICE.gid } else { 0 };
    let _client = run_of(&bed, CLIENT_LINK, &["--control-group", &group.to_string()]);

    let control = format!("{RUN_DIRECTORY}/eth0.sock");
    let view = format!("{RUN_DIRECTORY}/eth0.view.sock");
    assert_eq!(facts(&bed, &control), (0o660, 0, group));
    assert_eq!(facts(&bed, &view), (0o666, 0, group));
    let folder = bed
        .client
        .run(|| fs::metadata(RUN_DIRECTORY))
        .expect("it is there");
    assert_eq!((folder.mode() & 0o7777, folder.uid()), (0o755, 0));
}

#[test]
fn without_a_group_it_is_roots_alone() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let _client = run_of(&bed, CLIENT_LINK, &[]);
    let control = format!("{RUN_DIRECTORY}/eth0.sock");
    assert_eq!(facts(&bed, &control), (0o660, 0, 0));
}

#[test]
fn they_go_with_the_run() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = run_of(&bed, CLIENT_LINK, &[]);
    assert_eq!(names(&bed, RUN_DIRECTORY), ["eth0.sock", "eth0.view.sock"]);
    client.signal(Signal::SIGTERM);
    assert!(client.wait_exit(SOON).success(), "{}", client.said());
    assert_eq!(names(&bed, RUN_DIRECTORY), [""; 0]);
}

#[test]
fn those_of_a_killed_run_answer_nobody_and_the_next_run_replaces_them() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = run_of(&bed, CLIENT_LINK, &[]);
    client.signal(Signal::SIGKILL);
    assert!(!client.wait_exit(SOON).success());
    assert_eq!(
        names(&bed, RUN_DIRECTORY).len(),
        2,
        "nobody was left to remove them"
    );

    let said = bed.client.ctl(&["status"]).refusal(1);
    assert!(said.contains("nothing runs"), "{said}");

    let mut client = run_of(&bed, CLIENT_LINK, &[]);
    assert_eq!(bed.client.served_names(), ["eth0"]);
    let warned = client.process().stderr_text();
    assert!(!warned.contains("socket"), "{warned}");
    client.signal(Signal::SIGTERM);
    client.wait_exit(SOON);
    assert_eq!(names(&bed, RUN_DIRECTORY), [""; 0]);
}

#[test]
fn a_run_without_a_folder_for_them_serves_and_cannot_be_asked() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let mut client = run_of(&bed, CLIENT_LINK, &["--run-dir", ""]);
    let said = bed.client.ctl(&["status"]).refusal(1);
    assert!(said.contains("nothing runs"), "{said}");
    client.signal(Signal::SIGUSR1);
    client.wait_for_event("renewed", SOON);
}

#[test]
fn a_run_whose_sockets_cannot_be_had_says_so_in_one_line_and_serves() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    bed.client.write("/run/testbed/file", "");
    for (option, value, words) in [
        ("--run-dir", "/run/testbed/file", "/run/testbed/file"),
        ("--run-dir", "/proc/none", "/proc/none"),
        ("--control-group", "no-such-group", "no-such-group"),
    ] {
        let mut client = run_of(&bed, CLIENT_LINK, &[option, value]);
        let said = client.process().stderr().entries();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].contains("no control socket") && said[0].contains(words),
            "{said:?}"
        );
        client.signal(Signal::SIGTERM);
        assert!(client.wait_exit(SOON).success(), "{}", client.said());
    }
}

#[test]
fn a_run_of_many_interfaces_with_long_names_can_be_asked() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let links: Vec<String> = (10..20)
        .map(|number| format!("long-name-at-{number}"))
        .collect();
    for link in &links {
        bed.client.ip(&format!("link add {link} type bridge"));
    }
    let mut named: Vec<&str> = links.iter().map(String::as_str).collect();
    named.push(CLIENT_LINK);
    let mut client = Client::start_on(&bed, &named, &[]);
    client.wait_for_event_of(CLIENT_LINK, "bound", SOON);
    let served = bed.client.served_names();
    assert_eq!(served.len(), 11, "{}", client.said());
}

#[test]
fn something_else_in_its_place_is_left_alone() {
    let bed = Testbed::new();
    let _server = Server::start(&bed, Terms::default());
    let path = format!("{RUN_DIRECTORY}/eth0.sock");
    bed.client.write(&path, "precious");
    let client = run_of(&bed, CLIENT_LINK, &[]);
    let said = client.process().stderr().entries();
    assert!(
        said.iter().any(|line| line.contains("no control socket")),
        "{said:?}"
    );
    assert_eq!(bed.client.read(&path).expect("it stays"), "precious");
    let asked = Said::by({
        let mut command = bed.client.command(Client::program());
        command.args(["ctl", "status"]);
        command
    });
    assert_eq!(asked.code, Some(1), "{asked:?}");
}
