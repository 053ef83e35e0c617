//! `pointcast check`: whether a configuration is right, and what it will read. Starts nothing.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use pointcast_api::{DeviceDeclaration, Driver, PointDeclaration, StaleAfter};

use super::duration;
use super::plan;
use super::refused::{count, refused};
use super::table::Table;
use crate::config::{self, Channel, Config};
use crate::registry::DRIVERS;

pub(super) const HELP: &str = "\
Shows channels, devices, points with their addresses, and the requests that will be made for them. Opens no device and no \
port. Everything that is wrong is told at once, each with file, line and what would be right; the exit \
code is then 2.

With --plan it shows what will be asked instead, channel by channel: each request with how often it is made, \
which points it carries, how long it takes and what share of its channel's time that is. These are predictions; each channel says what \
they rest on.

Examples:
  pointcast check
  pointcast check --plan
  pointcast check --plan --json | jq '.channels[] | [.channel, .utilisation]'
  pointcast check --config /etc/pointcast/pointcast.toml";

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Show each request that will be made, and how busy that keeps the channels
    #[arg(long)]
    plan: bool,

    /// As JSON, with the points of each request
    #[arg(long, requires = "plan")]
    json: bool,

    #[command(flatten)]
    config: super::ConfigFile,
}

/// Runs the command.
pub(super) fn check(arguments: &Check) -> ExitCode {
    let path = arguments.config.path();
    match config::load_with_addresses(path, DRIVERS) {
        Ok(config) => {
            let text = match (arguments.plan, arguments.json) {
                (_, true) => plan::json(&config.channels),
                (true, false) => headed(path, &config, plan::whole),
                (false, false) => headed(path, &config, channel_report),
            };
            // A reader that went away has seen what it wanted.
            let _gone = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(refusals) => refused(&refusals, ""),
    }
}

/// What a right configuration will do, and `tell` of each of its channels.
fn headed(path: &Path, config: &Config, tell: fn(&Channel) -> String) -> String {
    let sum = |of: fn(&dyn Driver) -> usize| -> usize {
        config.channels.iter().map(|channel| of(channel.driver.as_ref())).sum()
    };
    let mut text = format!(
        "{}: right. {}, {}, {}, to be served at {}\n",
        path.display(),
        count(config.channels.len(), "channel"),
        count(sum(|driver| driver.devices().len()), "device"),
        count(sum(|driver| driver.points().len()), "point"),
        config.gateway.listen,
    );
    for warning in config.warnings() {
        text.push_str(&format!("\nwarning: {warning}\n"));
    }
    for channel in &config.channels {
        text.push('\n');
        text.push_str(&tell(channel));
    }
    text
}

fn channel_report(channel: &Channel) -> String {
    let driver = channel.driver.as_ref();
    let mut text = plan::heading(channel);
    let mut points = vec![Vec::new(); driver.devices().len()];
    let mut addresses = channel.addresses.iter().map(String::as_str);
    for point in driver.points() {
        let address = addresses.next().unwrap_or_default();
        if let Some(of_device) = points.get_mut(point.details.device.at()) {
            of_device.push((point, address));
        }
    }
    let mut profiles = channel.profiles.iter();
    for (device, points) in driver.devices().iter().zip(&points) {
        let profile = profiles.next().and_then(Option::as_deref);
        text.push_str(&device_report(device, profile, points));
    }
    if channel.enabled {
        text.push('\n');
        text.push_str(&plan::short(channel));
    }
    text
}

fn device_report(
    device: &DeviceDeclaration,
    profile: Option<&str>,
    points: &[(&PointDeclaration, &str)],
) -> String {
    let mut table = Table::new(&[
        ("point", false),
        ("address", false),
        ("type", false),
        ("unit", false),
        ("every", true),
        ("configured", true),
        ("stale after", true),
        ("range", false),
    ]);
    for (point, address) in points {
        let details = &point.details;
        table.row(vec![
            point.id.to_string(),
            (*address).to_owned(),
            point.value_type.to_string(),
            details.about().unit.clone().unwrap_or_default(),
            point.scan_interval.map(duration::words).unwrap_or_default(),
            point.configured_interval.map(duration::words).unwrap_or_default(),
            match point.stale_after {
                StaleAfter::Elapsed(after) => duration::words(after),
                StaleAfter::Never => "never".to_owned(),
            },
            details.about().range.map(|(low, high)| format!("{low} to {high}")).unwrap_or_default(),
        ]);
    }
    let points = count(points.len(), "point");
    let profile = profile.map(|name| format!(", profile {name}")).unwrap_or_default();
    let DeviceDeclaration { name, address } = device;
    format!("\n  device {name} at {address}{profile}, {points}\n{}", table.render(4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::driver::DRIVERS as TEST_BUS;

    #[test]
    fn the_report_of_a_small_site() {
        let folder = Path::new("tests/check_cases");
        let path = folder.join("site.toml");
        let config = config::load_with_addresses(&path, TEST_BUS).unwrap();
        let told = headed(&path, &config, channel_report);
        let expected = std::fs::read_to_string(folder.join("expected.txt")).unwrap();
        assert_eq!(told, expected, "it was:\n{told}");
    }

    #[test]
    fn what_a_channel_has_no_time_for_is_said_with_what_it_was_to_be() {
        let folder = Path::new("tests/check_cases");
        let path = folder.join("revised.toml");
        let told =
            headed(&path, &config::load_with_addresses(&path, DRIVERS).unwrap(), channel_report);
        let expected = std::fs::read_to_string(folder.join("revised.txt")).unwrap();
        assert_eq!(told, expected, "it was:\n{told}");
    }

    #[test]
    fn a_plan_tells_each_request_with_what_it_costs_and_what_was_wished() {
        let folder = Path::new("tests/check_cases");
        for (name, drivers) in [("revised", DRIVERS), ("full", DRIVERS), ("site", TEST_BUS)] {
            let path = folder.join(name).with_extension("toml");
            let told = headed(&path, &config::load_with(&path, drivers).unwrap(), plan::whole);
            let expected = std::fs::read_to_string(folder.join(format!("{name}.plan.txt")));
            assert_eq!(told, expected.unwrap_or_default(), "it was:\n{told}");
        }
    }

    #[test]
    fn an_empty_site_says_what_to_do() {
        let config =
            config::load_with(Path::new("tests/check_cases/empty.toml"), TEST_BUS).unwrap();
        assert_eq!(
            headed(Path::new("empty.toml"), &config, channel_report),
            "empty.toml: right. 0 channels, 0 devices, 0 points, to be served at 127.0.0.1:8080\n\n\
             warning: there is no device to read yet: config/examples/ shows how to describe a first one\n"
        );
    }
}
