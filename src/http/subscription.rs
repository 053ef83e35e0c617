//! `/api/v1/clients/{client}/subscription`: which points a client's stream carries.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::Api;
use super::body::Fields;
use super::lookup::Cost;
use super::problem::Problem;
use super::request::{self, Named};
use crate::stream::{Deadband, Edit, EditError, Edited, EntryVerdict, Session, Verdict};

/// When a client that edits too often may try again, in seconds.
const EDIT_AGAIN_AFTER_S: u32 = 1;

pub(super) async fn show(
    State(api): State<Api>,
    Named(client): Named,
) -> Result<Response, Problem> {
    let session = find(&api, &client)?;
    let cost = match session.is_counted() {
        true => Cost::default(),
        false => Cost::of_counting(&api.table.catalog(), session.patterns().iter()),
    };
    Ok(answer(api.lookups.aside(cost, || session.subscription()).await?))
}

pub(super) async fn put(
    State(api): State<Api>,
    Named(client): Named,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let session = find(&api, &client)?;
    let mut body = Fields::read(request::json(&headers, body, &api.limits).await?, &["points"]);
    let points = body.entries("points", true);
    body.finish()?;
    edit(&api, &session, Edit::Put(points), &headers).await
}

pub(super) async fn patch(
    State(api): State<Api>,
    Named(client): Named,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let session = find(&api, &client)?;
    let json = request::json(&headers, body, &api.limits).await?;
    let mut body = Fields::read(json, &["add", "remove"]);
    let add = body.entries("add", false);
    let remove = body.entry_names("remove");
    body.finish()?;
    edit(&api, &session, Edit::Patch { add, remove }, &headers).await
}

pub(super) async fn clear(
    State(api): State<Api>,
    Named(client): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    edit(&api, &find(&api, &client)?, Edit::Put(Vec::new()), &headers).await
}

pub(super) fn find(api: &Api, client: &str) -> Result<Arc<Session>, Problem> {
    api.sessions.find(client).ok_or_else(unknown_client)
}

pub(super) fn unknown_client() -> Problem {
    let detail =
        "the session is unknown or its life is over; open a stream and use the client it names";
    Problem::not_found("unknown-client", "There is no such client", detail)
}

async fn edit(
    api: &Api,
    session: &Arc<Session>,
    edit: Edit,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let if_match = if_match(headers)?;
    let (given, kept) = match &edit {
        Edit::Put(entries) => (entries, Vec::new()),
        Edit::Patch { add, .. } => (add, session.patterns()),
    };
    let patterns = given.iter().map(|entry| &entry.pattern).chain(&kept);
    let cost = Cost::of_selecting(&api.table.catalog(), patterns);
    match api.lookups.aside(cost, || session.edit(edit, if_match)).await? {
        Ok(edited) => Ok(answer(edited)),
        Err(EditError::Conflict(revision)) => Err(Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "conflict",
            "The subscription has changed meanwhile",
            format!("it is at revision {revision}; read it and try again"),
        )),
        Err(error @ EditError::TooManyEntries(..)) => {
            Err(Problem::field("points", error.to_string()))
        }
        Err(error @ EditError::TooOften(_)) => {
            Err(Problem::too_often(error.to_string(), EDIT_AGAIN_AFTER_S))
        }
        Err(EditError::Over) => Err(unknown_client()),
    }
}

/// The revision that `If-Match` names; `None` for none and for `*`.
fn if_match(headers: &HeaderMap) -> Result<Option<u32>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    if value.to_str().is_ok_and(|text| text.trim() == "*") {
        return Ok(None);
    }
    let revision = request::tag(value).parse().ok();
    let detail = "give the ETag as it was answered, e.g. \"3\" with its quotes";
    revision.map(Some).ok_or_else(|| Problem::field("If-Match", detail))
}

fn answer(edited: Edited) -> Response {
    let entries: Vec<Told> = edited.entries.into_iter().map(told).collect();
    let head = [
        (header::ETAG, format!("\"{}\"", edited.revision)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let body = json!({"revision": edited.revision, "entries": entries});
    (head, axum::Json(body)).into_response()
}

/// An entry with what became of it, and what it wants to hear where that is not every change.
#[derive(Serialize)]
struct Told {
    #[serde(rename = "match")]
    given: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval_ms: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadband: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flush_ms: Option<u32>,
}

fn told(verdict: EntryVerdict) -> Told {
    let EntryVerdict { given, entry, verdict } = verdict;
    let (status, count) = match verdict {
        Verdict::Selected(count) => ("ok", Some(count)),
        Verdict::Removed => ("ok", None),
        Verdict::Unknown => ("unknown", Some(0)),
        Verdict::NoSuchEntry => ("unknown", None),
        Verdict::Limit => ("limit", None),
    };
    let wish = entry.map(|entry| entry.wish()).unwrap_or_default();
    let deadband = wish.deadband.map(|deadband| match deadband {
        Deadband::Absolute(width) => json!({"absolute": width}),
        Deadband::Percent(percent) => json!({"percent": percent}),
    });
    let interval_ms = Some(wish.interval_ms).filter(|interval_ms| *interval_ms > 0);
    Told { given, status, count, interval_ms, deadband, flush_ms: wish.flush_ms }
}
