//! What reading Modbus devices costs: `cargo bench --bench modbus`.
//!
//! Add a case's name to run it alone, `--quick` for a smoke run of seconds, `--json PATH` for where the figures
//! go as JSON. No figure decides whether the run succeeds.
//!
//! - `plans`: requests and predicted wire time for three real devices, beside the rules of other gateways, and
//!   how long planning takes. `maps`: the devices' registers. `rules`: how others plan.
//! - `report`: tables for people and as JSON.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a measurement stops at its first surprise"
)]

mod maps;
mod plans;
mod report;
mod rules;

use std::path::PathBuf;

use clap::Parser;

use report::{Report, Table};

/// Runs a case; told whether a smoke run is enough.
type Run = fn(bool) -> Vec<Table>;

/// The cases by name.
const CASES: [(&str, Run); 1] = [("plans", plans::run)];

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
}

fn main() {
    let arguments = Arguments::parse();
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
