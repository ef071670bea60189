//! A calf that has turned, and the priv that holds it: started by a test it starts itself again in the
//! sandbox, and there tries what it is told, with raw system calls.
//!
//! It is one program because a calf is always its priv's own program, executed again.

mod calf;
mod caller;
mod supervisor;

use std::process::ExitCode;

fn main() -> ExitCode {
    if calf_sandbox::is_calf() {
        calf::main()
    } else {
        supervisor::main()
    }
}
