#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| tests::fuzz::hand_in::check(octets));
