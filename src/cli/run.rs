//! `pointcast run`: the gateway itself, until Ctrl-C or SIGTERM.

use std::io::{ErrorKind, Write as _, stdout};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;

use clap::Args;
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use super::refused::{count, refused};
use super::stop::StopSignals;
use super::{FAILED, duration, explained, say};
use crate::app::{self, Ready, StartError};
use crate::config::{self, Config};

pub(super) const HELP: &str = "\
Reads the points of the configured devices and serves them with a dashboard. Everything wrong with the \
configuration is told at once, and nothing is started then. The first Ctrl-C or SIGTERM lets open \
connections end, the second stops at once.

Examples:
  pointcast run
  pointcast run --config /etc/pointcast/pointcast.toml
  pointcast run --listen 127.0.0.1:9000
  pointcast run --log debug";

#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) config: super::ConfigFile,

    /// Where to listen, instead of where the configuration says: 127.0.0.1:9000
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

impl Run {
    /// The name of the first of its options that is given.
    pub(super) fn given(&self) -> Option<&'static str> {
        let config = self.config.config.is_some().then_some("config");
        config.or(self.listen.is_some().then_some("listen"))
    }
}

/// Runs the command.
pub(super) fn run(arguments: &Run) -> ExitCode {
    let mut config = match config::load(arguments.config.path()) {
        Ok(config) => config,
        Err(refusals) => return refused(&refusals, "; nothing was started"),
    };
    if let Some(listen) = arguments.listen {
        config.gateway.listen = listen;
    }
    for warning in config.warnings() {
        say(&format!("warning: {warning}"));
    }
    let runtime = match Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("failed to start: {error}"));
            return ExitCode::from(FAILED);
        }
    };
    match runtime.block_on(until_stopped(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => {
            say(&words);
            ExitCode::from(FAILED)
        }
    }
}

async fn until_stopped(config: Config) -> Result<(), String> {
    let signals = StopSignals::new().map_err(|error| format!("failed to start: {error}"))?;
    let stop = CancellationToken::new();
    let drain = duration::words(config.limits.drain_timeout);
    let stopping = || say(&format!("stopping: open connections may take up to {drain}"));
    let result = tokio::select! {
        result = app::run(config, stop.clone(), announce) => result,
        never = signals.watch(stop, stopping) => match never {},
    };
    result.map_err(|error| failure(&error))
}

/// One friendly line, for the person who started it.
fn announce(ready: Ready) {
    let _unheard = writeln!(stdout(), "{}", greeting(&ready));
}

fn greeting(ready: &Ready) -> String {
    let everywhere =
        " It listens on every network of this machine: everybody who reaches it can read.";
    format!(
        "Pointcast is at http://{}/ - {} from {}. Ctrl-C stops.{}",
        reachable(ready.address),
        count(ready.points, "point"),
        count(ready.devices, "device"),
        if ready.address.ip().is_unspecified() { everywhere } else { "" },
    )
}

/// An address that a browser on this machine can open: "every address" becomes this machine's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn failure(error: &StartError) -> String {
    let words = explained(error);
    let StartError::Listen { address, source } = error else {
        return words;
    };
    let change = "change listen in [gateway] of the configuration, or give --listen ADDRESS:PORT";
    let remedy = if source.kind() == ErrorKind::AddrInUse {
        format!("another program has port {}; stop it, or {change}", address.port())
    } else if source.kind() == ErrorKind::PermissionDenied {
        format!("take a port from 1024 on: {change}")
    } else {
        change.to_owned()
    };
    format!("{words}\n    {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_names_an_address_that_can_be_opened() {
        let told = |address: &str| {
            greeting(&Ready { address: address.parse().unwrap(), points: 1, devices: 2 })
        };
        assert_eq!(
            told("0.0.0.0:8080"),
            "Pointcast is at http://127.0.0.1:8080/ - 1 point from 2 devices. Ctrl-C stops. It listens on \
             every network of this machine: everybody who reaches it can read."
        );
        let every = told("[::]:80");
        assert!(every.contains("http://[::1]:80/") && every.ends_with("reaches it can read."));
        let one = told("10.0.0.5:80");
        assert!(one.contains("http://10.0.0.5:80/") && one.ends_with("Ctrl-C stops."));
    }

    #[test]
    fn a_taken_address_says_how_to_change_it() {
        let source = std::io::Error::from(ErrorKind::AddrInUse);
        let address = "127.0.0.1:8080".parse().unwrap();
        assert_eq!(
            failure(&StartError::Listen { address, source }),
            "failed to listen at 127.0.0.1:8080: address in use\n    another program has port 8080; \
             stop it, or change listen in [gateway] of the configuration, or give --listen ADDRESS:PORT"
        );
    }
}
