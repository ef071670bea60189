//! One side of a service, on a runtime of this thread.

use std::{error::Error, future::Future, process::ExitCode};

use tokio::runtime::{Builder, LocalOptions};

/// How a side ends. The error is for whoever started it.
pub type Outcome = Result<(), Box<dyn Error>>;

/// Runs `side` to its end, says why it failed if it did, and gives what `main` returns.
pub fn run(side: impl Future<Output = Outcome>) -> ExitCode {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default());
    let outcome = runtime
        .map_err(Box::from)
        .and_then(|runtime| runtime.block_on(side));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
