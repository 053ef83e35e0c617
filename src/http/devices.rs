//! `/api/v1/devices`: state, statistics and reading plan of each device.

use axum::Json as JsonBody;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value as Json, json};

use super::Api;
use super::problem::Problem;
use super::request::Named;
use crate::devices::{Device, PlanLine};
use crate::figures;

pub(super) async fn list(State(api): State<Api>) -> Response {
    let devices: Vec<Json> = api.devices.all().iter().map(describe).collect();
    no_store(json!({ "devices": devices }))
}

pub(super) async fn one(State(api): State<Api>, Named(name): Named) -> Result<Response, Problem> {
    let device = api.devices.find(&name).ok_or_else(|| {
        let detail = format!("no device is called {name:?}; GET /api/v1/devices lists them");
        Problem::not_found("unknown-device", "There is no such device", detail)
    })?;
    let mut body = describe(device);
    if let Some(fields) = body.as_object_mut() {
        let plan: Vec<Json> = device.plan().iter().map(|line| plan_line(&api, line)).collect();
        fields.insert("plan".to_owned(), plan.into());
    }
    Ok(no_store(body))
}

fn describe(device: &Device) -> Json {
    let report = device.report();
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
        "scan_ms": device.scan_ms(&report),
        "points": device.points.len(),
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
    json!({
        "request": line.request,
        "scan_ms": line.scan_interval.map(|interval| interval.as_millis()),
        "wire_ms": line.wire_time.map(|time| figures::millis(time.as_secs_f64() * 1_000.0)),
        "refused": line.is_refused,
        "points": line.points.iter().filter_map(id).collect::<Vec<_>>(),
    })
}

fn no_store(body: Json) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], JsonBody(body)).into_response()
}
