//! Taking typed values out of a section, and refusing what is left.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each reader wants one kind of setting and refuses every other, those to come included"
)]

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::near::{nearest, unquoted};
use super::{Decimal, Entry, Located, Place, Refusals, Setting};
use crate::StaleAfter;

/// What [`Settings::finish`] says of a key that nobody asked for.
pub const UNKNOWN_KEY: &str = "unknown key";

/// A section whose keys are taken one by one.
#[derive(Debug)]
pub struct Settings {
    what: String,
    place: Place,
    entries: Vec<Entry>,
    asked: Vec<&'static str>,
    present: Vec<&'static str>,
}

impl Settings {
    /// A section called `what` in refusals, e.g. `device "boiler"`, which begins at `place`.
    #[must_use]
    pub fn new(what: impl Into<String>, place: Place, entries: Vec<Entry>) -> Self {
        Self { what: what.into(), place, entries, asked: Vec::new(), present: Vec::new() }
    }

    /// Where the section begins.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What the section is called in refusals.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Gives the section the name it turned out to have.
    pub fn rename(&mut self, what: impl Into<String>) {
        self.what = what.into();
    }

    /// The name of a field in refusals.
    #[must_use]
    pub fn field(&self, key: &str) -> String {
        if self.what.is_empty() { key.to_owned() } else { format!("{}: {key}", self.what) }
    }

    fn take(&mut self, key: &'static str) -> Option<Entry> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        self.present.push(key);
        Some(self.entries.remove(at))
    }

    /// Takes a key that belongs elsewhere, to be refused with where that is: its text, or a number as written.
    ///
    /// It is not among the keys that are known here.
    pub fn misplaced(&mut self, key: &str) -> Option<Located<String>> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        let Entry { place, value, .. } = self.entries.remove(at);
        let value = match value {
            Setting::Text(text) => text,
            Setting::Integer(number) => number.to_string(),
            Setting::Float(number) => number.text,
            other => other.kind().to_owned(),
        };
        Some(Located { value, place, field: self.field(key) })
    }

    fn convert<T>(
        &mut self,
        key: &'static str,
        refusals: &mut Refusals,
        wanted: impl fmt::Display,
        convert: impl Fn(&Setting) -> Option<T>,
    ) -> Option<Located<T>> {
        let entry = self.take(key)?;
        let field = self.field(key);
        match convert(&entry.value) {
            Some(value) => Some(Located { value, place: entry.place, field }),
            None => {
                let problem = match &entry.value {
                    Setting::Integer(n) => format!("{n} is not right here"),
                    Setting::Float(n) => format!("{} is not right here", n.text),
                    Setting::Text(text) => format!("{text:?} is not right here"),
                    other @ (Setting::Bool(_)
                    | Setting::List(_)
                    | Setting::Section(_)
                    | Setting::Other(_)) => format!("{} is not right here", other.kind()),
                };
                let bare = unquoted(&entry.value).and_then(|bare| convert(&bare));
                let quotes = if bare.is_some() { ", without quotes" } else { "" };
                refusals.push(&entry.place, field, problem, format!("give {wanted}{quotes}"));
                None
            }
        }
    }

    /// Text that is not empty.
    pub fn text(&mut self, key: &'static str, refusals: &mut Refusals) -> Option<Located<String>> {
        self.convert(key, refusals, "text in quotes, not empty", |setting| match setting {
            Setting::Text(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        })
    }

    /// Text that is not empty, or a number as written: for who wants to say what is wrong with the number.
    pub fn text_or_number(
        &mut self,
        key: &'static str,
        refusals: &mut Refusals,
    ) -> Option<Located<String>> {
        self.convert(key, refusals, "text in quotes, not empty", |setting| match setting {
            Setting::Text(text) if !text.is_empty() => Some(text.clone()),
            Setting::Integer(number) => Some(number.to_string()),
            Setting::Float(number) => Some(number.text.clone()),
            _ => None,
        })
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str, refusals: &mut Refusals) -> Option<Located<bool>> {
        self.convert(key, refusals, "true or false", |setting| match setting {
            Setting::Bool(flag) => Some(*flag),
            _ => None,
        })
    }

    /// A whole number within `range`.
    pub fn integer(
        &mut self,
        key: &'static str,
        range: RangeInclusive<i64>,
        refusals: &mut Refusals,
    ) -> Option<Located<i64>> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        self.convert(key, refusals, wanted, |setting| match setting {
            Setting::Integer(number) if range.contains(number) => Some(*number),
            _ => None,
        })
    }

    /// Any finite number, whole or not.
    pub fn number(
        &mut self,
        key: &'static str,
        refusals: &mut Refusals,
    ) -> Option<Located<Decimal>> {
        self.convert(key, refusals, "a finite number", decimal)
    }

    /// Milliseconds within `range`.
    pub fn millis(
        &mut self,
        key: &'static str,
        range: RangeInclusive<u32>,
        refusals: &mut Refusals,
    ) -> Option<Located<Duration>> {
        let wanted = format!("whole milliseconds from {} to {}", range.start(), range.end());
        self.convert(key, refusals, wanted, |setting| match setting {
            Setting::Integer(number) => u32::try_from(*number)
                .ok()
                .filter(|ms| range.contains(ms))
                .map(|ms| Duration::from_millis(ms.into())),
            _ => None,
        })
    }

    /// How long a value stays live: milliseconds from 1 to 86 400 000, or `"never"`.
    pub fn stale_after(
        &mut self,
        key: &'static str,
        refusals: &mut Refusals,
    ) -> Option<Located<StaleAfter>> {
        let wanted = "whole milliseconds from 1 to 86400000, or \"never\"";
        self.convert(key, refusals, wanted, |setting| match setting {
            Setting::Integer(number @ 1..=86_400_000) => {
                Some(StaleAfter::Elapsed(Duration::from_millis(number.unsigned_abs())))
            }
            Setting::Text(word) if word == "never" => Some(StaleAfter::Never),
            _ => None,
        })
    }

    /// One of `words`, each with what it stands for.
    pub fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&str, T)],
        refusals: &mut Refusals,
    ) -> Option<Located<T>> {
        let list: Vec<_> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
        self.convert(
            key,
            refusals,
            format!("one of {}", list.join(", ")),
            |setting| match setting {
                Setting::Text(text) => words.iter().find(|(word, _)| word == text).map(|(_, v)| *v),
                _ => None,
            },
        )
    }

    /// A list of texts.
    pub fn texts(
        &mut self,
        key: &'static str,
        refusals: &mut Refusals,
    ) -> Option<Located<Vec<String>>> {
        self.convert(key, refusals, "a list of texts, [\"like\", \"this\"]", |setting| {
            let Setting::List(items) = setting else { return None };
            let text = |(_, item): &(Place, Setting)| match item {
                Setting::Text(text) => Some(text.clone()),
                _ => None,
            };
            items.iter().map(text).collect()
        })
    }

    /// A list of finite numbers.
    pub fn numbers(
        &mut self,
        key: &'static str,
        refusals: &mut Refusals,
    ) -> Option<Located<Vec<Decimal>>> {
        self.convert(key, refusals, "a list of finite numbers, [0, 100]", |setting| match setting {
            Setting::List(items) => items.iter().map(|(_, item)| decimal(item)).collect(),
            _ => None,
        })
    }

    /// What `convert` makes of each of several settings: of a list's items, or of one that stands alone.
    ///
    /// `wanted` reads after "give".
    pub fn one_or_more<T>(
        &mut self,
        key: &'static str,
        wanted: &str,
        refusals: &mut Refusals,
        convert: impl Fn(&Setting) -> Option<T>,
    ) -> Option<Located<Vec<T>>> {
        self.convert(key, refusals, wanted, |setting| match setting {
            Setting::List(items) if !items.is_empty() => {
                items.iter().map(|(_, item)| convert(item)).collect()
            }
            alone => convert(alone).map(|value| vec![value]),
        })
    }

    /// A section within this one, called `what` in refusals.
    pub fn section(
        &mut self,
        key: &'static str,
        what: &str,
        refusals: &mut Refusals,
    ) -> Option<Settings> {
        let found =
            self.convert(key, refusals, format!("a section [{key}]"), |setting| match setting {
                Setting::Section(entries) => Some(entries.clone()),
                _ => None,
            })?;
        Some(Self::new(what, found.place, found.value))
    }

    /// A list of sections within this one, each called `what` until renamed; empty when absent.
    pub fn sections(
        &mut self,
        key: &'static str,
        what: &str,
        refusals: &mut Refusals,
    ) -> Vec<Settings> {
        let heading = if self.what.is_empty() { key } else { "like this" };
        let found = self.convert(
            key,
            refusals,
            format!(
                "a list of sections: [[{heading}]] in two brackets, or {key} = [{{ … }}, {{ … }}]"
            ),
            |setting| match setting {
                Setting::List(items) => items
                    .iter()
                    .map(|(place, item)| match item {
                        Setting::Section(entries) => Some((place.clone(), entries.clone())),
                        _ => None,
                    })
                    .collect::<Option<Vec<_>>>(),
                _ => None,
            },
        );
        let list = found.map(|located| located.value).unwrap_or_default();
        list.into_iter().map(|(place, entries)| Self::new(what, place, entries)).collect()
    }

    /// What was not taken yet.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Gives the section every one of `defaults` whose key it does not have and never had.
    pub fn add_missing(&mut self, defaults: impl IntoIterator<Item = Entry>) {
        for entry in defaults {
            let had = self.present.iter().any(|key| *key == entry.key);
            if !had && !self.entries.iter().any(|own| own.key == entry.key) {
                self.entries.push(entry);
            }
        }
    }

    /// All remaining entries, for a section whose keys are names of somebody's choice.
    pub fn take_rest(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    /// Passes `found` on, and refuses its absence unless what stood there was refused already.
    ///
    /// `example` reads after "add": `host = "192.168.0.10"`.
    pub fn required<T>(
        &self,
        found: Option<T>,
        key: &'static str,
        example: &str,
        refusals: &mut Refusals,
    ) -> Option<T> {
        if found.is_none() && !self.present.contains(&key) {
            refusals.push(&self.place, self.field(key), "missing", format!("add {example}"));
        }
        found
    }

    /// Refuses every key that nobody asked for, and names the nearest that would be right.
    pub fn finish(self, refusals: &mut Refusals) {
        for entry in &self.entries {
            let remedy = match nearest(&self.asked, &entry.key) {
                Some(known) if !self.present.contains(&known) => format!("is {known} meant?"),
                _ => format!("known here: {}", self.asked.join(", ")),
            };
            refusals.push(&entry.place, self.field(&entry.key), UNKNOWN_KEY, remedy);
        }
    }
}

fn decimal(setting: &Setting) -> Option<Decimal> {
    match setting {
        Setting::Integer(number) => {
            let text = number.to_string();
            text.parse().ok().map(|value| Decimal { value, text })
        }
        Setting::Float(number) if number.value.is_finite() => Some(number.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
