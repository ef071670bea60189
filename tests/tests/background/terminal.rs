//! What belongs to whoever started the program is given up: the standard streams, the folder, the session.

use std::fs;

use calfkit_tests::{Client, background::Background, testbed::CLIENT_LINK};
use nix::sys::signal::Signal;

use crate::{leased, network};

/// The session of a process and the number of its terminal (proc(5), fields 6 and 7 of `stat`).
fn session_and_terminal(pid: i32) -> (i32, i32) {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let (_, fields) = stat.rsplit_once(") ").expect("the name is in parentheses");
    let mut numbers = fields.split(' ').skip(3).map(str::parse);
    let mut next = || {
        numbers
            .next()
            .expect("it has more fields")
            .expect("a number")
    };
    (next(), next())
}

#[test]
fn whoever_reads_all_that_it_writes_comes_to_the_end() {
    let (bed, _server) = network();
    let mut words = Client::usual_options()[1..].to_vec();
    words.extend(["--background", CLIENT_LINK]);
    for script in [
        r#""$@" | cat"#,
        r#""$@" 2>&1 | cat"#,
        r#"{ "$@" 2>&1 >&3 3>&- | cat; } 3>&1 | cat"#,
        r#"all=$("$@" 2>&1)"#,
    ] {
        let run = Background::by_script(&bed, script, &words);
        assert_eq!(run.ended(), 0, "{script}; {}", run.said());
        let server = run.server();
        assert_eq!(bed.addresses().len(), 1, "{script}; {}", run.said());
        run.signal(server, Signal::SIGTERM);
        run.wait_gone();
    }
}

#[test]
fn what_else_the_caller_has_open_is_not_kept() {
    const LOCK: &str = "/run/testbed/lock";
    let (bed, _server) = network();
    let mut words = Client::usual_options()[1..].to_vec();
    words.extend(["--background", CLIENT_LINK]);
    // A pipe that somebody reads to its end, and a lock that is to be free when its holder has ended.
    let script = format!(r#"{{ flock {LOCK} "$@" 3>&1 >&4 4>&- | cat; }} 4>&1"#);
    let run = Background::by_script(&bed, &script, &words);
    assert_eq!(run.ended(), 0, "{}", run.said());
    assert_eq!(bed.addresses().len(), 1, "{}", run.said());

    let mut lock = bed.client.command("flock");
    let free = lock.args(["--nonblock", LOCK, "true"]).status();
    assert!(
        free.is_ok_and(|status| status.success()),
        "the lock is held; {}",
        run.said()
    );
    assert_eq!(run.clients().len(), 1, "it serves; {}", run.said());
}

#[test]
fn its_streams_are_nobodys_its_folder_the_root_and_its_session_its_own() {
    let (bed, _server) = network();
    let run = leased(&bed, &[]);
    let pid = run.server();
    let link = |name: &str| {
        let target = fs::read_link(format!("/proc/{pid}/{name}")).expect("it runs");
        target.to_string_lossy().into_owned()
    };
    for stream in ["fd/0", "fd/1", "fd/2"] {
        assert_eq!(link(stream), "/dev/null", "{stream}");
    }
    assert_eq!(link("cwd"), "/");
    assert_eq!(session_and_terminal(pid), (pid, 0));
    let of_shell = session_and_terminal(run.process().pid());
    assert_ne!(of_shell.0, pid, "control: the shell has another");
}

#[test]
fn files_named_from_a_folder_stay_where_they_are_when_that_is_left() {
    let (bed, _server) = network();
    let mut words = Client::usual_options()[1..].to_vec();
    let files = "--background --pid-file here.pid --log here.log --metrics-file here.prom";
    words.extend(files.split(' '));
    words.push(CLIENT_LINK);
    let script = r#"cd /run/testbed && "$@""#;
    let run = Background::by_script(&bed, script, &words);
    assert_eq!(run.ended(), 0, "{}", run.said());
    run.signal(run.server(), Signal::SIGTERM);
    run.wait_gone();

    let log = bed
        .client
        .read("/run/testbed/here.log")
        .expect("it was named");
    assert!(log.contains("stopped"), "{log}");
    for gone in ["here.pid", "here.prom"] {
        let read = bed.client.read(format!("/run/testbed/{gone}"));
        assert!(read.is_err(), "{gone} stays");
    }
}
