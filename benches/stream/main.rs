//! What a change costs on its way to dashboards, beside the least it could cost: `cargo bench --bench stream`.
//!
//! Add a case's name to run it alone, `--quick` for a smoke run of seconds, `--json PATH` for where the figures
//! go as JSON. Linux only.
//!
//! The floor is measured in the same run, in rounds that alternate with the service's: a bare loop that sends the
//! very bytes of the service's frames to as many sockets. Medians and spread are told, ratios are taken round by
//! round, and each case checks that everything that had to arrive did. No figure decides whether the run succeeds.
//!
//! - `roles`: the processes of a run and what they are asked; `pipe`: how.
//! - `server`: the service as a library, with a writer on command. `floor`: the bare loop.
//! - `load`: thousands of streams in one process; `reader`: one of them as bytes. `poll`: dashboards that poll.
//! - `conductor`: which cases run; `pair`: service and floor side by side; `cases`: the measurements.
//! - `stats`, `report`: medians, the table, the JSON. `system`: clocks, memory, files, how busy the machine is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a measurement stops at its first surprise"
)]

mod cases;
mod conductor;
mod floor;
mod load;
mod pair;
mod pipe;
mod poll;
mod poller;
mod reader;
mod report;
mod roles;
mod server;
mod stats;
mod system;

use std::path::PathBuf;

use clap::Parser;

use roles::Role;
use system::Clock;

/// What the command line says.
#[derive(Parser)]
#[command(name = "stream", about = "What a change costs on its way to dashboards")]
struct Arguments {
    /// Run only the cases whose name contains one of these.
    cases: Vec<String>,
    /// A smoke run of seconds: everything is tried and checked, the figures mean little.
    #[arg(long)]
    quick: bool,
    /// Where the figures go as JSON.
    #[arg(long, default_value = "target/bench-stream.json")]
    json: PathBuf,
    /// Cargo says so to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
    /// Which process of a run this is.
    #[arg(long, hide = true)]
    role: Option<Role>,
    /// When the run began, on the monotonic clock, in nanoseconds.
    #[arg(long, hide = true, default_value_t = 0)]
    origin: u64,
}

fn main() {
    let arguments = Arguments::parse();
    system::raise_files();
    let clock = Clock::since(arguments.origin);
    match arguments.role {
        None => conductor::run(&arguments.cases, arguments.quick, &arguments.json),
        Some(Role::Server) => server::run(clock),
        Some(Role::Floor) => floor::run(clock),
        Some(Role::Load) => load::run(clock),
        Some(Role::Poll) => poll::run(clock),
    }
}
