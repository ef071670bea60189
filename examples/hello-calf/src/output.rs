//! What a calf writes to its standard output and error: a pipe, which the house empties, so that a calf that
//! dies can say why.

use std::{io, os::fd::OwnedFd};

use tokio::{io::AsyncReadExt as _, net::unix::pipe::Receiver};

/// Octets of the longest line; what is longer is broken.
const LINE_OCTETS: usize = 1024;

/// Prints what comes out of `pipe` as the calf's, line by line, until the calf has closed it, which it does at
/// its end at the latest.
///
/// # Errors
/// The pipe cannot be read.
pub async fn relay(pipe: Option<OwnedFd>) -> io::Result<()> {
    let Some(pipe) = pipe else {
        return Ok(());
    };
    let mut pipe = Receiver::from_owned_fd(pipe)?;
    let mut chunk = [0; LINE_OCTETS];
    let mut line = Vec::new();
    loop {
        let length = pipe.read(&mut chunk).await?;
        for octet in chunk.iter().take(length) {
            if *octet == b'\n' || line.len() == LINE_OCTETS {
                print(&mut line);
            }
            if *octet != b'\n' {
                line.push(*octet);
            }
        }
        if length == 0 {
            print(&mut line);
            return Ok(());
        }
    }
}

/// A calf's octets may be meant for the terminal, not for its reader.
fn print(line: &mut Vec<u8>) {
    if !line.is_empty() {
        let text = String::from_utf8_lossy(line);
        println!("  calf: {}", text.replace(char::is_control, " "));
        line.clear();
    }
}
