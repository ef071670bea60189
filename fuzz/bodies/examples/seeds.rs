//! Writes the seeds of every target; `cargo xtask fuzz --seeds` runs it.

use std::{fs, io, path::Path};

use fuzz_bodies::TARGETS;

fn main() -> io::Result<()> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = package.join("../seeds");
    for target in TARGETS {
        let folder = folder.join(target.name);
        if folder.is_dir() {
            // What is no seed any more is not left behind.
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        for (name, octets) in (target.seeds)() {
            fs::write(folder.join(name), octets)?;
        }
    }
    Ok(())
}
