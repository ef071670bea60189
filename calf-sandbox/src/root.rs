//! The empty root: a read-only tmpfs without any file, and nothing else mounted.
//!
//! A dynamic program enters two roots: before `exec` one with its loader and libraries, read-only, and
//! in `confine` the empty one. A static program enters the empty one before `exec`.

use std::os::fd::RawFd;

use nix::errno::Errno;

use crate::{
    loader::Loader,
    step::{At as _, Failure, Step},
    sys::{self, mount},
};

const NO_DEVICES_NO_SETUID: u64 = libc::MOUNT_ATTR_NODEV | libc::MOUNT_ATTR_NOSUID;
const INERT: u64 = NO_DEVICES_NO_SETUID | libc::MOUNT_ATTR_NOEXEC | libc::MOUNT_ATTR_RDONLY;

/// Enters a root that holds nothing.
pub(crate) fn enter_empty() -> Result<(), Failure> {
    let root = mount_tmpfs(INERT).at(Step::EmptyFileSystem)?;
    attach(root)?;
    enter()?;
    sys::close(root);
    Ok(())
}

/// Enters a root that holds the files a dynamic program needs to start. `trees` are detached mounts of
/// them, in the loader's order.
pub(crate) fn enter_with(loader: &Loader, trees: &[RawFd]) -> Result<(), Failure> {
    let root = mount_tmpfs(NO_DEVICES_NO_SETUID).at(Step::EmptyFileSystem)?;
    attach(root)?;
    fill(loader, trees).at(Step::LoaderMounts)?;
    mount::restrict_mount(root, INERT).at(Step::LoaderMounts)?;
    enter()?;
    sys::close(root);
    Ok(())
}

/// A detached mount of each of the loader's files, read-only.
pub(crate) fn clone_trees(loader: &Loader, trees: &mut [RawFd]) -> Result<(), Errno> {
    for (file, tree) in loader.files.iter().zip(trees) {
        *tree = mount::clone_tree(&file.source)?;
        mount::restrict_mount(*tree, NO_DEVICES_NO_SETUID | libc::MOUNT_ATTR_RDONLY)?;
    }
    Ok(())
}

fn fill(loader: &Loader, trees: &[RawFd]) -> Result<(), Errno> {
    for directory in &loader.directories {
        mount::make_directory(directory)?;
    }
    for (file, tree) in loader.files.iter().zip(trees) {
        mount::make_file(&file.target)?;
        mount::attach_mount(*tree, &file.target)?;
        sys::close(*tree);
    }
    Ok(())
}

fn mount_tmpfs(attributes: u64) -> Result<RawFd, Errno> {
    let file_system = mount::open_tmpfs()?;
    mount::configure_file_system(file_system, c"mode", c"0755")?;
    // It will hold mount points only: one page is more than enough.
    mount::configure_file_system(file_system, c"size", c"4096")?;
    mount::create_file_system(file_system)?;
    let root = mount::mount_file_system(file_system, attributes)?;
    sys::close(file_system);
    Ok(root)
}

/// Puts the new root on top of the old one, and makes it the working directory: no path of the host is
/// needed as a mount point.
fn attach(root: RawFd) -> Result<(), Failure> {
    mount::attach_mount(root, c"/").at(Step::EnterRoot)?;
    sys::change_directory_to(root).at(Step::EnterRoot)
}

fn enter() -> Result<(), Failure> {
    match mount::pivot_root_here() {
        Ok(()) => {
            // pivot_root(2), "pivot_root(".", ".")": the old root is now on top of the new one.
            mount::detach_here().at(Step::DetachRoot)?;
        }
        // "EINVAL: The current root directory is not a mount point" or is rootfs, which cannot be moved:
        // the new root covers it, and nothing the calf holds leads below.
        Err(Errno::EINVAL) => mount::change_root_here().at(Step::EnterRoot)?,
        Err(errno) => return Err(errno).at(Step::EnterRoot),
    }
    mount::change_directory(c"/").at(Step::EnterRoot)
}
