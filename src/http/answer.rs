//! Answers in memory: bytes that their readers do not take are counted with those of slow streams, and past the same
//! bound no large answer is begun.

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;

use super::Api;
use super::problem::Problem;
use crate::limits::SMALL_BYTES;

/// When a client that was refused may try again, in seconds: slow readers are given up after a while.
const AGAIN_AFTER_S: u32 = 5;

/// An answer's JSON, fresh.
pub(super) fn json(body: Body) -> Response {
    let head = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (head, body).into_response()
}

/// Refuses a large answer while too much waits for slow readers.
pub(super) fn may_be_large(api: &Api) -> Result<(), Problem> {
    let (waiting, most) = (api.sessions.totals().pending().bytes(), api.limits.pending_bytes);
    if waiting <= most {
        return Ok(());
    }
    let detail = format!(
        "{waiting} bytes wait for slow readers; past {most}, answers of more than {SMALL_BYTES} are refused"
    );
    Err(Problem::busy(detail, AGAIN_AFTER_S))
}

/// Counts large answers as long as their bytes are held, and refuses them past the bound. What changes something is
/// refused before it is done.
pub(super) async fn bound(State(api): State<Api>, request: Request, next: Next) -> Response {
    let asks = matches!(*request.method(), Method::GET | Method::HEAD);
    if !asks
        && is_large(request.body())
        && let Err(problem) = may_be_large(&api)
    {
        return problem.into_response();
    }
    let response = next.run(request).await;
    if response.body().size_hint().exact().is_none() || !is_large(response.body()) {
        return response;
    }
    if asks && let Err(problem) = may_be_large(&api) {
        return problem.into_response();
    }
    let (head, body) = response.into_parts();
    // It is in memory already: nothing is waited for, and nothing can fail.
    let body: Bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Response::from_parts(head, api.sessions.totals().pending().count(body).into())
}

fn is_large(body: &Body) -> bool {
    body.size_hint().upper().is_none_or(|bytes| bytes > SMALL_BYTES as u64)
}
