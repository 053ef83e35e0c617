//! `/api/v1/devices`: state, statistics and reading plan of each device.

use std::time::Duration;

use axum::Json as JsonBody;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value as Json, json};

use super::Api;
use super::lookup::Cost;
use super::problem::Problem;
use super::request::Named;
use crate::devices::{Device, PlanLine};
use crate::figures;

pub(super) async fn list(State(api): State<Api>) -> Result<Response, Problem> {
    let all = api.devices.all();
    let points = all.iter().map(|device| device.points.len()).sum();
    let tell = || all.iter().map(|device| describe(&api, device)).collect();
    let devices: Vec<Json> = api.lookups.aside(Cost::of_taking(points), tell).await?;
    Ok(no_store(json!({ "devices": devices })))
}

pub(super) async fn one(State(api): State<Api>, Named(name): Named) -> Result<Response, Problem> {
    let device = api.devices.find(&name).ok_or_else(|| {
        let detail = format!("no device is called {name:?}; GET /api/v1/devices lists them");
        Problem::not_found("unknown-device", "There is no such device", detail)
    })?;
    let tell = || {
        let mut body = describe(&api, device);
        if let Some(fields) = body.as_object_mut() {
            let plan: Vec<Json> = device.plan().iter().map(|line| plan_line(&api, line)).collect();
            fields.insert("plan".to_owned(), plan.into());
        }
        body
    };
    Ok(no_store(api.lookups.aside(Cost::of_taking(device.points.len()), tell).await?))
}

fn describe(api: &Api, device: &Device) -> Json {
    let report = device.report();
    let scan_ms = device.scan_ms(&report);
    let [good, uncertain, bad] = api.table.qualities(&device.points);
    let codes = report.counters.exception_codes.iter();
    let codes: Map<String, Json> =
        codes.map(|(code, count)| (format!("{code:02}"), count.into())).collect();
    json!({
        "device": device.name,
        "channel": device.channel,
        "driver": device.driver,
        "address": device.address,
        "state": report.state.as_str(),
        "last_error": report.last_error,
        "scan_ms": scan_ms,
        "configured_scan_ms": shorter(device.configured_interval, scan_ms),
        "points": device.points.len(),
        "qualities": { "good": good, "uncertain": uncertain, "bad": bad },
        "requests": report.counters.requests,
        "timeouts": report.counters.timeouts,
        "exceptions": report.counters.exceptions,
        "exception_codes": codes,
        "malformed": report.counters.malformed,
        "damaged": report.counters.damaged,
        "foreign": report.counters.foreign,
        "misshapen": report.counters.misshapen,
        "channel_malformed": report.counters.channel_malformed,
        "late": report.counters.late,
        "utilisation": report.utilisation.map(figures::share),
        "response_ms": report.response_ms.map(figures::millis),
    })
}

fn plan_line(api: &Api, line: &PlanLine) -> Json {
    let catalog = api.table.catalog();
    let id = |index: &_| catalog.entry(*index).map(|entry| entry.id().as_str());
    let wanted = |index: &_| catalog.entry(*index)?.traits().wanted_interval();
    let scan_ms = line.scan_interval.map(millis);
    json!({
        "request": line.request,
        "parts": figures::parts(&line.parts),
        "scan_ms": scan_ms,
        "configured_scan_ms": shorter(line.points.iter().filter_map(wanted).min(), scan_ms),
        "wire_ms": line.wire_time.map(figures::millis_of),
        "busy_ms": line.busy_time.map(figures::millis_of),
        "refused": line.is_refused,
        "points": line.points.iter().filter_map(id).collect::<Vec<_>>(),
    })
}

/// How often something was to be read, where that is more often than it is.
fn shorter(configured: Option<Duration>, scan_ms: Option<u64>) -> Option<u64> {
    configured.map(millis).filter(|wanted| scan_ms.is_some_and(|every| *wanted < every))
}

fn millis(interval: Duration) -> u64 {
    u64::try_from(interval.as_millis()).unwrap_or(u64::MAX)
}

fn no_store(body: Json) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], JsonBody(body)).into_response()
}
