//! `/api/v1/boards`: pages of tiles that people arrange, kept on the gateway.
//!
//! `ETag` is a board's version. A change says which it was made from (`If-Match`), or that it is new
//! (`If-None-Match: *`): two people who arrange the same board do not undo each other's work unseen.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};
use tracing::{info, warn};

use super::Api;
use super::answer;
use super::problem::Problem;
use super::request::{self, IfMatch, Named};
use crate::boards::{BoardError, BoardName, Line, MAX_NAME_BYTES, Seen, Version};

/// When to try again where others were at the files, in seconds.
const AGAIN_AFTER_S: u32 = 1;

pub(super) async fn list(State(api): State<Api>) -> Result<Response, Problem> {
    let lines = api.boards.list().await.map_err(problem)?;
    let boards: Vec<Json> = lines.into_iter().map(line).collect();
    Ok(answer::json(json!({ "boards": boards }).to_string().into()))
}

pub(super) async fn show(State(api): State<Api>, Named(board): Named) -> Result<Response, Problem> {
    let board = api.boards.get(name(&board)?).await.map_err(problem)?;
    Ok((etag(board.version), answer::json(board.text.into())).into_response())
}

pub(super) async fn put(
    State(api): State<Api>,
    Named(board): Named,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let name = name(&board)?;
    let seen = seen(&headers)?;
    let json = request::json(&headers, body, &api.limits).await?;
    let status = match seen {
        Seen::None => StatusCode::CREATED,
        Seen::Any | Seen::OneOf(_) => StatusCode::OK,
    };
    let version = api.boards.put(name, seen, json).await.map_err(problem)?;
    info!(board, %version, "a board was changed");
    let told = json!({"name": board, "version": version.to_string()});
    Ok((status, etag(version), answer::json(told.to_string().into())).into_response())
}

pub(super) async fn remove(
    State(api): State<Api>,
    Named(board): Named,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let name = name(&board)?;
    let seen = seen(&headers)?;
    if seen == Seen::None {
        return Err(unsaid());
    }
    api.boards.remove(name, seen).await.map_err(problem)?;
    info!(board, "a board was removed");
    Ok(StatusCode::NO_CONTENT)
}

fn line(Line { name, board, given }: Line) -> Json {
    match board {
        Ok((title, version)) => json!({
            "name": name.as_str(), "title": title, "version": version.to_string(), "given": given
        }),
        Err(error) => json!({"name": name.as_str(), "error": error, "given": given}),
    }
}

fn name(text: &str) -> Result<BoardName, Problem> {
    BoardName::new(text).ok_or_else(|| {
        let detail = format!(
            "{text:?} is no board's name: give small letters, digits and hyphens between them, \
             at most {MAX_NAME_BYTES}"
        );
        Problem::field("board", detail)
    })
}

/// What the change was made from.
fn seen(headers: &HeaderMap) -> Result<Seen, Problem> {
    match (IfMatch::read(headers)?, headers.get(header::IF_NONE_MATCH)) {
        (None, Some(any)) if any == "*" => Ok(Seen::None),
        (Some(IfMatch::Any), None) => Ok(Seen::Any),
        // A tag that no board ever has is that of none: it does not match.
        (Some(IfMatch::OneOf(tags)), None) => {
            Ok(Seen::OneOf(tags.iter().filter_map(|tag| Version::parse(tag)).collect()))
        }
        (None, None | Some(_)) | (Some(_), Some(_)) => Err(unsaid()),
    }
}

fn unsaid() -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_REQUIRED,
        "which-version",
        "The request does not say which version it was made from",
        "give If-Match with the board's ETag; for a new board, If-None-Match: *",
    )
}

fn etag(version: Version) -> [(header::HeaderName, HeaderValue); 1] {
    // Sixteen digits in quotes are a header's value.
    let tag = HeaderValue::from_str(&format!("\"{version}\""));
    [(header::ETAG, tag.unwrap_or_else(|_| HeaderValue::from_static("\"\"")))]
}

fn problem(error: BoardError) -> Problem {
    let detail = error.to_string();
    match error {
        BoardError::Unknown => {
            let detail = "GET /api/v1/boards lists them";
            Problem::not_found("unknown-board", "There is no such board", detail)
        }
        BoardError::Conflict(now) => Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "conflict",
            "The board has changed meanwhile",
            match now {
                Some(now) => format!("it is at version {now}; read it and try again"),
                None => {
                    "there is none of that name any more; give If-None-Match: * to keep it anew"
                        .to_owned()
                }
            },
        ),
        BoardError::Exists(now) => {
            let title = "There is a board of that name already";
            let detail = format!(
                "it is at version {now}: give If-Match with its ETag to change it, or another name"
            );
            Problem::new(StatusCode::PRECONDITION_FAILED, "board-exists", title, detail)
        }
        BoardError::TooLarge => Problem::too_large(detail),
        BoardError::Given => {
            let title = "The board comes with the configuration";
            Problem::new(StatusCode::CONFLICT, "given-board", title, detail)
        }
        BoardError::TooMany => {
            let title = "There are too many boards";
            Problem::new(StatusCode::CONFLICT, "too-many-boards", title, detail)
        }
        BoardError::Unfit(field, detail) => Problem::field(field, detail),
        BoardError::NotKept => {
            let title = "Boards cannot be changed here";
            Problem::new(StatusCode::FORBIDDEN, "boards-not-kept", title, detail)
        }
        BoardError::Files(_) => {
            warn!(error = detail, "a board cannot be read or written");
            let title = "The board's file cannot be used";
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "board-file", title, detail)
        }
        BoardError::Late => {
            let title = "It is not known yet whether it was done";
            Problem::new(StatusCode::GATEWAY_TIMEOUT, "board-unconfirmed", title, detail)
        }
        BoardError::Busy => Problem::busy(detail, AGAIN_AFTER_S),
    }
}
