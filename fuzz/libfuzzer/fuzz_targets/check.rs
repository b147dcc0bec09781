//! `check` of flounder-fuzz, for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| flounder_fuzz::check(data));
