//! The commands of the program: one file each, with its arguments, its help and its words to people.
//!
//! Results go to standard output, everything else to standard error. Nothing here decides anything about
//! points, devices or streams.

mod check;
mod duration;
mod export;
mod import;
mod log;
mod plan;
mod probe;
mod refused;
mod run;
mod sim;
mod stop;
mod table;
mod watch;

use std::error::Error;
use std::io::{self, Write as _, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand};
use tokio::runtime::Builder;

/// Something failed at run time, such as an address that is taken: exit code 1.
const FAILED: u8 = 1;

/// The configuration or the command line is wrong: exit code 2, as clap has it.
const REFUSED: u8 = 2;

/// Device values to dashboards as they change: Modbus, serial lines and MQTT in, Server-Sent Events out.
#[derive(Debug, Parser)]
#[command(
    name = "pointcast",
    version,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{CODES}"),
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    run: run::Run,

    /// How much to log: error, warn, info, debug, trace; or by part: `info,pointcast=debug`
    ///
    /// Without it the environment variable RUST_LOG counts, and without that `info`.
    #[arg(long, global = true, value_name = "LEVEL")]
    log: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  pointcast                       run it; then open http://127.0.0.1:8080/
  pointcast check --config FILE   is FILE right, and what will be read?
  pointcast probe 192.168.0.10    which devices are there, and what do they hold?
  pointcast sim                   devices to try, without hardware
  pointcast watch 'boiler/**'     follow points in this terminal";

const CODES: &str = "\
Exit codes:
  0  done, or stopped by Ctrl-C or SIGTERM
  1  something failed while running, such as an address that is taken
  2  the configuration or the command line is wrong; nothing was started";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway (what `pointcast` alone does)
    #[command(after_help = run::HELP)]
    Run(run::Run),
    /// Say whether a configuration is right, and what it will read; starts nothing
    #[command(after_help = check::HELP)]
    Check(check::Check),
    /// Take points of a device from a spreadsheet (CSV)
    #[command(after_help = import::HELP)]
    Import(import::Import),
    /// Write the points of a device for a spreadsheet (CSV)
    #[command(after_help = export::HELP)]
    Export(export::Export),
    /// Look at a Modbus bus: who is there, what their registers hold, where a value lies; writes nothing
    #[command(after_help = probe::HELP)]
    Probe(probe::Arguments),
    /// Follow points of a running gateway in this terminal
    #[command(after_help = watch::HELP)]
    Watch(watch::Watch),
    /// Run simulated devices, to try everything without hardware
    #[command(after_help = sim::HELP)]
    Sim(sim::Sim),
}

/// The configuration that is meant when none is named.
const DEFAULT_CONFIG: &str = "config/pointcast.toml";

/// Which configuration.
#[derive(Debug, Args)]
struct ConfigFile {
    /// The configuration file [default: config/pointcast.toml]
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigFile {
    fn path(&self) -> &Path {
        self.config.as_deref().unwrap_or(Path::new(DEFAULT_CONFIG))
    }
}

/// Runs the command line. The exit code is 0 when done or stopped, 1 when something failed at run time, and
/// 2 when the configuration or the command line is wrong.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| with_hint(error).exit());
    if let Err(error) = log::start(cli.log.as_deref()) {
        say(&error);
        return ExitCode::from(REFUSED);
    }
    if cli.command.is_some()
        && let Some(option) = cli.run.given()
    {
        let command = if option == "listen" { "run" } else { "check" };
        let words =
            format!("--{option} stands behind its command: pointcast {command} --{option} …");
        Cli::command().error(ErrorKind::ArgumentConflict, words).exit();
    }
    match cli.command {
        None => run::run(&cli.run),
        Some(Command::Run(arguments)) => run::run(&arguments),
        Some(Command::Check(arguments)) => check::check(&arguments),
        Some(Command::Import(arguments)) => import::import(&arguments),
        Some(Command::Export(arguments)) => export::export(&arguments),
        Some(Command::Probe(arguments)) => probe::probe(&arguments),
        Some(Command::Sim(arguments)) => sim::sim(&arguments),
        Some(Command::Watch(arguments)) => watch::watch(arguments),
    }
}

/// A refused command line, with the option to name a file by where it seems to hold a bare one.
fn with_hint(mut error: clap::Error) -> clap::Error {
    let word =
        error.get(ContextKind::InvalidSubcommand).or_else(|| error.get(ContextKind::InvalidArg));
    let Some(ContextValue::String(word)) = word else { return error };
    let looks_like_a_file = word.contains(['.', '/']) && !word.starts_with('-');
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let command =
        ["run", "check"].into_iter().find(|name| usage.contains(&format!("pointcast {name}")));
    let takes_a_file = command.is_some() || error.kind() == ErrorKind::InvalidSubcommand;
    if looks_like_a_file && takes_a_file {
        let command = command.map(|name| format!("{name} ")).unwrap_or_default();
        let hint = format!("a configuration is named so: pointcast {command}--config {word}");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![hint.into()]));
    }
    error
}

/// Says something to people on standard error, whether or not anybody listens.
fn say(words: &str) {
    let _unheard = writeln!(stderr(), "{words}");
}

/// An error and its causes in one line.
fn explained(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Runs `work` on this thread.
fn block_on_one_thread<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    Builder::new_current_thread().enable_all().build()?.block_on(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn alone_it_runs_the_configuration_in_the_current_folder() {
        let cli = Cli::try_parse_from(["pointcast"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.run.config.path(), Path::new("config/pointcast.toml"));
        let cli = Cli::try_parse_from(["pointcast", "--config", "a.toml"]).unwrap();
        assert_eq!(cli.run.config.path(), Path::new("a.toml"));
    }
}
