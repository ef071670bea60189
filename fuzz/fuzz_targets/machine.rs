//! Target `machine`: see `fuzz_bodies::machine`.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz_bodies::machine(octets));
