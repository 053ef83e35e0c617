//! `/api/v1/points`: values and metadata, for those who ask once or poll.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use pointcast_api::{PointId, StaleAfter};
use serde::Serialize;
use serde_json::Value as Json;

use super::Api;
use super::answer;
use super::body::Fields;
use super::listing::{self, End};
use super::lookup::Cost;
use super::problem::Problem;
use super::request::{self, Named, Query};
use crate::table::{Catalog, Entry, Index, Pattern, State as PointState, write_state};

/// Points in one page of the list, unless asked otherwise.
const DEFAULT_PAGE: u32 = 1_000;

/// Most points in one page of the list, and most ids in one read.
const MAX_PAGE: u16 = 10_000;

/// Most patterns in one list's `match`: every one of them may be held against every point.
const MAX_MATCHES: usize = 32;

pub(super) async fn list(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let mut query = Query::read(query.as_deref(), &["match", "limit", "cursor"]);
    let limit =
        usize::try_from(query.number("limit", 1..=MAX_PAGE.into(), DEFAULT_PAGE)).unwrap_or(1);
    let patterns = match query.patterns("match") {
        Some(patterns) if !patterns.is_empty() => patterns,
        _ => everything(),
    };
    if patterns.len() > MAX_MATCHES {
        query.refuse("match", format!("at most {MAX_MATCHES} patterns are taken"));
    }
    let cursor = query.text("cursor").map(str::to_owned);
    query.finish()?;
    let catalog = api.table.catalog();
    let cost = Cost::of_page(&catalog, &patterns, limit);
    let after = cursor.as_deref().unwrap_or_default();
    let page = || catalog.page(&patterns, after, limit);
    let (page, more) = api.lookups.aside(cost, page).await?;
    let next = page.last().filter(|_| more).and_then(|index| catalog.entry(*index));
    let next = next.map(|entry| entry.id().to_string());
    listing::answer(&api, catalog, page, End::Cursor(next))
}

/// The points of people, and the gateway's own behind them.
fn everything() -> Vec<Pattern> {
    ["**", "$devices/**", "$gateway/**"].iter().filter_map(|p| Pattern::new(p).ok()).collect()
}

pub(super) async fn one(State(api): State<Api>, Named(id): Named) -> Result<Response, Problem> {
    let id = PointId::new(&id).map_err(|error| Problem::field("id", error.to_string()))?;
    let catalog = api.table.catalog();
    let (index, state) = find(&api, &catalog, &id).ok_or_else(|| unknown(&id))?;
    let mut body = String::new();
    write_point(&mut body, &catalog, index, &state);
    Ok(answer::json(body.into()))
}

/// A point may be called `read`; `POST` to the same path is another resource.
pub(super) async fn one_named_read(state: State<Api>) -> Result<Response, Problem> {
    one(state, Named("read".to_owned())).await
}

pub(super) fn unknown(id: &PointId) -> Problem {
    Problem::not_found(
        "unknown-point",
        "There is no such point",
        format!("no point is called {id}"),
    )
}

pub(super) async fn read(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let body = request::json(&headers, body, &api.limits).await?;
    let mut body = Fields::read(body, &["ids"]);
    let ids = body.list("ids", true);
    if ids.len() > usize::from(MAX_PAGE) {
        return Err(Problem::field("ids", format!("at most {MAX_PAGE} are taken")));
    }
    let catalog = api.table.catalog();
    let find = || find_all(&api, &catalog, body, &ids);
    let (known, unknown) = api.lookups.aside(Cost::of_finding(ids.len()), find).await??;
    listing::answer(&api, catalog, known, End::Unknown(unknown))
}

/// A point's place and what is known of it now.
type Placed = (Index, PointState);

fn find(api: &Api, catalog: &Catalog, id: &PointId) -> Option<Placed> {
    let index = catalog.find(id)?;
    Some((index, api.table.read(index)?))
}

/// The places of the ids that a body lists, and those that mean no point.
fn find_all(
    api: &Api,
    catalog: &Catalog,
    mut body: Fields,
    ids: &[Json],
) -> Result<(Vec<Index>, Vec<String>), Problem> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (at, id) in ids.iter().enumerate() {
        let checked = id.as_str().ok_or_else(|| "give an id as text".to_owned());
        match checked.and_then(|id| PointId::new(id).map_err(|error| error.to_string())) {
            Ok(id) => match find(api, catalog, &id) {
                Some((index, _)) => known.push(index),
                None => unknown.push(id.to_string()),
            },
            Err(detail) => body.refuse(format!("ids[{at}]"), detail),
        }
    }
    body.finish()?;
    Ok((known, unknown))
}

/// What is known of a point beyond its state.
#[derive(Serialize)]
struct Metadata<'a> {
    checked: Option<u64>,
    #[serde(rename = "type")]
    value_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<(f64, f64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    precision: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<serde_json::Map<String, Json>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    device: &'a str,
    writable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    scan_ms: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configured_scan_ms: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stale_after_ms: Option<u128>,
}

pub(super) fn write_point(body: &mut String, catalog: &Catalog, index: Index, state: &PointState) {
    let Some(entry) = catalog.entry(index) else { return body.push_str("null") };
    body.push('{');
    write_state(body, entry, state);
    let metadata = metadata(entry, state.checked.map(|time| time.0));
    // A plain struct of numbers and text always has a JSON form, `{…}`.
    let rest = serde_json::to_string(&metadata).unwrap_or_default();
    body.push(',');
    body.push_str(rest.get(1..).unwrap_or("}"));
}

fn metadata(entry: &Entry, checked: Option<u64>) -> Metadata<'_> {
    let declared = entry.traits();
    let about = declared.details.about();
    let labels = about.labels.iter().map(|(n, label)| (n.to_string(), label.clone().into()));
    Metadata {
        checked,
        value_type: declared.value_type.as_str(),
        unit: about.unit.as_deref(),
        range: about.range,
        precision: about.precision,
        labels: (!about.labels.is_empty()).then(|| labels.collect()),
        description: about.description.as_deref(),
        device: entry.device(),
        writable: declared.writable,
        scan_ms: declared.scan_interval.map(|interval| interval.as_millis()),
        configured_scan_ms: declared.configured_interval.map(|interval| interval.as_millis()),
        stale_after_ms: match declared.stale_after {
            StaleAfter::Elapsed(duration) => Some(duration.as_millis()),
            StaleAfter::Never => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Extension;
    use axum::http::Method;
    use tower::Service as _;

    use super::*;
    use crate::devices::Devices;
    use crate::http::accept::Peer;
    use crate::http::{Hosts, router};
    use crate::limits::Limits;
    use crate::stream::{Opening, Pace, Sessions};
    use crate::table::{Form, testing};

    fn api(points: usize) -> Api {
        let table = Arc::new(testing::table(points, |_| StaleAfter::Never));
        let limits = Arc::new(Limits::default());
        Api {
            devices: Arc::new(Devices::default()),
            writes: Arc::default(),
            boards: Arc::default(),
            sessions: Arc::new(Sessions::new(Arc::clone(&table), Arc::clone(&limits))),
            table,
            limits,
            hosts: Arc::new(Hosts::default()),
            lookups: Arc::default(),
            stop: tokio_util::sync::CancellationToken::new(),
        }
    }

    async fn status(api: &Api, method: Method, path: &str, body: String) -> u16 {
        let address = "127.0.0.1:80".parse().unwrap();
        let mut router =
            router(api.clone()).layer(Extension(Peer { remote: address, local: address }));
        let request = axum::http::Request::builder()
            .method(method)
            .uri(format!("/api/v1/{path}"))
            .header("host", "localhost")
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        router.call(request).await.unwrap().status().as_u16()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whatever_takes_long_has_its_turn() {
        let api = api(10_000);
        let opening = Opening {
            last_event_id: None,
            points: None,
            pace: Pace { interval_ms: 0, heartbeat_ms: 15_000 },
            form: Form::Plain,
            address: "127.0.0.1".parse().unwrap(),
        };
        let mut feed = api.sessions.open(opening).unwrap();
        let connect = feed.next(&api.stop).await.unwrap();
        let connect = std::str::from_utf8(&connect).unwrap();
        let client = connect.split("\"client\":\"").nth(1).unwrap().split('"').next().unwrap();
        let subscription = format!("clients/{}/subscription", client);
        let many = vec!["*/x"; 32].join(",");
        let ids: Vec<String> = (0..5_000).map(|at| format!("p{at}")).collect();
        let ids = serde_json::json!({ "ids": ids }).to_string();
        let all = r#"{"points":["**"]}"#.to_owned();
        let ask = async |method, path: &str, body: &str| {
            status(&api, method, path, body.to_owned()).await
        };
        let page = format!("points?match={many}");
        let stream = "stream?points=**";
        assert_eq!(ask(Method::PUT, &subscription, &all).await, 200);
        assert_eq!(ask(Method::GET, &page, "").await, 200);
        assert_eq!(ask(Method::POST, "points/read", &ids).await, 200);
        assert_eq!(ask(Method::GET, stream, "").await, 200);
        api.lookups.close();
        assert_eq!(ask(Method::PUT, &subscription, &all).await, 503);
        assert_eq!(ask(Method::GET, &page, "").await, 503);
        assert_eq!(ask(Method::POST, "points/read", &ids).await, 503);
        assert_eq!(ask(Method::GET, stream, "").await, 503);
        // And nothing else has.
        assert_eq!(ask(Method::PUT, &subscription, r#"{"points":["p1"]}"#).await, 200);
        assert_eq!(ask(Method::GET, &subscription, "").await, 200);
        assert_eq!(ask(Method::GET, "points?limit=1000", "").await, 200);
        assert_eq!(ask(Method::GET, "stream?points=p1", "").await, 200);
        assert_eq!(ask(Method::POST, "points/read", r#"{"ids":["p1"]}"#).await, 200);
    }
}
