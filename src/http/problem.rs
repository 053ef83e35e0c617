//! Every refusal as a problem document (RFC 9457), with `errors[]` naming each bad field.

use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Most bad fields named in one answer.
pub(super) const MAX_ERRORS: usize = 100;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Of a write: whether it was sent to its device.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<bool>,
    #[serde(skip)]
    retry_after_s: Option<u32>,
}

/// One bad field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct FieldError {
    /// Which: `points[3]`, `interval_ms`.
    pub(super) field: String,
    /// What is wrong with it, and what would be right.
    pub(super) detail: String,
}

impl Problem {
    /// A refusal of the kind that `slug` names; `title` is the same for all of a kind.
    pub(super) fn new(
        status: StatusCode,
        slug: &str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("urn:pointcast:problem:{slug}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            sent: None,
            retry_after_s: None,
        }
    }

    /// Names a bad field of a request that is well-formed.
    pub(super) fn naming(mut self, field: &str, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { field: field.to_owned(), detail: detail.into() });
        self
    }

    /// Says of a write whether it was sent.
    pub(super) fn sent(self, sent: bool) -> Self {
        Self { sent: Some(sent), ..self }
    }

    /// Says when to try again.
    pub(super) fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// A request with bad fields; `errors` is not empty, and the first of them are named.
    pub(super) fn fields(errors: Vec<FieldError>) -> Self {
        let count = errors.len();
        Self::first_of_fields(errors, count)
    }

    /// A request with `count` bad fields, of which `errors` are the first.
    pub(super) fn first_of_fields(mut errors: Vec<FieldError>, count: usize) -> Self {
        let detail = match errors.as_slice() {
            [only] => format!("{}: {}", only.field, only.detail),
            _ => format!("{count} fields are not right"),
        };
        errors.truncate(MAX_ERRORS);
        let title = "The request is not well-formed";
        Self { errors, ..Self::new(StatusCode::BAD_REQUEST, "bad-request", title, detail) }
    }

    /// One bad field.
    pub(super) fn field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { field: field.into(), detail: detail.into() }])
    }

    /// A body past a bound.
    pub(super) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
    }

    pub(super) fn not_found(slug: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, slug, title, detail)
    }

    /// More often than one client may.
    pub(super) fn too_often(detail: impl Into<String>, retry_after_s: u32) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self::new(status, "too-often", "Too many requests of one client", detail)
            .retry_after(retry_after_s)
    }

    /// Past a limit that will make room by itself.
    pub(super) fn busy(detail: impl Into<String>, retry_after_s: u32) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "limit",
            "A limit of the gateway is reached",
            detail,
        )
        .retry_after(retry_after_s)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        // A plain struct of text always has a JSON form.
        let body = serde_json::to_string(&self).unwrap_or_default();
        let kind = [
            (header::CONTENT_TYPE, "application/problem+json"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        let mut response = (status, kind, body).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

pub(super) async fn no_such_resource(uri: Uri) -> Problem {
    let detail = format!("there is nothing at {}; the API is under /api/v1", uri.path());
    Problem::not_found("no-such-resource", "There is no such resource", detail)
}

pub(super) async fn no_such_method(method: Method, uri: Uri) -> Problem {
    let title = "The resource does not take this method";
    let detail = format!("{} does not take {method}; see the Allow header", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no-such-method", title, detail)
}
