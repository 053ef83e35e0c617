//! `GET /api/v1/clients/{client}`: one client's session, and what was sent to it.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Api;
use super::problem::Problem;
use super::request::Named;
use super::subscription::find;
use crate::stream::Overview;

pub(super) async fn show(
    State(api): State<Api>,
    Named(client): Named,
) -> Result<Response, Problem> {
    let Overview { connected, revision, entries, points, sent } = find(&api, &client)?.overview();
    let body = json!({
        "client": client,
        "connected": connected,
        "revision": revision,
        "entries": entries,
        "points": points,
        "frames": sent.frames,
        "changes": sent.changes,
        "skipped": sent.skipped,
        "bytes": sent.bytes,
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response())
}
