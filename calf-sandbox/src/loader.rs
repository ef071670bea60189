//! What a dynamically linked program needs from the file system to start: its loader and its libraries,
//! as the loader of this process (the same program) found them.

use std::{
    collections::BTreeSet,
    ffi::{CStr, CString, OsStr, c_int, c_void},
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

/// One file to show.
#[derive(Debug)]
pub(crate) struct File {
    /// Where it is.
    pub(crate) source: CString,
    /// Where the program will find it, relative to its root.
    pub(crate) target: CString,
}

/// The files of a dynamic program.
#[derive(Debug)]
pub(crate) struct Loader {
    /// Directories to make, relative to the root, parents first.
    pub(crate) directories: Vec<CString>,
    pub(crate) files: Vec<File>,
    /// `LD_LIBRARY_PATH`: there is no cache of libraries in the new root.
    pub(crate) search_path: CString,
}

/// The loader and the libraries of this process; `None` if it is static.
pub(crate) fn of_this_process() -> Option<Loader> {
    let paths = loaded_files();
    if paths.is_empty() {
        None
    } else {
        Some(from_paths(&paths))
    }
}

fn from_paths(paths: &BTreeSet<PathBuf>) -> Loader {
    let mut directories = BTreeSet::new();
    let mut search = BTreeSet::new();
    let mut files = Vec::new();
    for path in paths {
        let target = path.strip_prefix("/").unwrap_or(path);
        let parents = target
            .ancestors()
            .skip(1)
            .filter(|parent| !parent.as_os_str().is_empty());
        directories.extend(parents.map(Path::to_owned));
        search.extend(path.parent().map(Path::to_owned));
        files.extend(
            c_string(path)
                .zip(c_string(target))
                .map(|(source, target)| File { source, target }),
        );
    }
    let search: Vec<&[u8]> = search
        .iter()
        .map(|path| path.as_os_str().as_bytes())
        .collect();
    Loader {
        // A parent sorts before what is in it.
        directories: directories
            .iter()
            .filter_map(|path| c_string(path))
            .collect(),
        files,
        search_path: CString::new(search.join(&b':')).unwrap_or_default(),
    }
}

fn c_string(path: &Path) -> Option<CString> {
    // A path that came from the loader's C string has no NUL.
    CString::new(path.as_os_str().as_bytes()).ok()
}

/// Absolute paths of the shared objects of this process, as the loader opened them. A static program has
/// none: the kernel's vDSO has no path.
fn loaded_files() -> BTreeSet<PathBuf> {
    let mut paths = BTreeSet::new();
    // SAFETY: `note` takes the set by the address given here, which lives through the call, and does not
    // unwind into C: it does nothing that panics.
    unsafe { libc::dl_iterate_phdr(Some(note), (&raw mut paths).cast()) };
    paths
}

/// # Safety
/// Called by `dl_iterate_phdr` with the set that was handed to it.
unsafe extern "C" fn note(
    info: *mut libc::dl_phdr_info,
    _size: usize,
    paths: *mut c_void,
) -> c_int {
    // SAFETY: dl_iterate_phdr(3) gives a valid structure for the duration of the call.
    let name = unsafe { (*info).dlpi_name };
    if name.is_null() {
        return 0;
    }
    // SAFETY: dl_iterate_phdr(3): `dlpi_name` is a null-terminated path name.
    let name = unsafe { CStr::from_ptr(name) };
    if name.to_bytes().starts_with(b"/") {
        // SAFETY: the address is of the set in `loaded_files`, which nobody else uses meanwhile.
        let paths = unsafe { &mut *paths.cast::<BTreeSet<PathBuf>>() };
        paths.insert(PathBuf::from(OsStr::from_bytes(name.to_bytes())));
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_come_parents_first_and_once() {
        let paths = ["/lib/x/libc.so.6", "/lib/x/libm.so.6", "/lib64/ld.so"].map(PathBuf::from);
        let loader = from_paths(&paths.into());
        let names: Vec<&str> = loader
            .directories
            .iter()
            .map(|path| path.to_str().unwrap())
            .collect();
        assert_eq!(names, ["lib", "lib/x", "lib64"]);
        assert_eq!(loader.search_path.to_str(), Ok("/lib/x:/lib64"));
    }
}
