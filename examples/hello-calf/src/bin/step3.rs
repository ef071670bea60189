//! Step 3: the caller is a calf in the sandbox, and cannot get out.

use std::{
    env,
    fs::File,
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::ExitCode,
};

use calf_sandbox::{Backend, InheritError, Inherited, inherited, is_calf};
use hello_calf::{House, Outcome, hello_capnp::house, relay, run, start};
use sdk_rpc::{Limits, capnp_rpc, connect, serve};

fn main() -> ExitCode {
    if is_calf() {
        run(calf(inherited()))
    } else {
        run(privileged())
    }
}

async fn privileged() -> Outcome {
    println!("in the sandbox:");
    see("greet", Backend::Process).await?;
    println!("in the sandbox, opening a file:");
    see("open", Backend::Process).await?;
    println!("in the sandbox, opening a file before the door is closed:");
    see("open-early", Backend::Process).await?;
    println!("in no sandbox, opening a file:");
    see("open", Backend::None).await
}

async fn see(act: &str, backend: Backend) -> Outcome {
    let (ours, theirs) = UnixStream::pair()?;
    let mut calf = start(act, backend, [("house", theirs.into())])?;
    // Waits until the calf says that it is closed, and looks from outside whether it is.
    calf.verify()?;

    // Only now is it given anything.
    let (house, _watches) = House::new();
    let house: house::Client = capnp_rpc::new_client(house);
    let _served = serve(OwnedFd::from(ours), house, Limits::host())?;
    relay(calf.take_log()).await?;
    println!("  it {}", calf.wait()?);
    Ok(())
}

async fn calf(inherited: Result<Inherited, InheritError>) -> Outcome {
    let mut inherited = inherited?;
    let (house, _session): (house::Client, _) = connect(inherited.take("house")?, Limits::host())?;
    let act = env::args().nth(1);
    if act.as_deref() == Some("open-early") {
        try_to_open();
    }
    // Whatever it needs it has; from here on at most twenty system calls, and none that opens.
    inherited.confine()?;

    let mut request = house.greet_request();
    request.get().set_name("Ada");
    let answer = request.send().promise.await?;
    println!("{}", answer.get()?.get_greeting()?.to_str()?);
    if act.as_deref() == Some("open") {
        try_to_open();
    }
    Ok(())
}

fn try_to_open() {
    match File::open("/etc/passwd") {
        Ok(_) => println!("/etc/passwd is open"),
        Err(error) => println!("/etc/passwd: {error}"),
    }
}
