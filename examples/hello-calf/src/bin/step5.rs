//! Step 5: the house pushes, and never faster than the calf can take it.

use std::{
    env,
    future::pending,
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::ExitCode,
    rc::Rc,
    time::Duration,
};

use calf_sandbox::{Backend, Calf, InheritError, Inherited, inherited, is_calf};
use hello_calf::{
    Doorman, House, Outcome, Watching,
    hello_capnp::{door, house},
    relay, run, start,
};
use sdk_rpc::{
    Limits, Session,
    capnp::{self, capability::Promise},
    capnp_rpc, connect, serve,
};
use tokio::time::timeout;

const KNOCKS: u64 = 500;
/// How long the door may be blocked before the house gives its doorman up.
const PATIENCE: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    if is_calf() {
        run(calf(inherited()))
    } else {
        run(privileged())
    }
}

/// A calf, the connection to it, and what it has to do with the house.
struct Employed {
    calf: Calf,
    served: Session,
    watching: Watching,
}

async fn employ(act: &str) -> Result<Employed, Box<dyn std::error::Error>> {
    let (ours, theirs) = UnixStream::pair()?;
    let calf = start(act, Backend::Process, [("house", theirs.into())])?;
    calf.verify()?;
    let (house, mut watches) = House::new();
    let house: house::Client = capnp_rpc::new_client(house);
    let served = serve(OwnedFd::from(ours), house, Limits::host())?;
    let watching = watches.recv().await.ok_or("the doorman is gone")?;
    Ok(Employed {
        calf,
        served,
        watching,
    })
}

async fn privileged() -> Outcome {
    println!("a doorman who listens:");
    let Employed {
        mut calf,
        served,
        watching,
    } = employ("listen").await?;
    push_all(&watching).await?;
    // Answered when every knock was dealt with.
    watching.door.end_request().send().promise.await?;
    let waited = served.counters().queued_octets_peak;
    println!(
        "  everybody was greeted; more than 128 KiB waited: {}",
        waited > 128 * 1024
    );
    drop(served);
    relay(calf.take_log()).await?;

    println!("a doorman who sleeps:");
    let employed = employ("sleep").await?;
    let pushed = timeout(PATIENCE, push_all(&employed.watching)).await;
    println!("  given up: {}", pushed.is_err());

    println!("a doorman who sleeps, and a house that does not wait for him:");
    let mut employed = employ("sleep").await?;
    let promises: Vec<_> = (0..KNOCKS).map(|_| push(&employed.watching.door)).collect();
    println!("  {}", employed.served.closed().await);
    drop(promises);
    Ok(())
}

/// One visitor, and his 1 KiB of words.
fn push(door: &door::Client) -> Promise<(), capnp::Error> {
    let mut request = door.knock_request();
    request
        .get()
        .set_words(format!("I am Ada {:1024}", "").as_bytes());
    request.send()
}

async fn push_all(watching: &Watching) -> Outcome {
    for _ in 0..KNOCKS {
        if watching.wanted.upgrade().is_none() {
            return Err("nobody watches the door".into());
        }
        // Ready at once while few are under way, and later when the calf has taken some.
        push(&watching.door).await?;
    }
    Ok(())
}

async fn calf(inherited: Result<Inherited, InheritError>) -> Outcome {
    let mut inherited = inherited?;
    let (house, mut session): (house::Client, _) =
        connect(inherited.take("house")?, Limits::host())?;
    inherited.confine()?;

    let (doorman, tally) = Doorman::new(house.clone());
    let door = match env::args().nth(1).as_deref() {
        Some("listen") => capnp_rpc::new_client(doorman),
        _ => capnp_rpc::new_client(Sleeper),
    };
    let mut request = house.watch_request();
    request.get().set_door(door);
    // Holding it keeps the knocks coming.
    let _watch = request.send().promise.await?.get()?.get_watch()?;
    session.closed().await;
    println!(
        "heard {}, greeted {}",
        tally.get().heard,
        tally.get().greeted
    );
    Ok(())
}

/// Never done with a knock.
struct Sleeper;

impl door::Server for Sleeper {
    async fn knock(self: Rc<Self>, _params: door::KnockParams) -> capnp::Result<()> {
        pending().await
    }
}
