//! Makes Rust of the compiled schemas. The C++ `capnp` tool runs when a schema changes, not when
//! the crate is built: `schema/README` has its command line.

use std::{env, error::Error, fs, path::PathBuf};

const SCHEMAS: &str = "schema";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={SCHEMAS}");
    // For sdk-rpc-build, in the build scripts of crates that depend on this one: DEP_SDK_RPC_SCHEMA.
    let folder = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(SCHEMAS);
    println!("cargo::metadata=schema={}", folder.display());
    let output = PathBuf::from(env::var("OUT_DIR")?);
    for entry in fs::read_dir(SCHEMAS)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "cgr") {
            capnpc::codegen::CodeGenerationCommand::new()
                .output_directory(&output)
                .run(fs::File::open(path)?)?;
        }
    }
    Ok(())
}
