//! Target `rpc_message`: see `fuzz_bodies::rpc_message`.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz_bodies::rpc_message(octets));
