//! The calls that make and enter a root.

use std::{
    ffi::{CStr, c_long},
    os::fd::RawFd,
};

use nix::errno::Errno;

use super::{Plain, address, call, descriptor, plain};

pub(crate) fn make_mounts_private() -> Result<(), Errno> {
    let flags = c_long::try_from(libc::MS_REC | libc::MS_PRIVATE).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the target is a string; source, type and data are null.
    unsafe { call(libc::SYS_mount, [0, address(c"/".as_ptr()), 0, flags, 0]) }.map(drop)
}

/// A descriptor with which to make a file system of type tmpfs.
pub(crate) fn open_tmpfs() -> Result<RawFd, Errno> {
    let flags = libc::FSOPEN_CLOEXEC.into();
    // SAFETY: the name is a string.
    unsafe {
        call(
            libc::SYS_fsopen,
            [address(c"tmpfs".as_ptr()), flags, 0, 0, 0],
        )
    }
    .and_then(descriptor)
}

pub(crate) fn configure_file_system(fd: RawFd, key: &CStr, value: &CStr) -> Result<(), Errno> {
    let command = c_long::from(libc::FSCONFIG_SET_STRING);
    let arguments = [
        fd.into(),
        command,
        address(key.as_ptr()),
        address(value.as_ptr()),
        0,
    ];
    // SAFETY: key and value are strings.
    unsafe { call(libc::SYS_fsconfig, arguments) }.map(drop)
}

pub(crate) fn create_file_system(fd: RawFd) -> Result<(), Errno> {
    let command = c_long::from(libc::FSCONFIG_CMD_CREATE);
    // SAFETY: this command takes neither key nor value.
    unsafe { call(libc::SYS_fsconfig, [fd.into(), command, 0, 0, 0]) }.map(drop)
}

/// A detached mount of the file system `fd`.
pub(crate) fn mount_file_system(fd: RawFd, attributes: u64) -> Result<RawFd, Errno> {
    let flags = libc::FSMOUNT_CLOEXEC.into();
    let attributes = attributes.cast_signed();
    plain(Plain::Fsmount, [fd.into(), flags, attributes, 0, 0]).and_then(descriptor)
}

/// A detached copy of the mount that `path` is on, from `path` down.
pub(crate) fn clone_tree(path: &CStr) -> Result<RawFd, Errno> {
    let flags = c_long::from(libc::OPEN_TREE_CLONE) | c_long::from(libc::O_CLOEXEC);
    let arguments = [libc::AT_FDCWD.into(), address(path.as_ptr()), flags, 0, 0];
    // SAFETY: the path is a string.
    unsafe { call(libc::SYS_open_tree, arguments) }.and_then(descriptor)
}

/// Puts the detached mount `fd` at `path`.
pub(crate) fn attach_mount(fd: RawFd, path: &CStr) -> Result<(), Errno> {
    let flags = libc::MOVE_MOUNT_F_EMPTY_PATH.into();
    let from = address(c"".as_ptr());
    let to = address(path.as_ptr());
    // SAFETY: both paths are strings.
    unsafe {
        call(
            libc::SYS_move_mount,
            [fd.into(), from, libc::AT_FDCWD.into(), to, flags],
        )
    }
    .map(drop)
}

/// Adds `attributes` to the mount that `fd` is the root of.
pub(crate) fn restrict_mount(fd: RawFd, attributes: u64) -> Result<(), Errno> {
    let change = libc::mount_attr {
        attr_set: attributes,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    let length = c_long::try_from(size_of::<libc::mount_attr>()).map_err(|_| Errno::EINVAL)?;
    let path = address(c"".as_ptr());
    let flags = libc::AT_EMPTY_PATH.into();
    let arguments = [fd.into(), path, flags, address(&raw const change), length];
    // SAFETY: the path is a string; address and length are of one mount_attr.
    unsafe { call(libc::SYS_mount_setattr, arguments) }.map(drop)
}

/// Makes the working directory the root; the old root is then mounted on top of it.
pub(crate) fn pivot_root_here() -> Result<(), Errno> {
    let here = address(c".".as_ptr());
    // SAFETY: both paths are strings.
    unsafe { call(libc::SYS_pivot_root, [here, here, 0, 0, 0]) }.map(drop)
}

/// Makes the working directory the root without moving any mount.
pub(crate) fn change_root_here() -> Result<(), Errno> {
    // SAFETY: the path is a string.
    unsafe { call(libc::SYS_chroot, [address(c".".as_ptr()), 0, 0, 0, 0]) }.map(drop)
}

/// Takes the mount at the working directory away as soon as nothing uses it.
pub(crate) fn detach_here() -> Result<(), Errno> {
    let here = address(c".".as_ptr());
    // SAFETY: the path is a string.
    unsafe { call(libc::SYS_umount2, [here, libc::MNT_DETACH.into(), 0, 0, 0]) }.map(drop)
}

pub(crate) fn change_directory(path: &CStr) -> Result<(), Errno> {
    // SAFETY: the path is a string.
    unsafe { call(libc::SYS_chdir, [address(path.as_ptr()), 0, 0, 0, 0]) }.map(drop)
}

/// Makes a directory; one that exists is as good.
pub(crate) fn make_directory(path: &CStr) -> Result<(), Errno> {
    // SAFETY: the path is a string.
    match unsafe { call(libc::SYS_mkdir, [address(path.as_ptr()), 0o755, 0, 0, 0]) } {
        Ok(_) | Err(Errno::EEXIST) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Makes an empty file.
pub(crate) fn make_file(path: &CStr) -> Result<(), Errno> {
    let mode = c_long::from(libc::S_IFREG | 0o444);
    // SAFETY: the path is a string.
    unsafe { call(libc::SYS_mknod, [address(path.as_ptr()), mode, 0, 0, 0]) }.map(drop)
}
