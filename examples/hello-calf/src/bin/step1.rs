//! Step 1: one capability, one call, both ends in one process.

use std::{
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::ExitCode,
};

use hello_calf::{House, Outcome, hello_capnp::house, run};
use sdk_rpc::{Limits, capnp_rpc, connect, serve};

fn main() -> ExitCode {
    run(both())
}

async fn both() -> Outcome {
    let (ours, theirs) = UnixStream::pair()?;

    // The house offers itself: whoever has the other end has this capability and no other.
    let (house, _watches) = House::new();
    let house: house::Client = capnp_rpc::new_client(house);
    let _served = serve(OwnedFd::from(ours), house, Limits::host())?;

    // The other end.
    let (house, _session): (house::Client, _) = connect(OwnedFd::from(theirs), Limits::host())?;
    let mut request = house.greet_request();
    request.get().set_name("Ada");
    let answer = request.send().promise.await?;
    println!("{}", answer.get()?.get_greeting()?.to_str()?);
    Ok(())
}
