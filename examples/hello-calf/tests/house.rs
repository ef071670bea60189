//! A service is tested as step 1 runs it: both ends in one process, and whatever a calf may say.

use std::{
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::ExitCode,
};

use hello_calf::{House, hello_capnp::house, run};
use sdk_rpc::{Limits, capnp_rpc, connect, serve};

/// What a house answers to each of `names`, one after the other: the greeting, or the refusal.
fn answers(names: &[&str]) -> Vec<String> {
    let mut answers = Vec::new();
    let code = run(async {
        let (ours, theirs) = UnixStream::pair()?;
        let (house, _watches) = House::new();
        let house: house::Client = capnp_rpc::new_client(house);
        let _served = serve(OwnedFd::from(ours), house, Limits::host())?;
        let (house, _session): (house::Client, _) = connect(OwnedFd::from(theirs), Limits::host())?;
        for name in names {
            let mut request = house.greet_request();
            request.get().set_name(*name);
            let answer = request.send().promise.await;
            let answer = answer.and_then(|answer| Ok(answer.get()?.get_greeting()?.to_string()?));
            answers.push(answer.unwrap_or_else(|error| error.extra));
        }
        Ok(())
    });
    assert_eq!(code, ExitCode::SUCCESS);
    answers
}

#[test]
fn visitors_are_counted() {
    assert_eq!(
        answers(&["Ada", "Bob"]),
        [
            "Hello, Ada. You are visitor 1.",
            "Hello, Bob. You are visitor 2."
        ]
    );
}

#[test]
fn what_is_no_name_is_refused_and_no_visitor() {
    let [longest, longer] = [64, 65].map(|length| "x".repeat(length));
    let answers = answers(&["\u{1b}[2J", &longer, &longest]);
    assert!(answers[0].contains("that is no name"), "{answers:?}");
    assert!(answers[1].contains("that is no name"), "{answers:?}");
    assert_eq!(answers[2], format!("Hello, {longest}. You are visitor 1."));
}
