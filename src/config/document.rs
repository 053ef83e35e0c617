//! One file's text → its settings, each with its line.
//!
//! TOML 1.1, <https://toml.io/en/v1.1.0>. Numbers keep the text they were written in. A file with errors of
//! syntax gives all of them and no settings: what a broken file seems to say is not worth judging. The
//! parser bounds how deep a file may nest.

use std::sync::Arc;

use pointcast_api::settings::{Decimal, Entry, Place, Refusals, Setting};
use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeString, DeTable, DeValue, Error};

/// Most errors of syntax reported for one file: past a few, each is only an echo of the first.
const MAX_SYNTAX_ERRORS: usize = 8;

/// Most characters of a line that are shown with an error.
const MAX_SHOWN_CHARS: usize = 60;

/// The settings that `text` holds, or `None` together with at least one refusal.
pub(super) fn parse(file: &Arc<str>, text: &str, refusals: &mut Refusals) -> Option<Vec<Entry>> {
    let lines = Lines::new(file, text);
    let (document, mut errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Some(section(document.get_ref(), &lines));
    }
    let mut told: Vec<u32> = Vec::new();
    let at = |error: &Error| error.span().map_or(text.len(), |span| span.start);
    errors.sort_by_key(at);
    for error in &errors {
        let place = lines.place(at(error));
        if told.len() < MAX_SYNTAX_ERRORS && !told.contains(&place.line) {
            told.push(place.line);
            let (problem, remedy) = explain(error, &lines);
            let field = format!("column {}", lines.column(at(error)));
            refusals.push(&place, field, problem, remedy);
        }
    }
    None
}

/// A single value as it may stand behind `=`, if `text` is just that. All of it stands at `place`.
pub(super) fn value(text: &str, place: &Place) -> Option<Setting> {
    let parsed = DeValue::parse(text).ok()?;
    let lines =
        Lines { file: &place.file, text, starts: vec![0], before: place.line.saturating_sub(1) };
    // What is left behind the value would be a remark, and lost.
    (parsed.span() == (0..text.len())).then(|| setting(&parsed, &lines))
}

/// The parser's words for an error, as a problem and what would be right.
fn explain(error: &Error, lines: &Lines<'_>) -> (String, String) {
    let span = error.span().unwrap_or(lines.text.len()..lines.text.len());
    let line = lines.shown(span.start);
    let (problem, expected) =
        error.message().split_once(", expected ").unwrap_or((error.message(), "nothing"));
    let comma_before = lines.before(span.start).filter(|_| problem.starts_with("missing comma"));
    if let Some((number, before)) = comma_before {
        return (problem.to_owned(), format!("expected `,` at the end of line {number}: {before}"));
    }
    let remedy = match (problem, expected) {
        ("string values must be quoted", _) => {
            format!("write {:?}", lines.text.get(span).unwrap_or_default())
        }
        ("duplicate key", _) => {
            "give it once; a section that repeats has two brackets, [[like this]]".to_owned()
        }
        (_, "nothing") if problem.starts_with("invalid") => {
            format!("text stands in \"quotes\"; look at: {line}")
        }
        (_, "nothing") => format!("look at: {line}"),
        (_, expected) => format!("expected {expected} in: {line}"),
    };
    (problem.to_owned(), remedy)
}

fn section(table: &DeTable<'_>, lines: &Lines<'_>) -> Vec<Entry> {
    let entry = |(key, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| Entry {
        key: key.get_ref().clone().into_owned(),
        place: lines.place(key.span().start),
        value: setting(value, lines),
    };
    table.iter().map(entry).collect()
}

fn setting(value: &Spanned<DeValue<'_>>, lines: &Lines<'_>) -> Setting {
    match value.get_ref() {
        DeValue::Boolean(flag) => Setting::Bool(*flag),
        DeValue::Integer(number) => integer(number),
        DeValue::Float(number) => float(number),
        DeValue::String(text) => Setting::Text(text.clone().into_owned()),
        DeValue::Datetime(_) => Setting::Other("a date or time"),
        DeValue::Array(items) => {
            let item = |item: &Spanned<_>| (lines.place(item.span().start), setting(item, lines));
            Setting::List(items.iter().map(item).collect())
        }
        DeValue::Table(table) => Setting::Section(section(table, lines)),
    }
}

fn integer(number: &DeInteger<'_>) -> Setting {
    match i64::from_str_radix(number.as_str(), number.radix()) {
        Ok(number) => Setting::Integer(number),
        Err(_) => Setting::Other("a whole number beyond 64 bits"),
    }
}

fn float(number: &DeFloat<'_>) -> Setting {
    let text = number.as_str();
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() || text.ends_with("inf") || text.ends_with("nan") => {
            Setting::Float(Decimal { value, text: text.to_owned() })
        }
        Ok(_) | Err(_) => Setting::Other("a number beyond the range of a double"),
    }
}

/// Byte offset → line.
struct Lines<'a> {
    file: &'a Arc<str>,
    text: &'a str,
    /// Where each line begins.
    starts: Vec<usize>,
    /// Lines before the text.
    before: u32,
}

impl<'a> Lines<'a> {
    fn new(file: &'a Arc<str>, text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Self { file, text, starts, before: 0 }
    }

    fn number(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    fn place(&self, offset: usize) -> Place {
        let line = u32::try_from(self.number(offset)).unwrap_or(u32::MAX);
        let line = line.saturating_add(self.before);
        Place::new(self.file.clone(), line)
    }

    /// Where the line at `offset` begins.
    fn start(&self, offset: usize) -> usize {
        self.starts.get(self.number(offset).saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Characters from the start of the line to `offset`, counted from 1.
    fn column(&self, offset: usize) -> usize {
        let before = self.text.get(self.start(offset)..offset).unwrap_or_default();
        before.chars().count() + 1
    }

    /// Number and text of the last line before `offset` that says something, if `offset` is the first thing
    /// on its own line.
    fn before(&self, offset: usize) -> Option<(usize, String)> {
        let start = self.start(offset);
        if !self.text.get(start..offset)?.trim().is_empty() {
            return None;
        }
        let says = |line: &&usize| {
            let shown = self.shown(**line);
            !shown.is_empty() && !shown.starts_with('#')
        };
        let before = self.starts.iter().rev().skip_while(|line| **line >= start).find(says)?;
        Some((self.number(*before), self.shown(*before)))
    }

    /// The line at `offset`, trimmed and made printable.
    fn shown(&self, offset: usize) -> String {
        let rest = self.text.get(self.start(offset)..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default().trim();
        let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        let mut shown: String = line.chars().take(MAX_SHOWN_CHARS).map(printable).collect();
        if line.chars().nth(MAX_SHOWN_CHARS).is_some() {
            shown.push('…');
        }
        shown
    }
}
