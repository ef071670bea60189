//! Target `policy`: see `fuzz_bodies::policy`.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz_bodies::policy(octets));
