//! Target `encode_round_trip`: see `fuzz_bodies::encode_round_trip`.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz_bodies::encode_round_trip(octets));
