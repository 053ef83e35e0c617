//! What reading Modbus devices costs: `cargo bench --bench modbus`.
//!
//! Add a case's name to run it alone, `--quick` for a smoke run of seconds, `--json PATH` for where the figures
//! go as JSON. Linux only. No figure decides whether the run succeeds.
//!
//! - `plans`: requests and predicted wire time for three real devices, beside the rules of other gateways, and
//!   how long planning takes. `maps`: the devices' registers. `rules`: how others plan.
//! - `requests`: CPU for each request of 125 registers, beside a bare loop on the same socket (`raw`).
//! - `connections`, `points`: CPU and memory of the whole gateway that reads a thousand connections, and a hundred
//!   (`gateway`: one in a process of its own).
//! - `slave`: a process with the devices, whose CPU does not count. `report`: tables for people and as JSON.

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

mod gateway;
mod load;
mod maps;
mod plans;
mod raw;
mod report;
mod requests;
mod rules;
mod slave;
#[path = "../stream/stats.rs"]
#[allow(dead_code, reason = "the other benchmark needs more of it")]
mod stats;
#[path = "../stream/system.rs"]
#[allow(dead_code, reason = "the other benchmark needs more of it")]
mod system;

use std::path::PathBuf;

use clap::Parser;

use report::{Report, Table};

/// Runs a case; told whether a smoke run is enough.
type Run = fn(bool) -> Vec<Table>;

/// The cases by name.
const CASES: [(&str, Run); 4] = [
    ("plans", plans::run),
    ("requests", requests::run),
    ("connections", load::connections),
    ("points", load::points),
];

/// What the command line says.
#[derive(Parser)]
#[command(name = "modbus", about = "What reading Modbus devices costs")]
struct Arguments {
    /// Run only the cases whose name contains one of these.
    cases: Vec<String>,
    /// A smoke run of seconds: everything is tried and checked, the figures mean little.
    #[arg(long)]
    quick: bool,
    /// Where the figures go as JSON.
    #[arg(long, default_value = "target/bench-modbus.json")]
    json: PathBuf,
    /// Cargo says so to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
    /// This is the process with the devices.
    #[arg(long, hide = true)]
    slave: bool,
}

fn main() {
    let arguments = Arguments::parse();
    system::raise_files();
    if arguments.slave {
        return slave::run();
    }
    let wanted = |name: &str| {
        let mut cases = arguments.cases.iter();
        arguments.cases.is_empty() || cases.any(|case| name.contains(case.as_str()))
    };
    let chosen = CASES.iter().filter(|(name, _)| wanted(name));
    let tables = chosen.flat_map(|(_, run)| run(arguments.quick)).collect();
    let report = Report { quick: arguments.quick, tables };
    report.print();
    report.write(&arguments.json).expect("the figures are written");
}
