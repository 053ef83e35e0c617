//! What the gateway's events mean. Pure; unknown events and unknown fields are passed over.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::sse::RawEvent;

/// One event of the stream.
#[derive(Debug, PartialEq)]
pub(super) enum Event {
    /// The first of a connection.
    Connect(Connect),
    /// How many points the selection takes in now.
    Subscribed(u64),
    /// Points that changed, or their first values.
    Points(Points),
    /// Points that are gone, and why.
    Removed(Removed),
    /// Names or metadata changed.
    Catalog,
    /// A message of the operators.
    Notice(Notice),
    /// Another connection took the session over.
    Replaced,
    /// The gateway is stopping.
    Drain,
    /// Anything else: it only shows that the stream lives.
    Other,
}

/// What a connection begins with.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Connect {
    /// Whether it goes on where the last one ended.
    pub(super) resumed: bool,
    /// Why everything known before is void.
    pub(super) reset: Option<String>,
    /// After this much silence a heartbeat comes.
    heartbeat_ms: u64,
}

impl Connect {
    /// The silence after which the stream is dead: two heartbeats missed.
    pub(super) fn silence(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms.clamp(100, 600_000)) * 2
    }
}

/// The data of `points`.
#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Points {
    /// Each at most once.
    pub(super) points: Vec<Point>,
    /// Changes that newer ones overtook.
    #[serde(default)]
    pub(super) skipped: u64,
}

/// One point as it is now.
#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Point {
    /// Its id.
    pub(super) id: String,
    /// Its value, or null.
    pub(super) value: Value,
    /// `good`, `uncertain` or `bad`.
    pub(super) quality: String,
    /// Why not good.
    pub(super) reason: Option<String>,
    /// Since when not good, Unix milliseconds.
    pub(super) since: Option<i64>,
    /// When the value was read, Unix milliseconds.
    pub(super) time: Option<i64>,
}

/// The data of `removed`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Removed {
    /// Their ids.
    pub(super) points: Vec<String>,
    /// `deleted` or `forbidden`.
    pub(super) why: String,
}

/// The data of `notice`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Notice {
    /// Counts up in each run of the gateway.
    pub(super) id: u64,
    /// `info`, `warning` or `critical`.
    pub(super) severity: String,
    /// The message.
    pub(super) text: String,
    /// Who sent it.
    pub(super) from: String,
    /// When, Unix milliseconds.
    pub(super) time: i64,
}

#[derive(Deserialize)]
struct Subscribed {
    count: u64,
}

/// The meaning of `raw`.
///
/// # Errors
/// Data that is not what the event's name promises.
pub(super) fn decode(raw: &RawEvent) -> Result<Event, serde_json::Error> {
    let data = &raw.data;
    Ok(match raw.name.as_str() {
        "connect" => Event::Connect(serde_json::from_str(data)?),
        "subscribed" => Event::Subscribed(serde_json::from_str::<Subscribed>(data)?.count),
        "points" => Event::Points(serde_json::from_str(data)?),
        "removed" => Event::Removed(serde_json::from_str(data)?),
        "notice" => Event::Notice(serde_json::from_str(data)?),
        "catalog" => Event::Catalog,
        "replaced" => Event::Replaced,
        "drain" => Event::Drain,
        _ => Event::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(name: &str, data: &str) -> Result<Event, String> {
        decode(&RawEvent { name: name.to_owned(), data: data.to_owned() })
            .map_err(|e| e.to_string())
    }

    #[test]
    fn the_events_of_the_contract_are_understood() {
        let Ok(Event::Connect(connect)) = decoded(
            "connect",
            r#"{"client":"c","resumed":true,"reset":null,"selection":"kept","revision":3,"heartbeat_ms":15000}"#,
        ) else {
            panic!("no connect");
        };
        assert_eq!(connect, Connect { resumed: true, reset: None, heartbeat_ms: 15_000 });
        assert_eq!(connect.silence(), Duration::from_secs(30));
        assert_eq!(
            decoded("subscribed", r#"{"revision":1,"count":42}"#),
            Ok(Event::Subscribed(42))
        );
        let points = decoded(
            "points",
            r#"{"points":[{"id":"a","value":1.5,"quality":"bad","reason":"timeout","since":2,"time":1}],"skipped":7}"#,
        );
        let Ok(Event::Points(Points { points, skipped: 7 })) = points else {
            panic!("no points: {points:?}");
        };
        assert_eq!((points[0].reason.as_deref(), points[0].since), (Some("timeout"), Some(2)));
        let notice = r#"{"id":7,"severity":"info","text":"x","from":"y","time":5}"#;
        let Ok(Event::Notice(Notice { id: 7, time: 5, .. })) = decoded("notice", notice) else {
            panic!("no notice");
        };
        assert_eq!(decoded("heartbeat", "{}"), Ok(Event::Other));
        assert_eq!(decoded("something new", "not json"), Ok(Event::Other));
        assert!(decoded("points", "{}").is_err());
    }

    #[test]
    fn no_heartbeat_makes_the_watch_spin_or_sleep_for_ever() {
        let silence =
            |heartbeat_ms| Connect { resumed: false, reset: None, heartbeat_ms }.silence();
        assert!(silence(0) > Duration::ZERO);
        assert!(silence(u64::MAX) <= Duration::from_secs(1_200));
    }
}
