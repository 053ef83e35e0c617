//! `pointcast import`: points from a spreadsheet into a configuration file.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::refused::{count, refused};
use super::{FAILED, REFUSED, say};
use crate::config::exchange::{self, NewDevice};
use crate::config::{self, Config};
use crate::registry::DRIVERS;

pub(super) const HELP: &str = "\
The first line of FILE names the keys of a point: name,address,type,unit,scale… The others hold a point \
each; an empty cell is a key left away. A cell holds what stands behind `=` in a configuration file, texts \
without their quotes. Cells stand between commas, semicolons or tabs. pointcast export writes such a file.

Everything is checked as part of the configuration, by the driver of the channel. Every row that is wrong is \
told with its line and column; nothing is written unless all is right.

Examples:
  pointcast import points.csv --device press --channel line1 --set unit_id=3 --out config/site.d/press.toml
  pointcast import points.csv --device press1 --channel line1 --profile-out config/profiles/press.toml";

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The points, as CSV
    #[arg(value_name = "FILE")]
    points: PathBuf,

    /// The device that is to have them
    #[arg(long, value_name = "NAME")]
    device: String,

    /// The channel it is on, one of the configuration's
    #[arg(long, value_name = "NAME")]
    channel: String,

    /// Another key of the device, as it would stand in the file: unit_id=3; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,

    /// The file for the device; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// A new file for the points as a profile, which the device then uses
    #[arg(long, value_name = "FILE")]
    profile_out: Option<PathBuf>,

    /// Let --out take the place of a file that holds this device and nothing else
    #[arg(long, requires = "out")]
    replace: bool,

    #[command(flatten)]
    config: super::ConfigFile,
}

pub(super) fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() && !value.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        }
        Some(_) | None => Err("write it like unit_id=3".to_owned()),
    }
}

/// Runs the command.
pub(super) fn import(arguments: &Import) -> ExitCode {
    if let Err(problem) = files_are_free(arguments) {
        say(&problem);
        return ExitCode::from(REFUSED);
    }
    let profile = match arguments.profile_out.as_deref().map(profile_name).transpose() {
        Ok(profile) => profile,
        Err(problem) => {
            say(&problem);
            return ExitCode::from(REFUSED);
        }
    };
    let Import { device, channel, set, out, replace, .. } = arguments;
    let new = NewDevice { name: device, channel, keys: set, profile };
    let replaced = out.as_deref().filter(|file| *replace && file.exists());
    let config = arguments.config.path();
    let written = match exchange::import(config, &arguments.points, &new, replaced, DRIVERS) {
        Ok(written) => written,
        Err(refusals) => return refused(&refusals, "; nothing was written"),
    };
    let profile_file = arguments.profile_out.as_deref().zip(written.profile.as_deref());
    let result = profile_file.map_or(Ok(()), |(file, text)| put(file, text, false)).and_then(
        |()| match out {
            Some(file) => put(file, &written.device, *replace),
            None => {
                // A reader that went away has seen what it wanted.
                let _gone = io::stdout().write_all(written.device.as_bytes());
                Ok(())
            }
        },
    );
    if let Err(problem) = result {
        say(&problem);
        return ExitCode::from(FAILED);
    }
    let points = count(written.points, "point");
    for file in arguments.profile_out.iter().chain(out) {
        say(&format!("{}: written", file.display()));
    }
    say(&format!("{points} of device {device}{}", closing(arguments)));
    ExitCode::SUCCESS
}

/// What is still to be done, if anything is.
fn closing(arguments: &Import) -> String {
    let path = arguments.config.path();
    let config = path.display();
    if arguments.out.is_none() {
        return format!("; put it into a file that {config} includes");
    }
    match config::load(path) {
        Ok(loaded) if has(&loaded, &arguments.device) => String::new(),
        Ok(_) | Err(_) => {
            format!("; {config} does not take it in yet: see include and profiles in its [gateway]")
        }
    }
}

fn has(config: &Config, device: &str) -> bool {
    let devices = config.channels.iter().flat_map(|channel| channel.driver.devices());
    devices.into_iter().any(|found| found.name.as_str() == device)
}

/// Nothing that exists is written over, unless that was asked for.
fn files_are_free(arguments: &Import) -> Result<(), String> {
    let Import { out, profile_out, replace, .. } = arguments;
    if let Some(file) = profile_out.as_ref().filter(|file| file.exists()) {
        let remedy = "name another, or move it away: other devices may use it";
        return Err(format!("--profile-out: there is a file {}\n    {remedy}", file.display()));
    }
    if let Some(file) = out.as_ref().filter(|file| !replace && file.exists()) {
        let remedy = "name another, or add --replace if it holds nothing but this device";
        return Err(format!("--out: there is a file {}\n    {remedy}", file.display()));
    }
    Ok(())
}

fn profile_name(file: &Path) -> Result<&str, String> {
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    let is_toml = file.extension().is_some_and(|extension| extension == "toml");
    stem.filter(|_| is_toml).ok_or_else(|| {
        let remedy = "name it like config/profiles/press.toml";
        format!("--profile-out: {} is no file of a profile\n    {remedy}", file.display())
    })
}

/// Writes a file whole or not at all.
fn put(file: &Path, text: &str, replace: bool) -> Result<(), String> {
    let told = |error: io::Error| format!("failed to write {}: {error}", file.display());
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = file.with_file_name(name);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&beside)
        .and_then(|mut new| new.write_all(text.as_bytes()).and_then(|()| new.sync_all()))
        .and_then(
            |()| if replace { fs::rename(&beside, file) } else { fs::hard_link(&beside, file) },
        );
    if !replace || written.is_err() {
        // Only a second name of the file, or half of it.
        let _gone = fs::remove_file(&beside);
    }
    written.map_err(told)
}
