//! A peer in a process of its own, at a pair of FIFOs. A test program of its own, too: a process that is being
//! started holds every descriptor of the one that starts it for a moment, which tests beside it would see as
//! peers that do not go.

use std::{env, fs, process, time::Duration};

use nix::{sys::stat::Mode, unistd::mkfifo};
use sdk_rpc::{Disconnect, Transport, connect_net};
use tokio::task::LocalSet;

/// Far beyond what the peer needs.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_killed_process_at_a_pair_of_fifos_is_gone_at_once() {
    let folder = env::temp_dir().join(format!("sdk-rpc-{}-killed", process::id()));
    fs::create_dir(&folder).unwrap();
    let (up, down) = (folder.join("up"), folder.join("down"));
    for fifo in [&up, &down] {
        mkfifo(fifo, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    }
    // Each open of the shell waits for this side, which opens what it reads first.
    let mut peer = process::Command::new("sh")
        .args(["-c", "exec 3>\"$1\" 4<\"$2\"; exec sleep 600", "peer"])
        .args([&down, &up])
        .spawn()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();

    let ended = LocalSet::new().block_on(&runtime, async {
        let transport = Transport::fifos(&down, &up, PATIENCE).await.unwrap();
        let (_net, mut session) = connect_net(transport).unwrap();
        peer.kill().unwrap();
        peer.wait().unwrap();
        tokio::time::timeout(PATIENCE, session.closed()).await
    });

    assert_eq!(ended, Ok(Disconnect::Closed));
    fs::remove_dir_all(folder).unwrap();
}
