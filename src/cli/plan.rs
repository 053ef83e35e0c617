//! Reading plans for people and for programs: what is asked, how often, and how busy that keeps a channel.

use std::time::Duration;

use pointcast_api::{Driver, PlannedRequest, Value};
use serde_json::{Value as Json, json};

use super::duration;
use super::refused::count;
use super::table::Table;
use crate::config::Channel;
use crate::figures;

/// Most points of a request that are named: their line is to stay one.
const MAX_NAMED_POINTS: usize = 3;

/// A channel's name and driver, and whether it is switched off.
pub(super) fn heading(channel: &Channel) -> String {
    let off = if channel.enabled { "" } else { ", disabled: nothing will be read" };
    format!("channel {} ({}){off}\n", channel.name, channel.driver_name)
}

/// The plan of a channel beside its points: a line for each request.
pub(super) fn short(channel: &Channel) -> String {
    let plan = channel.driver.plan();
    let mut table = Table::new(&[
        ("device", false),
        ("request", false),
        ("every", true),
        ("points", true),
        ("wire time", true),
    ]);
    for planned in &plan {
        table.row(vec![
            device(channel, planned),
            planned.request.clone(),
            planned.scan_interval.map(duration::words).unwrap_or_default(),
            planned.points.len().to_string(),
            planned.wire_time.map(duration::predicted).unwrap_or_default(),
        ]);
    }
    summary(channel.driver.as_ref(), &plan, ", the points show both") + &table.render(4)
}

/// Everything that is known of a channel's plan.
pub(super) fn whole(channel: &Channel) -> String {
    let plan = channel.driver.plan();
    let mut text = heading(channel);
    if !channel.enabled {
        return text;
    }
    let parts = parts(&plan);
    let bare = plan.iter().any(|planned| planned.parts.is_empty());
    let mut heads = vec![("device", false)];
    heads.extend(parts.iter().copied());
    heads.extend(bare.then_some(("request", false)));
    heads.extend(
        ["points", "every", "configured", "wire time", "channel's time"].map(|h| (h, true)),
    );
    heads.push(("which points", false));
    let mut table = Table::new(&heads);
    for planned in &plan {
        let mut row = vec![device(channel, planned)];
        row.extend(
            parts
                .iter()
                .map(|(name, _)| part(planned, name).map(ToString::to_string).unwrap_or_default()),
        );
        row.extend(bare.then(|| planned.request.clone()));
        row.extend([
            planned.points.len().to_string(),
            planned.scan_interval.map(duration::words).unwrap_or_default(),
            configured(channel, planned).map(duration::words).unwrap_or_default(),
            planned.wire_time.map(duration::predicted).unwrap_or_default(),
            planned.share().map(percent).unwrap_or_default(),
            which(channel, planned),
        ]);
        table.row(row);
    }
    text.push_str(&summary(channel.driver.as_ref(), &plan, ""));
    text.push_str(&table.render(4));
    text
}

/// How many requests, how busy they keep the channel, and what is revised for that; `shown` says where else.
fn summary(driver: &dyn Driver, plan: &[PlannedRequest], shown: &str) -> String {
    let mut text = format!("  reading plan: {}", count(plan.len(), "request"));
    if let Some(rate) = sum(plan, |planned| Some(1.0 / planned.scan_interval?.as_secs_f64())) {
        text.push_str(&format!(", {rate:.1} a second"));
    }
    let share = sum(plan, PlannedRequest::share);
    if let Some(share) = share {
        text.push_str(&format!(", {} of the channel's time", percent(share)));
    }
    text.push('\n');
    if let Some(basis) = driver.basis() {
        text.push_str(&format!("  predicted for {basis}\n"));
    }
    match (driver.utilisation(), share) {
        (Some(predicted), _) if predicted.revised < predicted.configured => text.push_str(&format!(
            "  as configured it would be {}: scan intervals are revised{shown}\n",
            percent(predicted.configured)
        )),
        // Times that are only assumed are no reason to revise anything yet.
        (Some(predicted), Some(share)) if share > predicted.most => text.push_str(&format!(
            "  that is more than the {} it may take: if it turns out so, scan intervals are revised as it runs\n",
            percent(predicted.most)
        )),
        _ => {}
    }
    text
}

/// All plans, for programs.
pub(super) fn json(channels: &[Channel]) -> String {
    let channels: Vec<Json> = channels.iter().map(channel_json).collect();
    format!("{:#}\n", json!({ "channels": channels }))
}

fn channel_json(channel: &Channel) -> Json {
    let driver = channel.driver.as_ref();
    let plan = if channel.enabled { driver.plan() } else { Vec::new() };
    let predicted = driver.utilisation();
    json!({
        "channel": channel.name,
        "driver": channel.driver_name,
        "enabled": channel.enabled,
        "basis": driver.basis(),
        "utilisation": sum(&plan, PlannedRequest::share).map(figures::share),
        "configured_utilisation": predicted.map(|predicted| figures::share(predicted.configured)),
        "requests": plan.iter().map(|planned| request_json(channel, planned)).collect::<Vec<_>>(),
    })
}

fn request_json(channel: &Channel, planned: &PlannedRequest) -> Json {
    let points = channel.driver.points();
    let id = |point: &pointcast_api::PointIndex| {
        points.get(point.at()).map(|point| point.id.to_string())
    };
    json!({
        "device": device(channel, planned),
        "request": planned.request,
        "parts": figures::parts(&planned.parts),
        "scan_ms": planned.scan_interval.map(|every| every.as_millis()),
        "configured_scan_ms": configured(channel, planned).map(|every| every.as_millis()),
        "wire_ms": planned.wire_time.map(figures::millis_of),
        "busy_ms": planned.busy_time.map(figures::millis_of),
        "utilisation": planned.share().map(figures::share),
        "points": planned.points.iter().filter_map(id).collect::<Vec<_>>(),
    })
}

/// The first points that a request carries, without the name of their device, and how many more there are.
fn which(channel: &Channel, planned: &PlannedRequest) -> String {
    let prefix = device(channel, planned) + "/";
    let points = channel.driver.points();
    let of_request = planned.points.iter().filter_map(|point| points.get(point.at()));
    let names = of_request.map(|point| {
        let id = point.id.as_str();
        id.strip_prefix(&prefix).unwrap_or(id)
    });
    let shown: Vec<&str> = names.take(MAX_NAMED_POINTS).collect();
    match planned.points.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn device(channel: &Channel, planned: &PlannedRequest) -> String {
    let device = channel.driver.devices().get(planned.device.at());
    device.map(|device| device.name.to_string()).unwrap_or_default()
}

/// How often a request was to be made, where it is made less often.
fn configured(channel: &Channel, planned: &PlannedRequest) -> Option<Duration> {
    let points = channel.driver.points();
    let of_points = planned.points.iter().filter_map(|point| points.get(point.at()));
    let wanted = of_points.filter_map(|point| point.wanted_interval()).min();
    wanted.filter(|wanted| planned.scan_interval.is_some_and(|every| *wanted < every))
}

/// The names of all parts, each with whether all of them are numbers.
fn parts(plan: &[PlannedRequest]) -> Vec<(&'static str, bool)> {
    let mut parts: Vec<(&'static str, bool)> = Vec::new();
    for (name, value) in plan.iter().flat_map(|planned| &planned.parts) {
        let is_number = !matches!(value, Value::Text(_));
        match parts.iter_mut().find(|(known, _)| known == name) {
            Some((_, numbers)) => *numbers &= is_number,
            None => parts.push((name, is_number)),
        }
    }
    parts
}

fn part<'a>(planned: &'a PlannedRequest, name: &str) -> Option<&'a Value> {
    planned.parts.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// The sum of what can be told; `None` where nothing can.
fn sum(plan: &[PlannedRequest], of: impl Fn(&PlannedRequest) -> Option<f64>) -> Option<f64> {
    plan.iter().filter_map(of).filter(|one| one.is_finite()).reduce(|sum, one| sum + one)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
