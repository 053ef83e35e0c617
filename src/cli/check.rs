//! `pointcast check`: whether a configuration is right, and what it will read. Starts nothing.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use pointcast_api::{DeviceDeclaration, Driver, PlannedRequest, PointDeclaration, StaleAfter};

use super::duration;
use super::refused::{count, refused};
use super::table::Table;
use crate::config::{self, Channel, Config};

pub(super) const HELP: &str = "\
Shows channels, devices, points and the requests that will be made for them. Opens no device and no \
port. Everything that is wrong is told at once, each with file, line and what would be right; the exit \
code is then 2.

Examples:
  pointcast check
  pointcast check --config /etc/pointcast/pointcast.toml";

/// Runs the command.
pub(super) fn check(path: &Path) -> ExitCode {
    match config::load(path) {
        Ok(config) => {
            // A reader that went away has seen what it wanted.
            let _gone = std::io::stdout().write_all(report(path, &config).as_bytes());
            ExitCode::SUCCESS
        }
        Err(refusals) => refused(&refusals, ""),
    }
}

/// What a right configuration will do.
fn report(path: &Path, config: &Config) -> String {
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
    if let Some(warning) = config.nothing_to_read() {
        text.push_str(&format!("\nwarning: {warning}\n"));
    }
    for channel in &config.channels {
        text.push('\n');
        text.push_str(&channel_report(channel));
    }
    text
}

fn channel_report(channel: &Channel) -> String {
    let driver = channel.driver.as_ref();
    let off = if channel.enabled { "" } else { ", disabled: nothing will be read" };
    let mut text = format!("channel {} ({}){off}\n", channel.name, channel.driver_name);
    let mut points = vec![Vec::new(); driver.devices().len()];
    for point in driver.points() {
        if let Some(of_device) = points.get_mut(point.details.device.at()) {
            of_device.push(point);
        }
    }
    let mut profiles = channel.profiles.iter();
    for (device, points) in driver.devices().iter().zip(&points) {
        let profile = profiles.next().and_then(Option::as_deref);
        text.push_str(&device_report(device, profile, points));
    }
    if channel.enabled {
        text.push_str(&plan_report(driver));
    }
    text
}

fn device_report(
    device: &DeviceDeclaration,
    profile: Option<&str>,
    points: &[&PointDeclaration],
) -> String {
    let mut table = Table::new(&[
        ("point", false),
        ("type", false),
        ("unit", false),
        ("every", true),
        ("configured", true),
        ("stale after", true),
        ("range", false),
    ]);
    for point in points {
        let details = &point.details;
        table.row(vec![
            details.id.to_string(),
            point.value_type.to_string(),
            details.unit.clone().unwrap_or_default(),
            point.scan_interval.map(duration::words).unwrap_or_default(),
            point.configured_interval.map(duration::words).unwrap_or_default(),
            match point.stale_after {
                StaleAfter::Elapsed(after) => duration::words(after),
                StaleAfter::Never => "never".to_owned(),
            },
            details.range.map(|(low, high)| format!("{low} to {high}")).unwrap_or_default(),
        ]);
    }
    let points = count(points.len(), "point");
    let profile = profile.map(|name| format!(", profile {name}")).unwrap_or_default();
    let DeviceDeclaration { name, address } = device;
    format!("\n  device {name} at {address}{profile}, {points}\n{}", table.render(4))
}

fn plan_report(driver: &dyn Driver) -> String {
    let plan = driver.plan();
    let mut table = Table::new(&[
        ("device", false),
        ("request", false),
        ("every", true),
        ("points", true),
        ("wire time", true),
    ]);
    for planned in &plan {
        let device = driver.devices().get(planned.device.at());
        table.row(vec![
            device.map(|device| device.name.to_string()).unwrap_or_default(),
            planned.request.clone(),
            planned.scan_interval.map(duration::words).unwrap_or_default(),
            planned.points.len().to_string(),
            planned.wire_time.map(duration::words).unwrap_or_default(),
        ]);
    }
    let mut text = format!("\n  reading plan: {}", count(plan.len(), "request"));
    let predicted = driver.utilisation();
    let used = predicted.map(|share| share.revised).or_else(|| wire_share(&plan));
    if let Some(share) = used {
        let _infallible = write!(text, ", {:.1} % of the channel's time", share * 100.0);
    }
    if let Some(share) = predicted.filter(|share| share.revised < share.configured) {
        let _infallible = write!(
            text,
            "\n  as configured it would be {:.1} %: scan intervals are revised, the points show both",
            share.configured * 100.0
        );
    }
    format!("{text}\n{}", table.render(4))
}

/// The part of its time that a channel will be busy, if that can be told of any request.
fn wire_share(plan: &[PlannedRequest]) -> Option<f64> {
    let share = |planned: &PlannedRequest| {
        let every = planned.scan_interval.filter(|every| *every > Duration::ZERO)?;
        Some(planned.wire_time?.as_secs_f64() / every.as_secs_f64())
    };
    plan.iter().filter_map(share).reduce(|sum, share| sum + share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::driver::DRIVERS;

    #[test]
    fn the_report_of_a_small_site() {
        let folder = Path::new("tests/check_cases");
        let path = folder.join("site.toml");
        let config = config::load_with(&path, DRIVERS).unwrap();
        let told = report(&path, &config);
        let expected = std::fs::read_to_string(folder.join("expected.txt")).unwrap();
        assert_eq!(told, expected, "it was:\n{told}");
    }

    #[test]
    fn what_a_channel_has_no_time_for_is_said_with_what_it_was_to_be() {
        let folder = Path::new("tests/check_cases");
        let path = folder.join("revised.toml");
        let told = report(&path, &config::load(&path).unwrap());
        let expected = std::fs::read_to_string(folder.join("revised.txt")).unwrap();
        assert_eq!(told, expected, "it was:\n{told}");
    }

    #[test]
    fn an_empty_site_says_what_to_do() {
        let config = config::load_with(Path::new("tests/check_cases/empty.toml"), DRIVERS).unwrap();
        assert_eq!(
            report(Path::new("empty.toml"), &config),
            "empty.toml: right. 0 channels, 0 devices, 0 points, to be served at 127.0.0.1:8080\n\n\
             warning: there is no device to read yet: config/examples/ shows how to describe a first one\n"
        );
    }
}
