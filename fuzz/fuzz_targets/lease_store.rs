//! Target `lease_store`: see `fuzz_bodies::lease_store`.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz_bodies::lease_store(octets));
