//! An answer that is no stream: whether asking again can help, and what it says. Pure.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;

use super::line::printable;

/// Whether another try can end otherwise.
pub(super) fn is_worth_retrying(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

/// The wait that the gateway asks for, in whole seconds (RFC 9110 §10.2.3).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

/// A problem document (RFC 9457) in words; what is none gives its status alone.
pub(super) fn words(status: StatusCode, body: &[u8]) -> String {
    let mut words = format!("the gateway answered {status}");
    let Ok(problem) = serde_json::from_slice::<Problem>(body) else {
        return words;
    };
    let detail = problem.detail.or(problem.title).map(|detail| printable(&detail));
    if let Some(detail) = &detail {
        words.push_str(&format!(": {detail}"));
    }
    for FieldError { field, detail: why } in &problem.errors {
        let error = printable(&format!("{field}: {why}"));
        if detail.as_ref().is_none_or(|detail| *detail != error) {
            words.push_str(&format!("\n    {error}"));
        }
    }
    words
}

#[derive(Deserialize)]
struct Problem {
    title: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    errors: Vec<FieldError>,
}

#[derive(Deserialize)]
struct FieldError {
    field: String,
    detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for status in [400, 401, 403, 404, 405, 421, 200, 301] {
            assert!(!is_worth_retrying(StatusCode::from_u16(status).unwrap()), "{status}");
        }
        for status in [408, 429, 500, 502, 503] {
            assert!(is_worth_retrying(StatusCode::from_u16(status).unwrap()), "{status}");
        }
    }

    #[test]
    fn a_problem_is_told_in_words() {
        let body = |errors: &str| {
            let text = r#"{"type":"urn:x","title":"t","status":400,"detail":"a: wrong","errors":["#;
            words(StatusCode::BAD_REQUEST, format!("{text}{errors}]}}").as_bytes())
        };
        let one = r#"{"field":"a","detail":"wrong"}"#;
        let said = "the gateway answered 400 Bad Request: a: wrong";
        assert_eq!(body(one), said);
        assert_eq!(
            body(&format!(r#"{one},{{"field":"b","detail":"worse"}}"#)),
            format!("{said}\n    b: worse")
        );
        assert_eq!(
            words(StatusCode::FORBIDDEN, b"<html>\x1b"),
            "the gateway answered 403 Forbidden"
        );
        assert_eq!(
            words(StatusCode::NOT_FOUND, b"{\"title\":\"no\\u001b such\"}"),
            "the gateway answered 404 Not Found: no\\u{1b} such"
        );
    }

    #[test]
    fn the_wait_asked_for_is_read() {
        let after = |text: &'static str| {
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]))
        };
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("soon"), None);
    }
}
