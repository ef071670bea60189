//! `--background`: what whoever started the program gets, and what goes on when it has ended.

mod endings;
mod logs;
mod pid_file;
mod readiness;
mod signals;
mod terminal;
mod values;

use calfkit_tests::{SOON, Server, Status, Terms, Testbed, background::Background, until};

/// A network with a server.
fn network() -> (Testbed, Server) {
    let bed = Testbed::new();
    let server = Server::start(&bed, Terms::default());
    (bed, server)
}

/// A run that waits for its lease, because there is no carrier; its launcher waits, too.
fn waiting(bed: &Testbed, options: &[&str]) -> Background {
    bed.carrier_down();
    let mut all = vec!["--background"];
    all.extend(options);
    let run = Background::start(bed, &all);
    serves(bed, &run);
    run
}

/// Waits until a run serves the testbed's link.
fn serves(bed: &Testbed, run: &Background) {
    let serves = until(SOON, || Status::ask(bed).map(drop));
    assert!(serves.is_some(), "nothing serves; {}", run.said());
}

/// A run in the background, with its lease.
fn leased(bed: &Testbed, options: &[&str]) -> Background {
    let mut all = vec!["--background"];
    all.extend(options);
    let run = Background::start(bed, &all);
    assert_eq!(run.ended(), 0, "{}", run.said());
    run
}
