//! The two sockets of a run, and who is on the other end of them.

use std::{
    fmt, fs,
    fs::DirBuilder,
    io,
    os::{
        fd::OwnedFd,
        unix::{
            fs::{DirBuilderExt as _, PermissionsExt as _},
            net::UnixListener,
        },
    },
    path::{Path, PathBuf},
    time::Duration,
};

use nix::unistd::{Gid, Group, chown};
use sdk_rpc::{Limits, Session};
use tokio::{
    io::unix::AsyncFd,
    task::{JoinHandle, spawn_local},
    time::timeout,
};

use super::desk::Desk;
use crate::{guests::Guests, left_over::make_room, watched::watch};

/// Ending of the socket that offers everything.
pub(super) const CONTROL: &str = "sock";
/// Ending of the socket that only shows.
pub(super) const VIEW: &str = "view.sock";

/// How long a connection of anybody's may last: a question takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long one of an operator's may last, who may have to wait for scripts.
const OPERATORS_PATIENCE: Duration = Duration::from_secs(180);

/// A run's sockets; removed when they go.
#[derive(Debug)]
pub(crate) struct Doors {
    paths: Vec<PathBuf>,
    tasks: Vec<JoinHandle<()>>,
}

/// A socket that cannot be had.
#[derive(Debug)]
pub(crate) struct DoorsError {
    path: PathBuf,
    error: io::Error,
}

impl fmt::Display for DoorsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "no control socket: {}: {}; name another place with --run-dir",
            self.path.display(),
            self.error
        )
    }
}

impl std::error::Error for DoorsError {}

impl Doors {
    /// Makes the sockets of the run called `name` in `folder`, and serves `desk` on them.
    ///
    /// # Errors
    /// A socket cannot be made, another run has it, or there is no such group.
    pub(crate) fn open(
        folder: &Path,
        name: &str,
        group: Option<&str>,
        desk: &Desk,
    ) -> Result<Self, DoorsError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| DoorsError { path, error }
        };
        let group = match group {
            Some(group) => Some(find_group(group).map_err(failed(Path::new(group)))?),
            None => None,
        };
        // The mode is for others to see which sockets there are; each has its own.
        let made = DirBuilder::new().recursive(true).mode(0o755).create(folder);
        made.map_err(failed(folder))?;
        let mut doors = Self {
            paths: Vec::new(),
            tasks: Vec::new(),
        };
        for (ending, mode) in [(CONTROL, 0o660), (VIEW, 0o666)] {
            let path = folder.join(format!("{name}.{ending}"));
            let listener = listen(&path, mode, group).map_err(failed(&path))?;
            doors.paths.push(path.clone());
            let listener = watch(listener).map_err(failed(&path))?;
            let desk = desk.clone();
            doors.tasks.push(spawn_local(async move {
                if ending == CONTROL {
                    receive(listener, OPERATORS_PATIENCE, |peer| {
                        sdk_rpc::serve_control(peer, desk.clone(), Limits::control())
                    })
                    .await;
                } else {
                    receive(listener, PATIENCE, |peer| {
                        sdk_rpc::serve_overview(peer, desk.clone(), Limits::control())
                    })
                    .await;
                }
            }));
        }
        Ok(doors)
    }
}

impl Drop for Doors {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        for path in &self.paths {
            drop(fs::remove_file(path));
        }
    }
}

fn find_group(name: &str) -> io::Result<Gid> {
    if let Ok(number) = name.parse() {
        return Ok(Gid::from_raw(number));
    }
    let unknown = || io::Error::new(io::ErrorKind::NotFound, "there is no such group");
    Group::from_name(name)?
        .map(|group| group.gid)
        .ok_or_else(unknown)
}

fn listen(path: &Path, mode: u32, group: Option<Gid>) -> io::Result<UnixListener> {
    make_room(path)?;
    // Bound with no right for anybody, and given its own when they are set: in between only root gets in.
    let former = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o777));
    let bound = UnixListener::bind(path);
    nix::sys::stat::umask(former);
    let listener = bound?;
    let prepare = || {
        chown(path, None, group)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        listener.set_nonblocking(true)
    };
    prepare().inspect_err(|_| drop(fs::remove_file(path)))?;
    Ok(listener)
}

/// Serves whoever connects, for ever.
async fn receive(
    listener: AsyncFd<UnixListener>,
    patience: Duration,
    serve: impl Fn(OwnedFd) -> io::Result<Session>,
) {
    let mut guests = Guests::default();
    while let Some(peer) = accept(&listener).await {
        let owner = guests.make_place(&peer);
        // One that is gone already, or for which there is no descriptor, is no loss.
        if let Ok(mut session) = serve(peer) {
            guests.admit(owner, async move {
                drop(timeout(patience, session.closed()).await);
            });
        }
        // However fast they come, what the run is for comes in between.
        tokio::task::yield_now().await;
    }
}

async fn accept(listener: &AsyncFd<UnixListener>) -> Option<OwnedFd> {
    loop {
        let mut ready = listener.readable().await.ok()?;
        match listener.get_ref().accept() {
            Ok((peer, _)) => return Some(peer.into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Too many descriptors, or a peer that went: the next one may fare better, but not at once.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
