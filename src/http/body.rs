//! The fields of a JSON body, taken one by one, with every bad one named.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each reader wants one kind of JSON and refuses every other"
)]

use std::ops::RangeInclusive;

use serde_json::Value as Json;

use super::problem::{FieldError, MAX_ERRORS, Problem};

/// The fields of a body.
pub(super) struct Fields {
    fields: serde_json::Map<String, Json>,
    errors: Vec<FieldError>,
    refused: usize,
}

impl Fields {
    /// Reads a body. `known` are the fields that the resource takes.
    pub(super) fn read(body: Json, known: &[&str]) -> Self {
        let mut read = Self { fields: serde_json::Map::new(), errors: Vec::new(), refused: 0 };
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

    pub(super) fn refuse(&mut self, field: String, detail: String) {
        self.refused += 1;
        // A body can have half a million of them.
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(FieldError { field, detail });
        }
    }

    /// A list; empty if it was refused or, where that is allowed, is missing.
    pub(super) fn list(&mut self, key: &str, required: bool) -> Vec<Json> {
        match self.fields.remove(key) {
            Some(Json::Array(list)) => return list,
            None if !required || !self.errors.is_empty() => {}
            None => self.refuse(key.to_owned(), "missing; give a list".to_owned()),
            Some(_) => self.refuse(key.to_owned(), "give a list".to_owned()),
        }
        Vec::new()
    }

    /// What names each entry of a list, which may be missing: itself as text, or its `match`.
    pub(super) fn entry_names(&mut self, key: &str) -> Vec<String> {
        let mut names = Vec::new();
        for (at, entry) in self.list(key, false).into_iter().enumerate() {
            match entry.get("match").unwrap_or(&entry) {
                Json::String(text) => names.push(text.clone()),
                _ => {
                    let detail = "give the entry as it was given, or its match alone".to_owned();
                    self.refuse(format!("{key}[{at}]"), detail);
                }
            }
        }
        names
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, key: &str) -> String {
        match self.fields.remove(key) {
            Some(Json::String(text)) => return text,
            None if !self.errors.is_empty() => {}
            _ => self.refuse(key.to_owned(), "give a text".to_owned()),
        }
        String::new()
    }

    /// Whatever is there; it must be.
    pub(super) fn value(&mut self, key: &str) -> Json {
        match self.fields.remove(key) {
            Some(value) => value,
            None => {
                self.refuse(key.to_owned(), "missing".to_owned());
                Json::Null
            }
        }
    }

    /// A whole number within `range`, or `default` where it is missing.
    pub(super) fn number(&mut self, key: &str, range: RangeInclusive<u32>, default: u32) -> u32 {
        let Some(given) = self.fields.remove(key) else { return default };
        let number = given.as_u64().and_then(|number| u32::try_from(number).ok());
        number.filter(|number| range.contains(number)).unwrap_or_else(|| {
            let (least, most) = range.into_inner();
            self.refuse(key.to_owned(), format!("give a whole number from {least} to {most}"));
            default
        })
    }

    /// How many fields were refused.
    pub(super) fn refused(&self) -> usize {
        self.refused
    }

    /// Refuses the request if any field was bad. Call it when all fields are read.
    pub(super) fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::first_of_fields(self.errors, self.refused))
        }
    }
}
