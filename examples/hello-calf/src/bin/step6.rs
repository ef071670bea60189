//! Step 6: a calf that dies is replaced, later each time, and given up if it goes on dying.

use std::{
    error::Error,
    os::{fd::OwnedFd, unix::net::UnixStream},
    panic,
    process::ExitCode,
    time::Duration,
};

use calf_sandbox::{Backend, Exit, InheritError, Inherited, VerifyError, inherited, is_calf};
use hello_calf::{House, Outcome, hello_capnp::house, relay, run, start};
use sdk_rpc::{Limits, capnp_rpc, connect, serve};
use tokio::time::{sleep, timeout};

const FIRST_WAIT: Duration = Duration::from_millis(50);
/// How long a calf that closed its connection may take to be gone.
const DYING: Duration = Duration::from_millis(500);
/// Deaths in a row before the house gives up.
const DEATHS: u32 = 4;

fn main() -> ExitCode {
    if is_calf() {
        run(calf(inherited()))
    } else {
        run(privileged())
    }
}

async fn privileged() -> Outcome {
    println!("a calf that dies twice:");
    supervise(|life| if life < 3 { "clumsy" } else { "greet" }).await?;
    println!("a calf that always dies:");
    supervise(|_life| "clumsy").await
}

/// Has calves, one after the other, until one did its work; `act` is what the first, second... does.
async fn supervise(act: impl Fn(u32) -> &'static str) -> Outcome {
    let mut wait = FIRST_WAIT;
    for life in 1..=DEATHS {
        let exit = live(act(life)).await?;
        if exit == Exit::Code(0) {
            println!("  done in life {life}");
            return Ok(());
        }
        println!("  life {life} {exit}; the next begins in {wait:?}");
        sleep(wait).await;
        wait *= 2;
    }
    println!("  given up");
    Ok(())
}

/// One calf, from its start to its end.
async fn live(act: &str) -> Result<Exit, Box<dyn Error>> {
    let (ours, theirs) = UnixStream::pair()?;
    let mut calf = start(act, Backend::Process, [("house", theirs.into())])?;
    match calf.verify() {
        Ok(_layers) => {}
        Err(VerifyError::Ended(exit)) => return Ok(exit),
        // No sandbox: another calf would have none either, and without one there is none.
        Err(error) => return Err(error.into()),
    }
    let (house, _watches) = House::new();
    let house: house::Client = capnp_rpc::new_client(house);
    let mut served = serve(OwnedFd::from(ours), house, Limits::host())?;
    let log = calf.take_log();
    served.closed().await;
    // Its own death says more than ours would; one that only pretends to die is ended.
    let _late = timeout(DYING, relay(log)).await;
    calf.kill()?;
    Ok(calf.wait()?)
}

async fn calf(inherited: Result<Inherited, InheritError>) -> Outcome {
    panic::set_hook(Box::new(|panic| {
        println!("panicked: {}", panic.payload_as_str().unwrap_or_default());
    }));
    let mut inherited = inherited?;
    let (house, _session): (house::Client, _) = connect(inherited.take("house")?, Limits::host())?;
    inherited.confine()?;

    let mut request = house.greet_request();
    request.get().set_name("Ada");
    let answer = request.send().promise.await?;
    assert!(
        std::env::args().nth(1).as_deref() != Some("clumsy"),
        "stumbled"
    );
    println!("{}", answer.get()?.get_greeting()?.to_str()?);
    Ok(())
}
