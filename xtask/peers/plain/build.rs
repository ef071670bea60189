//! Makes Rust of sdk-rpc's compiled schema, so that this end has the same interface.

fn main() {
    let schema = "../../../sdk-rpc/schema/calfkit.cgr";
    println!("cargo::rerun-if-changed={schema}");
    capnpc::codegen::CodeGenerationCommand::new()
        .output_directory(std::env::var_os("OUT_DIR").unwrap())
        .run(std::fs::File::open(schema).unwrap())
        .unwrap();
}
