//! The fields of a subscription's body: entries and what they want to hear, with every bad field named.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each reader wants one kind of JSON and refuses every other"
)]

use std::ops::RangeInclusive;

use serde_json::Value as Json;

use super::problem::{FieldError, MAX_ERRORS, Problem};
use super::request;
use crate::stream::{Deadband, Entry, MAX_FLUSH_MS, MAX_INTERVAL_MS, Wish};
use crate::table::Pattern;

/// The fields of a body, taken one by one, with every bad one named.
pub(super) struct Fields {
    fields: serde_json::Map<String, Json>,
    errors: Vec<FieldError>,
}

impl Fields {
    pub(super) fn read(body: Json, known: &[&str]) -> Self {
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

    /// A list of entries: a pattern as text, or an object with `match` and what it wants to hear.
    pub(super) fn entries(&mut self, key: &str, required: bool) -> Vec<Entry> {
        let list = self.list(key, required).into_iter().enumerate();
        list.filter_map(|(at, given)| self.entry(&format!("{key}[{at}]"), given)).collect()
    }

    fn entry(&mut self, field: &str, given: Json) -> Option<Entry> {
        match given {
            Json::String(text) => Some(self.pattern(field, &text)?.into()),
            Json::Object(mut given) => {
                let text = given.remove("match");
                let text = text.as_ref().and_then(Json::as_str);
                if text.is_none() {
                    self.refuse(format!("{field}.match"), "give a pattern as text".to_owned());
                }
                let wish = self.wish(field, given);
                Some(Entry { pattern: self.pattern(field, text?)?, wish: wish? })
            }
            _ => {
                self.refuse(field.to_owned(), "give a pattern, or an object with match".to_owned());
                None
            }
        }
    }

    fn pattern(&mut self, field: &str, text: &str) -> Option<Pattern> {
        let pattern = request::pattern(text);
        pattern.map_err(|detail| self.refuse(field.to_owned(), detail)).ok()
    }

    /// `None` if anything in it was refused.
    fn wish(&mut self, field: &str, given: serde_json::Map<String, Json>) -> Option<Wish> {
        let refused = self.errors.len();
        let mut wish = Wish::default();
        for (key, value) in given {
            let field = format!("{field}.{key}");
            match key.as_str() {
                "interval_ms" => {
                    wish.interval_ms = self.millis(field, &value, 0..=MAX_INTERVAL_MS).unwrap_or(0);
                }
                "flush_ms" => wish.flush_ms = self.millis(field, &value, 1..=MAX_FLUSH_MS),
                "deadband" => wish.deadband = self.deadband(field, &value),
                _ => {
                    let known = "unknown; known here: match, interval_ms, deadband, flush_ms";
                    self.refuse(field, known.to_owned());
                }
            }
        }
        if wish.flush_ms.is_some() && wish.deadband.is_none() && self.errors.len() == refused {
            let detail = "it ends what a deadband holds back; give a deadband too".to_owned();
            self.refuse(format!("{field}.flush_ms"), detail);
        }
        (self.errors.len() == refused).then_some(wish)
    }

    fn millis(&mut self, field: String, value: &Json, range: RangeInclusive<u32>) -> Option<u32> {
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = range.into_inner();
            let detail = format!("give a whole number of milliseconds from {least} to {most}");
            self.refuse(field, detail);
        }
        number
    }

    fn deadband(&mut self, field: String, value: &Json) -> Option<Deadband> {
        let given = value.as_object().filter(|given| given.len() == 1);
        let (kind, number) = given.and_then(|given| given.iter().next()).unzip();
        let number = number.and_then(Json::as_f64);
        match (kind.map(String::as_str), number) {
            (Some("absolute"), Some(width)) if width >= 0.0 => Some(Deadband::Absolute(width)),
            (Some("percent"), Some(percent)) if (0.0..=100.0).contains(&percent) => {
                Some(Deadband::Percent(percent))
            }
            _ => {
                let detail =
                    "give {\"absolute\":x}, x not negative, or {\"percent\":p}, p from 0 to 100";
                self.refuse(field, detail.to_owned());
                None
            }
        }
    }

    pub(super) fn texts(&mut self, key: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for (at, entry) in self.list(key, false).into_iter().enumerate() {
            match entry {
                Json::String(text) => texts.push(text),
                _ => self.refuse(format!("{key}[{at}]"), "give the entry as text".to_owned()),
            }
        }
        texts
    }

    pub(super) fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::fields(self.errors)) }
    }
}
