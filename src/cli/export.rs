//! `pointcast export`: the points of a device for a spreadsheet.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;

use super::refused::refused;
use crate::config::exchange;
use crate::registry::DRIVERS;

pub(super) const HELP: &str = "\
Writes CSV to standard output: a column for each key, a row for each point, those of the device's profile \
included, as they are for this device. pointcast import takes it back.

Examples:
  pointcast export --device meter > points.csv
  pointcast export --device meter --config /etc/pointcast/pointcast.toml > points.csv";

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The device
    #[arg(long, value_name = "NAME")]
    device: String,

    #[command(flatten)]
    config: super::ConfigFile,
}

/// Runs the command.
pub(super) fn export(arguments: &Export) -> ExitCode {
    match exchange::export(arguments.config.path(), &arguments.device, DRIVERS) {
        Ok(text) => {
            // A reader that went away has seen what it wanted.
            let _gone = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(refusals) => refused(&refusals, ""),
    }
}
