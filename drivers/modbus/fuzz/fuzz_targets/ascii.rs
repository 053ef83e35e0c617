#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pointcast_modbus::fuzzing::run("ascii", data));
