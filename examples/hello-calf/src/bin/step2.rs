//! Step 2: the caller is another process.

use std::{
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::ExitCode,
};

use calf_sandbox::{Backend, InheritError, Inherited, inherited, is_calf};
use hello_calf::{House, Outcome, hello_capnp::house, relay, run, start};
use sdk_rpc::{Limits, capnp_rpc, connect, serve};

fn main() -> ExitCode {
    if is_calf() {
        // First of all: what was left open for this process becomes its own.
        run(calf(inherited()))
    } else {
        run(privileged())
    }
}

async fn privileged() -> Outcome {
    let (ours, theirs) = UnixStream::pair()?;
    let mut calf = start("greet", Backend::None, [("house", theirs.into())])?;

    let (house, _watches) = House::new();
    let house: house::Client = capnp_rpc::new_client(house);
    let _served = serve(OwnedFd::from(ours), house, Limits::host())?;

    relay(calf.take_log()).await?;
    println!("the calf {}", calf.wait()?);
    Ok(())
}

async fn calf(inherited: Result<Inherited, InheritError>) -> Outcome {
    let mut inherited = inherited?;
    let (house, _session): (house::Client, _) = connect(inherited.take("house")?, Limits::host())?;
    inherited.confine()?;

    let mut request = house.greet_request();
    request.get().set_name("Ada");
    let answer = request.send().promise.await?;
    println!("{}", answer.get()?.get_greeting()?.to_str()?);
    Ok(())
}
