//! Query values and bodies, checked, with a name for each bad field.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::Value as Json;
use tokio::time::timeout;

use super::once;
use super::problem::{FieldError, Problem};
use crate::limits::Limits;
use crate::table::Pattern;

/// Longest query string, in bytes: a selection that does not fit belongs into a subscription's body.
const MAX_QUERY_BYTES: usize = 8 * 1024;

/// The name in a request's path, decoded.
pub(super) struct Named(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Path::from_request_parts(parts, state).await;
        let Path(name) = read.map_err(|_| Problem::field("path", "it is not UTF-8"))?;
        Ok(Self(name))
    }
}

/// A request's query: each name once, and only names that the resource knows.
#[derive(Debug)]
pub(super) struct Query {
    values: HashMap<String, String>,
    errors: Vec<FieldError>,
}

impl Query {
    /// Reads a query string. `known` are the names that the resource takes.
    pub(super) fn read(query: Option<&str>, known: &[&str]) -> Self {
        let mut read = Self { values: HashMap::new(), errors: Vec::new() };
        let query = query.unwrap_or_default();
        if query.len() > MAX_QUERY_BYTES {
            let most = format!("longer than {MAX_QUERY_BYTES} bytes; use a subscription's body");
            read.refuse("query", most);
            return read;
        }
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !known.contains(&name.as_ref()) {
                read.refuse(&name, format!("unknown; known here: {}", known.join(", ")));
            } else if read.values.insert(name.to_string(), value.into_owned()).is_some() {
                read.refuse(&name, "given twice".to_owned());
            }
        }
        read
    }

    pub(super) fn refuse(&mut self, field: &str, detail: String) {
        self.errors.push(FieldError { field: field.to_owned(), detail });
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// A whole number within `range`, or `default` when absent.
    pub(super) fn number(
        &mut self,
        name: &str,
        range: std::ops::RangeInclusive<u32>,
        default: u32,
    ) -> u32 {
        let Some(text) = self.text(name) else { return default };
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let detail =
                    format!("give a whole number from {} to {}", range.start(), range.end());
                self.refuse(name, detail);
                default
            }
        }
    }

    /// Comma-separated patterns; `None` when absent, none at all when empty.
    pub(super) fn patterns(&mut self, name: &str) -> Option<Vec<Pattern>> {
        let text = self.text(name)?.to_owned();
        let mut patterns = Vec::new();
        for part in text.split(',').filter(|_| !text.is_empty()) {
            match pattern(part) {
                Ok(pattern) => patterns.push(pattern),
                Err(detail) => self.refuse(name, detail),
            }
        }
        Some(patterns)
    }

    /// Refuses the request if any value was bad. Call it when all values are read.
    pub(super) fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::fields(self.errors)) }
    }
}

/// Reads a pattern, or says what is wrong with it.
pub(super) fn pattern(text: &str) -> Result<Pattern, String> {
    Pattern::new(text).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        format!("{text:?}: {error}{}", cause.unwrap_or_default())
    })
}

/// What `If-Match` wants to be there (RFC 9110 §13.1.1).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum IfMatch {
    /// `*`: anything.
    Any,
    /// One of these, as they stand in their quotes. Weak ones are left out: they never match (§8.8.3.2).
    OneOf(Vec<String>),
}

impl IfMatch {
    /// `None` without the header.
    ///
    /// # Errors
    /// What is neither `*` nor a list of entity tags.
    pub(super) fn read(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        if !headers.contains_key(header::IF_MATCH) {
            return Ok(None);
        }
        let given = headers.get_all(header::IF_MATCH).iter().map(HeaderValue::to_str);
        let fields = given.collect::<Result<Vec<&str>, _>>().ok().map(|fields| fields.join(","));
        let read = match fields.as_deref().map(str::trim) {
            Some("*") => Some(Self::Any),
            Some(list) => strong_tags(list).map(Self::OneOf),
            None => None,
        };
        let wrong = || {
            let detail = "give the ETag as it was answered, with its quotes, or *";
            Problem::field("If-Match", detail)
        };
        read.map(Some).ok_or_else(wrong)
    }
}

/// What stands in the quotes of the strong ones among entity tags; `None` where anything else stands there.
fn strong_tags(list: &str) -> Option<Vec<String>> {
    let (mut rest, mut strong) = (list, Vec::new());
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(strong);
        }
        let weak = rest.strip_prefix("W/");
        let (tag, behind) = weak.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        if weak.is_none() {
            strong.push(tag.to_owned());
        }
        rest = behind.trim_start();
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

/// What stands in the quotes of an `ETag` that is given back; empty for anything else.
pub(super) fn tag(value: &HeaderValue) -> &str {
    let text = value.to_str().unwrap_or_default().trim();
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    quoted.unwrap_or_default()
}

/// Reads a JSON body within the limits. An object in it has each key once.
pub(super) async fn json(
    headers: &HeaderMap,
    body: Body,
    limits: &Limits,
) -> Result<Json, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-json",
            "The body is not JSON",
            "send the body with Content-Type: application/json",
        ));
    }
    let most = limits.body_bytes;
    let collected = timeout(limits.header_timeout, Limited::new(body, most).collect()).await;
    let bytes = match collected {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return Err(Problem::too_large(format!("at most {most} bytes are taken")));
        }
        Ok(Err(_)) => return Err(Problem::field("body", "it broke off")),
        Err(_) => {
            let title = "The body did not arrive in time";
            let detail = format!("it may take {} s", limits.header_timeout.as_secs());
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", title, detail));
        }
    };
    once::read(&bytes).map_err(|error| Problem::fields(vec![error]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[&'static str]) -> Result<Option<IfMatch>, Problem> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(header::IF_MATCH, HeaderValue::from_static(field));
        }
        IfMatch::read(&headers)
    }

    /// RFC 9110 §8.8.3 and §13.1.1. Do not change this test.
    #[test]
    fn entity_tags_are_read_as_the_standard_has_them() {
        let tags = |tags: &[&str]| Some(IfMatch::OneOf(tags.iter().map(|t| (*t).into()).collect()));
        for (fields, expected) in [
            (&[][..], None),
            (&["*"], Some(IfMatch::Any)),
            (&["\"77\""], tags(&["77"])),
            (&["\"a,b\" , W/\"c\",\"\""], tags(&["a,b", ""])),
            (&["W/\"c\""], tags(&[])),
            (&["\"a\"", "\"b\""], tags(&["a", "b"])),
        ] {
            assert_eq!(read(fields), Ok(expected), "{fields:?}");
        }
        for wrong in ["77", "\"a", "a\"", "\"a\"b", "*, \"a\"", "w/\"a\"", "\"a\" \"b\""] {
            assert!(read(&[wrong]).is_err(), "{wrong}");
        }
    }
}
