//! Makes Rust of the compiled schema. The C++ `capnp` tool runs when the schema changes, not when
//! the crate is built: `schema/README` has its command line.

use std::{env, error::Error, fs::File, path::PathBuf};

const COMPILED: &str = "schema/calfkit.cgr";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={COMPILED}");
    let output = PathBuf::from(env::var("OUT_DIR")?);
    capnpc::codegen::CodeGenerationCommand::new()
        .output_directory(output)
        .run(File::open(COMPILED)?)?;
    Ok(())
}
