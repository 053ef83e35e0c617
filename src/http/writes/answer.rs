//! What is said of a write, once it is known what became of it.

use axum::http::StatusCode;
use axum::response::Response;
use pointcast_api::{Outcome, PointId, Refused, Verdict};

use crate::http::answer::json;
use crate::http::problem::Problem;
use crate::table::value_json;

/// When a write that found no way, or a full queue, may be tried again, in seconds.
pub(super) const RETRY_AFTER_S: u32 = 1;

/// The answer to a write.
pub(super) fn answer(
    point: &PointId,
    answer: Result<Outcome, Refused>,
) -> Result<Response, Problem> {
    let outcome = answer.map_err(|refused| problem(point, refused))?;
    if outcome.verdict == Verdict::Unknown {
        return Err(unconfirmed());
    }
    let verdict = outcome.verdict.as_str();
    // An id needs no escape: its constructor lets nothing in that would.
    let mut body = format!("{{\"point\":\"{point}\",\"verdict\":\"{verdict}\"");
    if let Some(value) = &outcome.value {
        body.push_str(",\"value\":");
        body.push_str(&value_json(value));
    }
    body.push('}');
    Ok(json(body.into()))
}

fn problem(point: &PointId, refused: Refused) -> Problem {
    let detail = refused.to_string();
    match refused {
        Refused::Expired => Problem::new(
            StatusCode::GATEWAY_TIMEOUT,
            "write-not-sent",
            "The write was not sent in time",
            "the deadline passed before it was sent, or before the device was free to take it; \
             it never will be sent",
        )
        .sent(false),
        Refused::Unreachable => unreachable(&detail),
        Refused::NotWritable => not_writable(point),
        Refused::Superseded => Problem::new(
            StatusCode::CONFLICT,
            "write-superseded",
            "A newer write took the place of this one",
            "it was not sent: a newer write to the same point came before its turn",
        )
        .sent(false),
        Refused::Full => Problem::busy(detail, RETRY_AFTER_S).sent(false),
        Refused::Unfit(detail) => out_of_range(detail),
        Refused::ByDevice(_) => Problem::new(
            StatusCode::BAD_GATEWAY,
            "device-refused",
            "The device refused the write",
            detail,
        ),
    }
}

/// It was sent, and nobody knows what became of it, or does not know yet.
fn unconfirmed() -> Problem {
    Problem::new(
        StatusCode::GATEWAY_TIMEOUT,
        "write-unconfirmed",
        "It is not known whether the write was applied",
        "it was sent once, and no answer told in time whether it was applied; it is not sent again. \
         The point shows what the device holds when it is read next",
    )
    .sent(true)
}

/// Nothing was sent, for there is no way.
pub(super) fn unreachable(detail: &str) -> Problem {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let title = "The device cannot be reached";
    let detail = format!("{detail}; nothing was sent");
    Problem::new(status, "device-unreachable", title, detail).sent(false).retry_after(RETRY_AFTER_S)
}

pub(super) fn not_writable(point: &PointId) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "not-writable",
        "The point cannot be written",
        format!("{point} cannot be written: its configuration does not say so"),
    )
    .naming("point", "give a point whose `writable` is true")
}

pub(super) fn out_of_range(detail: String) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "out-of-range",
        "The point cannot hold this value",
        format!("value: {detail}"),
    )
    .naming("value", detail)
}
