//! `POST /api/v1/notices`: a message to everybody or to one client, on the streams that are open and on those that
//! come back.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::Api;
use super::accept::Peer;
use super::body::Fields;
use super::problem::Problem;
use super::request;
use super::subscription::unknown_client;
use crate::stream::{Addressee, MAX_NOTICE_BYTES, Severity};

pub(super) async fn send(
    State(api): State<Api>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let json = request::json(&headers, body, &api.limits).await?;
    let mut body = Fields::read(json, &["to", "severity", "text"]);
    let to = body.text("to");
    let severity = body.text("severity");
    let text = body.text("text");
    let to = addressee(&mut body, &to);
    let known = Severity::WORDS.iter().find(|(word, _)| *word == severity);
    if known.is_none() {
        let words = Severity::WORDS.map(|(word, _)| word).join(", ");
        body.refuse("severity".to_owned(), format!("give one of {words}"));
    }
    if text.is_empty() || text.len() > MAX_NOTICE_BYTES {
        body.refuse("text".to_owned(), format!("give 1 to {MAX_NOTICE_BYTES} bytes of text"));
    }
    body.finish()?;
    let severity = known.map_or(Severity::Info, |(_, severity)| *severity);
    let from = peer.remote.ip().to_string();
    let id = api.sessions.notify(to, severity, text, from).ok_or_else(unknown_client)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(json!({"id": id}))).into_response())
}

fn addressee(body: &mut Fields, to: &str) -> Addressee {
    match to.split_once(':') {
        None if to == "*" => return Addressee::Everybody,
        Some(("client", client)) => return Addressee::Client(client.to_owned()),
        Some(("user", _)) => {
            let detail = "no users are known, as long as nobody has to say who they are";
            body.refuse("to".to_owned(), detail.to_owned());
        }
        _ => body.refuse("to".to_owned(), "give * or client:<its name>".to_owned()),
    }
    Addressee::Everybody
}
