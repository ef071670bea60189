//! Makes Rust of the compiled schemas. The C++ `capnp` tool runs when a schema changes, not when
//! the crate is built: `schema/README` has its command line.

use std::{env, error::Error, fs, path::PathBuf};

const SCHEMAS: &str = "schema";
/// The schema of an earlier version, for the tests; a package has none.
const PREVIOUS: &str = "tests/schema/previous.cgr";

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
    if let Ok(previous) = fs::File::open(PREVIOUS) {
        println!("cargo::rerun-if-changed={PREVIOUS}");
        let output = output.join("previous");
        fs::create_dir_all(&output)?;
        capnpc::codegen::CodeGenerationCommand::new()
            .output_directory(output)
            .default_parent_module(vec!["previous".to_owned()])
            .run(previous)?;
    }
    Ok(())
}
