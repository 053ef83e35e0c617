//! What holds for every event of every connection, whatever a test is about: names, fields, positions, bounds.
//!
//! Each stream of the suite is read through a [`Contract`], so that every test holds all of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::grammar::{Event, Position};

/// Most points, and most bytes of data, in one frame.
const FRAME_POINTS: usize = 1_000;
const FRAME_BYTES: usize = 256 * 1024;

/// Each reason with its quality.
const REASONS: [(&str, &str); 9] = [
    ("waiting", "bad"),
    ("stale", "uncertain"),
    ("timeout", "bad"),
    ("no_communication", "bad"),
    ("device_error", "bad"),
    ("not_a_number", "bad"),
    ("out_of_range", "uncertain"),
    ("substituted", "uncertain"),
    ("configuration", "bad"),
];

/// A connection so far.
#[derive(Debug, Default)]
pub(crate) struct Contract {
    position: Option<Position>,
    /// The newest selection that was announced.
    announced: u64,
    /// Its snapshot is on its way.
    in_snapshot: bool,
    over: bool,
    /// In the compact form: what times are counted from, and the names that were declared.
    t0: Option<u64>,
    names: BTreeMap<u64, String>,
    /// The newest notice.
    notice: u64,
    /// What a dashboard now shows.
    pub(crate) points: BTreeMap<String, Json>,
    /// The sum of what the frames said was skipped.
    pub(crate) skipped: u64,
}

impl Contract {
    /// A connection that goes on where `position` was, with what was known then.
    pub(crate) fn resuming(points: BTreeMap<String, Json>) -> Self {
        Self { points, ..Self::default() }
    }

    pub(crate) fn take(&mut self, event: &Event) -> Result<(), String> {
        self.check(event).map_err(|why| format!("{why}: {event:?}"))
    }

    fn check(&mut self, event: &Event) -> Result<(), String> {
        if self.over {
            return Err("an event behind the last one".to_owned());
        }
        if (event.name == "connect") != self.position.is_none() {
            return Err("connect is the first event, and only the first".to_owned());
        }
        let (sequenced, retried) = match event.name.as_str() {
            "connect" => (true, true),
            "points" | "removed" | "heartbeat" => (true, false),
            "replaced" | "drain" => (false, true),
            "subscribed" | "catalog" | "notice" => (false, false),
            other => return Err(format!("no event of the contract is called {other}")),
        };
        if event.id.is_some() != sequenced || event.retry_ms.is_some() != retried {
            return Err("id and retry stand where the contract puts them".to_owned());
        }
        match event.name.as_str() {
            "connect" => self.connect(event)?,
            "subscribed" => self.subscribed(&event.data)?,
            "points" => self.points(event)?,
            "removed" => self.removed(&event.data)?,
            "heartbeat" => keys(&event.data, &["time", "heartbeat_ms"], &[])?,
            "catalog" => keys(&event.data, &["generation"], &[])?,
            "notice" => self.notice(&event.data)?,
            _ => {
                keys(&event.data, &[], &[])?;
                self.over = true;
            }
        }
        self.advance(event)
    }

    fn connect(&mut self, event: &Event) -> Result<(), String> {
        let data = &event.data;
        let always = [
            "client",
            "resumed",
            "reset",
            "selection",
            "revision",
            "heartbeat_ms",
            "interval_ms",
            "catalog",
        ];
        keys(data, &always, &["t0"])?;
        self.t0 = data.get("t0").map(|_| number(data, "t0")).transpose()?;
        let text = |key: &str| data[key].as_str().unwrap_or_default();
        let known = ["kept", "query", "empty"].contains(&text("selection"));
        let reset = data["reset"].is_null() || ["restart", "expired"].contains(&text("reset"));
        let resumed = data["resumed"].as_bool().ok_or("resumed is true or false")?;
        if !known || !reset || (resumed && text("selection") != "kept") {
            return Err("connect contradicts itself".to_owned());
        }
        if resumed && !data["reset"].is_null() {
            return Err("what is resumed is not reset".to_owned());
        }
        if !resumed {
            self.points.clear();
        }
        let position = event.id.clone().ok_or("no id")?;
        if position.client != text("client") {
            return Err("the id names another client".to_owned());
        }
        self.announced = position.revision;
        self.position = Some(position);
        Ok(())
    }

    fn subscribed(&mut self, data: &Json) -> Result<(), String> {
        keys(data, &["revision", "count"], &[])?;
        let revision = number(data, "revision")?;
        if revision <= self.announced || data["count"].as_u64().is_none() {
            return Err(format!("revision {revision} after {}", self.announced));
        }
        (self.announced, self.in_snapshot) = (revision, true);
        Ok(())
    }

    fn points(&mut self, event: &Event) -> Result<(), String> {
        let data = &event.data;
        keys(data, &["points"], &["snapshot", "more", "skipped", "names"])?;
        let more = data.get("more").is_some();
        if more && (data["more"] != true || data.get("snapshot").is_none()) {
            return Err("more is true, and only in a snapshot".to_owned());
        }
        let of_snapshot = data.get("snapshot").is_some();
        if of_snapshot && number(data, "snapshot")? != self.announced {
            return Err(format!("no snapshot of revision {}", self.announced));
        }
        if of_snapshot != self.in_snapshot {
            return Err("the snapshot comes first and once, then changes".to_owned());
        }
        self.in_snapshot = more;
        if data.get("skipped").is_some() {
            self.skipped +=
                Some(number(data, "skipped")?).filter(|n| *n > 0).ok_or("none skipped")?;
        }
        self.declare(data)?;
        let points = data["points"].as_array().ok_or("points is a list")?;
        if points.len() > FRAME_POINTS || event.text.len() > FRAME_BYTES {
            return Err(format!("{} points, {} bytes", points.len(), event.text.len()));
        }
        let mut ids = BTreeSet::new();
        for point in points {
            let point = &if self.t0.is_some() { self.spelled_out(point)? } else { point.clone() };
            let id = check_point(point)?;
            if !ids.insert(id.clone()) {
                return Err(format!("{id} twice in a frame"));
            }
            self.points.insert(id, point.clone());
        }
        if points.is_empty() && !of_snapshot {
            return Err("a frame without a point".to_owned());
        }
        Ok(())
    }

    /// Takes in names of aliases: each is declared once in a connection.
    fn declare(&mut self, data: &Json) -> Result<(), String> {
        let Some(names) = data.get("names") else { return Ok(()) };
        let names = names.as_object().filter(|names| !names.is_empty() && self.t0.is_some());
        for (alias, id) in names.ok_or("names stand in the compact form, where there are any")? {
            let alias: u64 = alias.parse().map_err(|_| "an alias is a number")?;
            let id = id.as_str().ok_or("a name is text")?.to_owned();
            if let Some(known) = self.names.insert(alias, id) {
                return Err(format!("{alias} was declared before, as {known}"));
            }
        }
        Ok(())
    }

    /// A row of the compact form, `[alias, value, dt, reason?]`, as the plain form has it. The moment since which a
    /// quality is not good is not told there.
    fn spelled_out(&self, row: &Json) -> Result<Json, String> {
        let row = row.as_array().ok_or("a row is a list")?;
        let (alias, value, dt, reason) = match row.as_slice() {
            [alias, value, dt] => (alias, value, dt, None),
            [alias, value, dt, reason] => {
                (alias, value, dt, Some(reason.as_str().ok_or("a reason is text")?))
            }
            _ => return Err(format!("a row of {} parts", row.len())),
        };
        let alias = alias.as_u64().ok_or("an alias is a number")?;
        let id = self.names.get(&alias).ok_or_else(|| format!("{alias} was not declared"))?;
        let time = match (dt.as_i64(), self.t0) {
            (Some(dt), Some(t0)) => t0.checked_add_signed(dt).map_or(Json::Null, Json::from),
            _ if dt.is_null() => Json::Null,
            _ => return Err(format!("{dt} is no time")),
        };
        let Some(reason) = reason else {
            return Ok(json!({"id": id, "value": value, "quality": "good", "time": time}));
        };
        let known = REASONS.iter().find(|(known, _)| *known == reason);
        let quality = known.ok_or_else(|| format!("no reason is called {reason}"))?.1;
        Ok(
            json!({"id": id, "value": value, "quality": quality, "time": time, "reason": reason, "since": 0}),
        )
    }

    fn notice(&mut self, data: &Json) -> Result<(), String> {
        keys(data, &["id", "severity", "text", "from", "time"], &[])?;
        let id = number(data, "id")?;
        if id <= self.notice {
            return Err(format!("notice {id} after {}", self.notice));
        }
        self.notice = id;
        let texts = ["severity", "text", "from"].iter().all(|key| data[key].is_string());
        if texts && data["time"].is_u64() {
            Ok(())
        } else {
            Err("a notice is text and a time".to_owned())
        }
    }

    fn removed(&mut self, data: &Json) -> Result<(), String> {
        keys(data, &["points", "why"], &[])?;
        if data["why"] != "deleted" && data["why"] != "forbidden" {
            return Err("why is deleted or forbidden".to_owned());
        }
        for id in data["points"].as_array().ok_or("points is a list")? {
            self.points.remove(id.as_str().ok_or("an id is text")?);
        }
        Ok(())
    }

    /// Positions never go back, and name the newest selection whose snapshot is out.
    fn advance(&mut self, event: &Event) -> Result<(), String> {
        let (Some(before), Some(now)) = (&self.position, &event.id) else { return Ok(()) };
        if (&now.client, &now.epoch) != (&before.client, &before.epoch) {
            return Err(format!("{now} after {before}"));
        }
        if now.seq < before.seq || now.revision < before.revision {
            return Err(format!("{now} after {before}"));
        }
        if !self.in_snapshot && now.revision != self.announced {
            return Err(format!("the snapshot of {} is out, the id says {now}", self.announced));
        }
        if self.in_snapshot && now.revision >= self.announced {
            return Err(format!(
                "the snapshot of {} is not out, the id says {now}",
                self.announced
            ));
        }
        self.position = Some(now.clone());
        Ok(())
    }
}

/// A point as the stream tells it; its id.
fn check_point(point: &Json) -> Result<String, String> {
    keys(point, &["id", "value", "quality", "time"], &["reason", "since"])?;
    let id = point["id"].as_str().ok_or("an id is text")?;
    let good = point["quality"] == "good";
    let doubted = (point.get("reason").is_some(), point.get("since").is_some());
    if doubted != (!good, !good) {
        return Err(format!("{id}: reason and since stand with a quality that is not good"));
    }
    let pair = (point["reason"].as_str().unwrap_or(""), point["quality"].as_str().unwrap_or(""));
    if !good && !REASONS.contains(&pair) {
        return Err(format!("{id}: {pair:?}"));
    }
    if !good && point["since"].as_u64().is_none() {
        return Err(format!("{id}: since is a time in ms"));
    }
    if !point["time"].is_null() && point["time"].as_u64().is_none() {
        return Err(format!("{id}: time is a time in ms, or null"));
    }
    if point["value"].is_array() || point["value"].is_object() {
        return Err(format!("{id}: a value is a number, a bool, text or null"));
    }
    if good && (point["value"].is_null() || point["time"].is_null()) {
        return Err(format!("{id}: what is good has a value and a time"));
    }
    Ok(id.to_owned())
}

/// Checks that an object has `always`, perhaps some of `perhaps`, and nothing else.
fn keys(object: &Json, always: &[&str], perhaps: &[&str]) -> Result<(), String> {
    let object = object.as_object().ok_or("the data is an object")?;
    if let Some(missing) = always.iter().find(|key| !object.contains_key(**key)) {
        return Err(format!("{missing} is missing"));
    }
    match object
        .keys()
        .find(|key| !always.contains(&key.as_str()) && !perhaps.contains(&key.as_str()))
    {
        Some(stray) => Err(format!("{stray} is not of the contract")),
        None => Ok(()),
    }
}

fn number(data: &Json, key: &str) -> Result<u64, String> {
    data[key].as_u64().ok_or_else(|| format!("{key} is a number"))
}
