//! Step 4: limits and deadlines. A calf that misbehaves is disconnected, and the reason has a name.

use std::{
    env,
    fs::File,
    io::{Read as _, Write as _},
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::ExitCode,
    time::Duration,
};

use calf_sandbox::{Backend, InheritError, Inherited, inherited, is_calf};
use hello_calf::{House, Outcome, hello_capnp::house, run, start};
use sdk_rpc::{Limits, capnp_rpc, connect, serve};

const SHORT: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    if is_calf() {
        run(calf(inherited()))
    } else {
        run(privileged())
    }
}

async fn privileged() -> Outcome {
    let usual = Limits::host();
    see("announce", usual).await?;
    see(
        "drip",
        Limits {
            message_time: Some(SHORT),
            ..usual
        },
    )
    .await?;
    see(
        "mute",
        Limits {
            silence: Some(SHORT),
            ..usual
        },
    )
    .await?;
    see(
        "flood",
        Limits {
            messages_per_second: Some(100),
            ..usual
        },
    )
    .await
}

async fn see(act: &str, limits: Limits) -> Outcome {
    let (ours, theirs) = UnixStream::pair()?;
    let calf = start(act, Backend::Process, [("house", theirs.into())])?;
    calf.verify()?;
    let (house, _watches) = House::new();
    let house: house::Client = capnp_rpc::new_client(house);
    let mut served = serve(OwnedFd::from(ours), house, limits)?;
    // Not to be met: each of these calves breaks a limit. A calf that is dropped is ended.
    println!("{act}: {}", served.closed().await);
    Ok(())
}

async fn calf(inherited: Result<Inherited, InheritError>) -> Outcome {
    let mut inherited = inherited?;
    let socket = inherited.take("house")?;
    match env::args().nth(1).as_deref() {
        // One segment of 2^23 words: 64 MiB, in eight octets.
        Some("announce") => misbehave(inherited, socket, &[0, 0, 0, 0, 0, 0, 128, 0]),
        Some("drip") => misbehave(inherited, socket, &[0, 0, 0, 0]),
        Some("mute") => misbehave(inherited, socket, &[]),
        _ => flood(inherited, socket).await,
    }
}

/// Writes `octets` by hand, and answers nothing.
fn misbehave(inherited: Inherited, socket: OwnedFd, octets: &[u8]) -> Outcome {
    inherited.confine()?;
    let mut socket = File::from(socket);
    socket.write_all(octets)?;
    while socket.read(&mut [0; 64])? > 0 {}
    Ok(())
}

/// Calls and calls, and waits for no answer.
async fn flood(inherited: Inherited, socket: OwnedFd) -> Outcome {
    let (house, mut session): (house::Client, _) = connect(socket, Limits::host())?;
    inherited.confine()?;
    let calls: Vec<_> = (0..500).map(|_| house.greet_request().send()).collect();
    session.closed().await;
    drop(calls);
    Ok(())
}
