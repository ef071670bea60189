//! Makes Rust of the schema.

fn main() -> Result<(), sdk_rpc_build::Error> {
    sdk_rpc_build::schema("schema/hello.capnp")
}
