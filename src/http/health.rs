//! `/healthz` and `/readyz`, for whoever starts and watches the gateway.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Api;

/// The process answers.
pub(super) async fn live() -> Response {
    answer(StatusCode::OK, "live")
}

/// New clients are welcome: true from the first request that can be answered until the drain begins.
pub(super) async fn ready(State(api): State<Api>) -> Response {
    if api.stop.is_cancelled() {
        answer(StatusCode::SERVICE_UNAVAILABLE, "draining")
    } else {
        answer(StatusCode::OK, "ready")
    }
}

fn answer(status: StatusCode, word: &str) -> Response {
    let head = [(header::CACHE_CONTROL, "no-store")];
    (status, head, Json(json!({ "status": word }))).into_response()
}
