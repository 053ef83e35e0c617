//! `POST /api/v1/writes`: a setpoint on its way to a device, answered when it is known what became of it.
//!
//! Past its deadline a write that was not sent never will be, and the answer says which of the two it is. The same
//! holds when the client leaves: what was not sent is withdrawn. What was sent is sent, and its effect comes through
//! the stream as any change does.

mod answer;
mod value;

use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use pointcast_api::{Outcome, PointId, Refused, Value, Verdict};
use serde_json::Value as Json;
use tokio::time::{Instant, timeout_at};
use tracing::info;

use super::Api;
use super::accept::Peer;
use super::body::Fields;
use super::points;
use super::problem::Problem;
use super::request;
use crate::outlet::is_within;
use crate::table::{Entry, Index};
use crate::writes::NotTaken;
use value::Unfit;

/// How long a write may take, unless asked otherwise: a few exchanges on a slow line, and no longer than whoever
/// pressed a button waits.
const DEFAULT_DEADLINE_MS: u32 = 5_000;

/// The shortest and the longest that can be asked for. Past a minute nobody remembers what was asked.
const DEADLINE_MS: std::ops::RangeInclusive<u32> = 50..=60_000;

/// What is asked for, checked.
struct Wish {
    point: PointId,
    index: Index,
    value: Value,
    deadline: Instant,
}

pub(super) async fn send(
    State(api): State<Api>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let json = request::json(&headers, body, &api.limits).await?;
    let Wish { point, index, value, deadline } = wish(&api, json)?;
    let mut ticket = api.writes.send(index, value.clone(), deadline).map_err(not_taken)?;
    let answer = match timeout_at(deadline, ticket.answer()).await {
        Ok(answer) => answer,
        Err(_) if ticket.withdraw() => Err(Refused::Expired),
        Err(_) => Ok(Outcome { verdict: Verdict::Unknown, value: None }),
    };
    let told = match &answer {
        Ok(outcome) => outcome.verdict.as_str().to_owned(),
        Err(refused) => refused.to_string(),
    };
    info!(%point, value = %value, from = %peer.remote.ip(), outcome = told, "a write was asked for");
    answer::answer(&point, answer)
}

/// Checks a body against the points and the configuration.
fn wish(api: &Api, json: Json) -> Result<Wish, Problem> {
    let mut body = Fields::read(json, &["point", "value", "deadline_ms"]);
    let point = body.text("point");
    let value = body.value("value");
    let within = body.number("deadline_ms", DEADLINE_MS, DEFAULT_DEADLINE_MS);
    body.finish()?;
    let deadline = Instant::now() + Duration::from_millis(within.into());
    let point = PointId::new(&point).map_err(|error| Problem::field("point", error.to_string()))?;
    if !api.writes.enabled() {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "writes-off",
            "Nothing can be written here",
            "the gateway's configuration does not allow writes",
        ));
    }
    let catalog = api.table.catalog();
    let index = catalog.find(&point).filter(|index| api.table.read(*index).is_some());
    let index = index.ok_or_else(|| points::unknown(&point))?;
    let entry = catalog.entry(index).ok_or_else(|| points::unknown(&point))?;
    let value = checked(entry, &value)?;
    Ok(Wish { point, index, value, deadline })
}

/// The value, if the point may be written and may hold it.
fn checked(entry: &Entry, json: &Json) -> Result<Value, Problem> {
    let declared = entry.traits();
    if !declared.writable {
        return Err(answer::not_writable(entry.id()));
    }
    let has_names = !declared.details.about().labels.is_empty();
    let value = value::read(json, declared.value_type, has_names).map_err(|unfit| match unfit {
        Unfit::Kind(detail) => Problem::field("value", detail),
        Unfit::Size(detail) => answer::out_of_range(detail),
    })?;
    match declared.details.about().range {
        Some(range) if !is_within(&value, range) => {
            let (low, high) = range;
            let unit = declared.details.about().unit.as_ref().map(|unit| format!(" {unit}"));
            let unit = unit.unwrap_or_default();
            Err(answer::out_of_range(format!("give {low} to {high}{unit}")))
        }
        Some(_) | None => Ok(value),
    }
}

fn not_taken(why: NotTaken) -> Problem {
    match why {
        NotTaken::Full => Problem::busy(why.to_string(), answer::RETRY_AFTER_S),
        NotTaken::NoChannel => answer::unreachable(&why.to_string()),
    }
}
