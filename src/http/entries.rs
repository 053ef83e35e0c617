//! The entries of a subscription's body, and what they want to hear.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each reader wants one kind of JSON and refuses every other"
)]

use std::ops::RangeInclusive;

use serde_json::Value as Json;

use super::body::Fields;
use super::request;
use crate::stream::{Deadband, Entry, MAX_FLUSH_MS, MAX_INTERVAL_MS, Wish};
use crate::table::Pattern;

impl Fields {
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
                Some(Entry::new(self.pattern(field, text?)?, wish?))
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
        let refused = self.refused();
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
        if wish.flush_ms.is_some() && wish.deadband.is_none() && self.refused() == refused {
            let detail = "it ends what a deadband holds back; give a deadband too".to_owned();
            self.refuse(format!("{field}.flush_ms"), detail);
        }
        (self.refused() == refused).then_some(wish)
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
}
