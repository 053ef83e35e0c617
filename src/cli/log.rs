//! The log: to standard error, coloured only on a terminal.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// What is logged unless asked otherwise.
const DEFAULT_LEVEL: &str = "info";

/// Starts logging at `level`, or as `RUST_LOG` says, or at [`DEFAULT_LEVEL`].
///
/// # Errors
/// Words about a level that is none.
pub(super) fn start(level: Option<&str>) -> Result<(), String> {
    let from_environment = std::env::var("RUST_LOG").ok().filter(|text| !text.is_empty());
    let (name, text) = match (level, &from_environment) {
        (Some(level), _) => ("--log", level),
        (None, Some(level)) => ("RUST_LOG", level.as_str()),
        (None, None) => ("--log", DEFAULT_LEVEL),
    };
    let refuse = |why: &str| {
        format!(
            "{name} {text:?} is no log level: {why}\n    give error, warn, info, debug or trace"
        )
    };
    if level.is_some()
        && let Some(word) = misspelt(text)
    {
        return Err(refuse(&format!("what is {word:?}?")));
    }
    let filter = EnvFilter::try_new(text).map_err(|error| refuse(&error.to_string()))?;
    let coloured = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // Only a second call could fail, and there is none: the log is started once, by the command line.
    let _already_started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(coloured)
        .try_init();
    Ok(())
}

/// The first bare word that is no level: a filter would take it for the name of a part, and log nothing.
fn misspelt(text: &str) -> Option<&str> {
    let bare = |word: &&str| !word.contains(['=', '[']);
    text.split(',').filter(bare).find(|word| word.parse::<LevelFilter>().is_err())
}
