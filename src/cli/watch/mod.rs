//! `pointcast watch`: follows points in a terminal, for ever and through every loss of connection.
//!
//! Changes go to standard output, notices and the state of the connection to standard error. What was connected once
//! goes on where it ended (`Last-Event-ID`); silence of two heartbeats is a lost connection.

mod backoff;
mod connection;
mod event;
mod follower;
mod line;
mod problem;
mod sse;
mod target;

use std::io::{IsTerminal, stderr, stdout};
use std::process::ExitCode;

use clap::Args;
use jiff::tz::TimeZone;

use super::stop::StopSignals;
use super::{FAILED, REFUSED, say};
use follower::{Follower, Over};
use line::{Colours, Lines};
use target::target;

pub(super) const HELP: &str = "\
A pattern is the id of a point, or one with * for one segment and ** at its end for all that follow. \
The gateway's own points begin with $: '$devices/**' shows how the devices are. Put patterns in quotes, \
so that the shell leaves them alone.

While the gateway is away it is tried again and again, at least every 10 s.

Examples:
  pointcast watch                               every point
  pointcast watch 'boiler/**' 'pumps/*/speed'   some of them
  pointcast watch '$devices/*/state'            states of devices
  pointcast watch --url http://10.0.0.5:8080    another gateway";

/// What to follow, and where.
#[derive(Debug, Args)]
pub(super) struct Watch {
    /// Points to follow [default: all]
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,
    /// The gateway; plain http only
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
}

/// Runs the command.
pub(super) fn watch(mut arguments: Watch) -> ExitCode {
    if arguments.patterns.is_empty() {
        arguments.patterns.push("**".to_owned());
    }
    let target = match target(&arguments.url, &arguments.patterns) {
        Ok(target) => target,
        Err(wrong) => {
            say(&wrong);
            return ExitCode::from(REFUSED);
        }
    };
    let wanted = std::env::var_os("NO_COLOR").is_none();
    let (changes, notices) = (wanted && stdout().is_terminal(), wanted && stderr().is_terminal());
    let lines = Lines::new(TimeZone::system(), Colours { changes, notices });
    let mut follower = Follower::new(target, arguments.patterns, lines, stdout());
    let over = super::block_on_one_thread(async {
        let mut signals = StopSignals::new()?;
        tokio::select! {
            over = follower.follow() => Ok(Some(over)),
            () = signals.next() => Ok(None),
        }
    });
    match over {
        // A reader that went away has seen what it wanted.
        Ok(None | Some(Over::OutputClosed)) => ExitCode::SUCCESS,
        Ok(Some(Over::Useless(why))) => {
            say(&why);
            ExitCode::from(FAILED)
        }
        Ok(Some(Over::Output(error))) => {
            say(&format!("failed to write to standard output: {error}"));
            ExitCode::from(FAILED)
        }
        Err(error) => {
            say(&format!("failed to start: {error}"));
            ExitCode::from(FAILED)
        }
    }
}
