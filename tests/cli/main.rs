//! The program as a person meets it: a process with arguments, two outputs, signals and an exit code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod check;
mod exchange;
mod probe;
mod program;
mod run;
mod sim;
mod usage;
mod watch;
