//! Target `command_lines`: see `fuzz_bodies::command_lines`.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz_bodies::command_lines(octets));
