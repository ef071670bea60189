//! Target `dhcpcd_conf`: see `fuzz_bodies::dhcpcd_conf`.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz_bodies::dhcpcd_conf(octets));
