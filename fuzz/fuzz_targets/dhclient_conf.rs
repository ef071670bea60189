//! Target `dhclient_conf`: see `fuzz_bodies::dhclient_conf`.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| fuzz_bodies::dhclient_conf(octets));
