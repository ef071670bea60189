//! Target `exports`: see `fuzz_bodies::exports`.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz_bodies::exports(octets));
