//! `GET /api/v1/stream`: the events of one client.

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::Api;
use super::accept::{HandOver, Peer};
use super::lookup::Cost;
use super::problem::Problem;
use super::pump::Framing;
use super::request::Query;
use crate::stream::{Opening, Pace, Refused};
use crate::table;

const KNOWN: [&str; 6] =
    ["points", "format", "interval_ms", "heartbeat_ms", "last_event_id", "token"];

/// When a client that was refused for a limit may try again.
const RETRY_AFTER_S: u32 = 5;

/// The fields of the answer's head.
pub(super) const EVENT_STREAM: [(&str, &str); 3] = [
    ("content-type", "text/event-stream"),
    ("cache-control", "no-store, no-transform"),
    ("x-accel-buffering", "no"),
];

type Event = Result<Bytes, std::convert::Infallible>;

pub(super) async fn open(
    State(api): State<Api>,
    Extension(peer): Extension<Peer>,
    hand_over: Option<Extension<HandOver>>,
    version: Version,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !takes_event_stream(&headers) {
        return Err(Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            "not-acceptable",
            "The stream is text/event-stream",
            "send Accept: text/event-stream",
        ));
    }
    let mut query = Query::read(query.as_deref(), &KNOWN);
    let interval_ms = query.number("interval_ms", 0..=60_000, 0);
    let heartbeat_ms = query.number("heartbeat_ms", 1_000..=60_000, 15_000);
    let points = query.patterns("points");
    let form = match query.text("format") {
        None => table::Form::Plain,
        Some("compact") => table::Form::Compact,
        Some(_) => {
            query.refuse("format", "give compact, or leave it out".to_owned());
            table::Form::Plain
        }
    };
    // The header is newer: a browser sends it beside the address the page once opened.
    let header_id = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let ids = [header_id, query.text("last_event_id")];
    let last_event_id = ids.into_iter().flatten().find(|id| !id.is_empty()).map(str::to_owned);
    query.finish()?;
    if method == Method::HEAD {
        // Nobody is there to read: no session is worth it.
        return Ok(event_stream(Body::from_stream(stream::empty::<Event>())));
    }
    let cost = Cost::of_selecting(&api.table.catalog(), points.iter().flatten());
    let opening = Opening {
        last_event_id: last_event_id.as_deref(),
        points,
        pace: Pace { interval_ms, heartbeat_ms },
        form,
        address: peer.remote.ip(),
    };
    let feed = api.lookups.aside(cost, || api.sessions.open(opening)).await?.map_err(refused)?;
    if let Some(Extension(hand_over)) = hand_over {
        let http_10 = version == Version::HTTP_10;
        let framing = if http_10 { Framing::UntilClosed } else { Framing::Chunks };
        match hand_over.leave(feed, framing).await {}
    }
    let stop = api.stop;
    let events = stream::unfold((feed, stop), |(mut feed, stop)| async move {
        let event: Bytes = feed.next(&stop).await?;
        Some((Event::Ok(event), (feed, stop)))
    });
    Ok(event_stream(Body::from_stream(events)))
}

fn event_stream(events: Body) -> Response {
    (EVENT_STREAM, events).into_response()
}

fn takes_event_stream(headers: &HeaderMap) -> bool {
    let mut given = headers.get_all(header::ACCEPT).iter().peekable();
    let any = |value: &str| {
        value.split(',').any(|range| {
            let range = range.split(';').next().unwrap_or_default().trim();
            ["text/event-stream", "text/*", "*/*"].iter().any(|r| range.eq_ignore_ascii_case(r))
        })
    };
    given.peek().is_none() || given.any(|value| value.to_str().is_ok_and(any))
}

fn refused(why: Refused) -> Problem {
    match why {
        Refused::Streams(_)
        | Refused::StreamsPerAddress(_)
        | Refused::SessionsPerAddress(_)
        | Refused::Sessions(_)
        | Refused::TooOften(_)
        | Refused::Points(..) => Problem::busy(why.to_string(), RETRY_AFTER_S),
        Refused::Entries(..) => Problem::field("points", why.to_string()),
    }
}
