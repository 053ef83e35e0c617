//! `/api/v1/clients/{client}/subscription`: which points a client's stream carries.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each reader wants one kind of JSON and refuses every other"
)]

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

use super::Api;
use super::problem::{FieldError, MAX_ERRORS, Problem};
use super::request::{self, Named};
use crate::stream::{Edit, EditError, Edited, Session, Verdict};
use crate::table::Pattern;

pub(super) async fn show(
    State(api): State<Api>,
    Named(client): Named,
) -> Result<Response, Problem> {
    Ok(answer(find(&api, &client)?.subscription()))
}

pub(super) async fn put(
    State(api): State<Api>,
    Named(client): Named,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let session = find(&api, &client)?;
    let mut body = Fields::read(request::json(&headers, body, &api.limits).await?, &["points"]);
    let points = body.patterns("points", true);
    body.finish()?;
    edit(&session, Edit::Put(points), &headers)
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
    let add = body.patterns("add", false);
    let remove = body.texts("remove");
    body.finish()?;
    edit(&session, Edit::Patch { add, remove }, &headers)
}

pub(super) async fn clear(
    State(api): State<Api>,
    Named(client): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    edit(&*find(&api, &client)?, Edit::Put(Vec::new()), &headers)
}

fn find(api: &Api, client: &str) -> Result<Arc<Session>, Problem> {
    api.sessions.find(client).ok_or_else(unknown)
}

fn unknown() -> Problem {
    let detail =
        "the session is unknown or its life is over; open a stream and use the client it names";
    Problem::not_found("unknown-client", "There is no such client", detail)
}

fn edit(session: &Session, edit: Edit, headers: &HeaderMap) -> Result<Response, Problem> {
    match session.edit(edit, if_match(headers)?) {
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
        Err(EditError::Over) => Err(unknown()),
    }
}

/// The revision that `If-Match` names; `None` for none and for `*`.
fn if_match(headers: &HeaderMap) -> Result<Option<u32>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let revision = quoted.and_then(|digits| digits.parse().ok());
    let detail = "give the ETag as it was answered, e.g. \"3\" with its quotes";
    revision.map(Some).ok_or_else(|| Problem::field("If-Match", detail))
}

fn answer(edited: Edited) -> Response {
    let entry = |(given, verdict): (String, Verdict)| match verdict {
        Verdict::Selected(count) => json!({"match": given, "status": "ok", "count": count}),
        Verdict::Removed => json!({"match": given, "status": "ok"}),
        Verdict::Unknown => json!({"match": given, "status": "unknown", "count": 0}),
        Verdict::NoSuchEntry => json!({"match": given, "status": "unknown"}),
        Verdict::Limit => json!({"match": given, "status": "limit"}),
    };
    let entries: Vec<Json> =
        edited.entries.into_iter().map(|e| entry((e.given, e.verdict))).collect();
    let head = [
        (header::ETAG, format!("\"{}\"", edited.revision)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let body = json!({"revision": edited.revision, "entries": entries});
    (head, axum::Json(body)).into_response()
}

/// The fields of a body, taken one by one, with every bad one named.
struct Fields {
    fields: serde_json::Map<String, Json>,
    errors: Vec<FieldError>,
}

impl Fields {
    fn read(body: Json, known: &[&str]) -> Self {
        let mut read = Self { fields: serde_json::Map::new(), errors: Vec::new() };
        match body {
            Json::Object(fields) => read.fields = fields,
            _ => read.refuse("body".to_owned(), "give a JSON object".to_owned()),
        }
        let unknown: Vec<String> =
            read.fields.keys().filter(|key| !known.contains(&key.as_str())).cloned().collect();
        for key in unknown {
            read.refuse(key, format!("unknown; known here: {}", known.join(", ")));
        }
        read
    }

    fn refuse(&mut self, field: String, detail: String) {
        // A body can have half a million of them.
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(FieldError { field, detail });
        }
    }

    fn list(&mut self, key: &str, required: bool) -> Vec<Json> {
        match self.fields.remove(key) {
            Some(Json::Array(list)) => return list,
            None if !required || !self.errors.is_empty() => {}
            None => self.refuse(key.to_owned(), "missing; give a list of patterns".to_owned()),
            Some(_) => self.refuse(key.to_owned(), "give a list".to_owned()),
        }
        Vec::new()
    }

    /// A list of entries: a pattern as text, or an object with `match`.
    fn patterns(&mut self, key: &str, required: bool) -> Vec<Pattern> {
        let mut patterns = Vec::new();
        for (at, entry) in self.list(key, required).into_iter().enumerate() {
            let field = format!("{key}[{at}]");
            let text = match &entry {
                Json::String(text) => text,
                Json::Object(entry) => match self.match_of(&field, entry) {
                    Some(text) => text,
                    None => continue,
                },
                _ => {
                    let detail = "give a pattern, or an object with match".to_owned();
                    self.refuse(field, detail);
                    continue;
                }
            };
            match request::pattern(text) {
                Ok(pattern) => patterns.push(pattern),
                Err(detail) => self.refuse(field, detail),
            }
        }
        patterns
    }

    fn match_of<'a>(
        &mut self,
        field: &str,
        entry: &'a serde_json::Map<String, Json>,
    ) -> Option<&'a str> {
        for key in entry.keys().filter(|key| *key != "match") {
            let detail = "unknown; this version knows only match".to_owned();
            self.refuse(format!("{field}.{key}"), detail);
        }
        let text = entry.get("match").and_then(Json::as_str);
        if text.is_none() {
            self.refuse(format!("{field}.match"), "give a pattern as text".to_owned());
        }
        text
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for (at, entry) in self.list(key, false).into_iter().enumerate() {
            match entry {
                Json::String(text) => texts.push(text),
                _ => self.refuse(format!("{key}[{at}]"), "give the entry as text".to_owned()),
            }
        }
        texts
    }

    fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::fields(self.errors)) }
    }
}
