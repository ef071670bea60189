//! Step 7: metered and logged. A calf's lines and counters are its priv's to print, and to limit.

use std::{
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::ExitCode,
    rc::Rc,
    time::Duration,
};

use calf_sandbox::{Backend, InheritError, Inherited, inherited, is_calf};
use hello_calf::{Doorman, House, Outcome, hello_capnp::house, run, start};
use sdk_rpc::{
    Counter, Error, Level, Limits, Log, RateLimited, capnp_rpc, connect, connect_log, serve,
    serve_log,
};
use tokio::{sync::Notify, time::timeout};

/// Lines that a calf may say at once, and in a second then: none, so that this step always prints the same.
const BURST: u32 = 5;
const PER_SECOND: u32 = 0;

/// How long the doorman may take to say what he did.
const PATIENCE: Duration = Duration::from_secs(10);

const WORDS: [&str; 3] = ["I am Ada", "Open up", "I am Bob"];

fn main() -> ExitCode {
    if is_calf() {
        run(calf(inherited()))
    } else {
        run(privileged())
    }
}

async fn privileged() -> Outcome {
    let (ours, theirs) = UnixStream::pair()?;
    // A second connection, so that what is said and what is done have limits of their own.
    let (our_log, their_log) = UnixStream::pair()?;
    let grants = [("house", theirs.into()), ("log", their_log.into())];
    let calf = start("listen", Backend::Process, grants)?;
    calf.verify()?;

    let told = Rc::new(Notify::new());
    let log = RateLimited::new(Printed(Rc::clone(&told)), PER_SECOND, BURST);
    let _logged = serve_log(OwnedFd::from(our_log), log.clone(), Limits::host())?;
    let (house, mut watches) = House::new();
    let house: house::Client = capnp_rpc::new_client(house);
    let served = serve(OwnedFd::from(ours), house, Limits::host())?;

    let watching = watches.recv().await.ok_or("the doorman is gone")?;
    for words in WORDS {
        let mut request = watching.door.knock_request();
        request.get().set_words(words.as_bytes());
        request.send().await?;
    }
    watching.door.end_request().send().promise.await?;
    let seen = served.counters();
    // The doorman says what he did, which is the last he says.
    drop(served);
    timeout(PATIENCE, told.notified()).await?;
    println!("house: log.dropped {}", log.dropped().value);
    let many = seen.open_calls_peak > 8;
    println!("house: more than 8 calls at once: {many}");
    Ok(())
}

/// A log on standard output, and who is told when it has the counters.
struct Printed(Rc<Notify>);

impl Log for Printed {
    async fn line(&self, level: Level, text: &str) -> Result<(), Error> {
        println!("calf: {level:?}: {text}");
        Ok(())
    }

    async fn counters(&self, counters: Vec<Counter>, state: &str) -> Result<(), Error> {
        println!("calf is {state}");
        for counter in counters {
            println!("calf: {} {}", counter.name, counter.value);
        }
        self.0.notify_one();
        Ok(())
    }
}

async fn calf(inherited: Result<Inherited, InheritError>) -> Outcome {
    let mut inherited = inherited?;
    let (house, mut session): (house::Client, _) =
        connect(inherited.take("house")?, Limits::host())?;
    let (log, mut log_session) = connect_log(inherited.take("log")?, Limits::host())?;
    inherited.confine()?;

    let (doorman, tally) = Doorman::new(house.clone());
    let mut request = house.watch_request();
    request.get().set_door(capnp_rpc::new_client(doorman));
    let _watch = request.send().promise.await?.get()?.get_watch()?;
    log.line(Level::Info, "at the door").await?;
    session.closed().await;

    for count in 1..=100 {
        log.line(Level::Debug, &format!("a remark, number {count}"))
            .await?;
    }
    let tally = tally.get();
    let counters = [("heard", tally.heard), ("greeted", tally.greeted)];
    let counters = counters.map(|(name, value)| Counter {
        name: name.to_owned(),
        value,
    });
    log.counters(counters.into(), "closing").await?;
    // What was streamed is on its way: who goes now may not be heard.
    log_session.closed().await;
    Ok(())
}
