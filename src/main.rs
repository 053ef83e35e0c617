//! The `pointcast` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    pointcast::cli::main()
}
