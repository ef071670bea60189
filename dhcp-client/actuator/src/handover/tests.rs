//! Programs that do not do as they should: none of them may hold up priv.

use std::{fs, time::Instant};

use super::*;
use crate::resolver::tests::{Folder, wait};

/// Short, because these tests wait for it; long enough for a shell to start on a busy machine.
const SHORT: Duration = Duration::from_millis(500);

fn handover(folder: &Folder, patience: Duration) -> std::cell::RefCell<Handover> {
    let mut handover = Handover::find(&[&folder.0], false).unwrap();
    handover.patience = patience;
    handover.into()
}

async fn finish(run: Run, handover: &std::cell::RefCell<Handover>) -> io::Result<()> {
    run.finish(|work| work(&mut handover.borrow_mut())).await
}

/// Waits until the process that wrote down its number runs no more.
async fn gone(folder: &Folder, file: &str) {
    let pid = fs::read_to_string(folder.path(file)).unwrap();
    let stat = format!("/proc/{}/stat", pid.trim());
    while fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        sleep(FIRST_LOOK).await;
    }
}

#[test]
fn a_program_that_closes_its_standard_error_and_hangs_is_ended_and_holds_up_nobody() {
    let folder = Folder::new("hangs");
    let path = folder.0.display();
    folder.script(
        "resolvconf",
        &format!("echo $$ >{path}/pid\nexec 2>&-\nexec sleep 1000\n"),
    );
    let handover = handover(&folder, SHORT);
    wait(async {
        let begun = Instant::now();
        let run = handover.borrow_mut().add("eth0", "text").unwrap();
        let meanwhile = async {
            sleep(FIRST_LOOK).await;
            begun.elapsed()
        };
        let (finished, meanwhile) = tokio::join!(finish(run, &handover), meanwhile);
        let error = finished.unwrap_err();
        assert_eq!(error.to_string(), "it did not end in time");
        assert!(meanwhile < SHORT, "{meanwhile:?}");
        gone(&folder, "pid").await;
    });
}

#[test]
fn a_program_that_hangs_is_ended_with_what_it_started() {
    let folder = Folder::new("hangs-with-others");
    let path = folder.0.display();
    folder.script(
        "resolvconf",
        &format!("sleep 1000 &\necho $! >{path}/other\necho $$ >{path}/pid\nwait\n"),
    );
    let handover = handover(&folder, SHORT);
    wait(async {
        let run = handover.borrow_mut().add("eth0", "text").unwrap();
        let error = finish(run, &handover).await.unwrap_err();
        assert_eq!(error.to_string(), "it did not end in time");
        gone(&folder, "pid").await;
        gone(&folder, "other").await;
    });
}

#[test]
fn a_program_that_does_not_read_is_ended_when_its_pipe_is_full() {
    let folder = Folder::new("does-not-read");
    folder.script("resolvconf", "exec sleep 1000\n");
    let handover = handover(&folder, PATIENCE);
    let begun = Instant::now();
    // More than a pipe holds.
    let error = handover.borrow_mut().add("eth0", &"x".repeat(1 << 20));
    let error = error.unwrap_err().to_string();
    assert_eq!(error, "it does not read what it is told");
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(handover.borrow().running.len(), 0);
}

#[test]
fn a_later_run_takes_the_place_of_one_that_still_runs() {
    let folder = Folder::new("superseded");
    let path = folder.0.display();
    // The first to come never ends.
    folder.script(
        "resolvconf",
        &format!("mkdir {path}/first 2>/dev/null && exec sleep 1000\ncat >{path}/text\n"),
    );
    let handover = handover(&folder, PATIENCE);
    wait(async {
        let first = handover.borrow_mut().add("eth0", "older").unwrap();
        while !folder.path("first").exists() {
            sleep(FIRST_LOOK).await;
        }
        let second = handover.borrow_mut().add("eth0", "newer").unwrap();
        finish(first, &handover).await.unwrap();
        assert_eq!(handover.borrow().running.len(), 1);
        finish(second, &handover).await.unwrap();
    });
    assert_eq!(fs::read_to_string(folder.path("text")).unwrap(), "newer");
    let handover = handover.borrow();
    assert_eq!((handover.running.len(), handover.ended.len()), (0, 0));
}

#[test]
fn runs_of_two_interfaces_do_not_meet() {
    let folder = Folder::new("two-runs");
    let path = folder.0.display();
    folder.script("resolvconf", &format!("cat >{path}/$2\n"));
    let handover = handover(&folder, PATIENCE);
    wait(async {
        let one = handover.borrow_mut().add("eth0", "one").unwrap();
        let other = handover.borrow_mut().add("eth1", "other").unwrap();
        finish(other, &handover).await.unwrap();
        finish(one, &handover).await.unwrap();
    });
    let text = |name| fs::read_to_string(folder.path(name)).unwrap();
    assert_eq!(
        (text("eth0.dhcp"), text("eth1.dhcp")),
        ("one".to_owned(), "other".to_owned())
    );
}
