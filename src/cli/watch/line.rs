//! One change as one line for a terminal.
//!
//! Whatever the gateway sends, no control character reaches the terminal.

use std::collections::HashMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::event::{Notice, Point};

/// Ids are padded to the widest so far, but not past this many columns.
const MAX_PADDED_COLUMNS: usize = 44;

const DIM: &str = "\x1b[2m";
const YELLOW: &str = "\x1b[33m";
const RED: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

/// What makes a value readable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Details {
    /// The point.
    pub(super) id: String,
    /// Its engineering unit.
    pub(super) unit: Option<String>,
    /// Digits behind the decimal point that mean something.
    pub(super) precision: Option<u8>,
    /// Names of its enumerated values.
    #[serde(default)]
    pub(super) labels: HashMap<String, String>,
}

/// What is coloured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Colours {
    pub(super) changes: bool,
    pub(super) notices: bool,
}

/// Makes lines that stand well under each other.
pub(super) struct Lines {
    zone: TimeZone,
    colours: Colours,
    widest: usize,
    details: HashMap<String, Details>,
}

impl Lines {
    /// Lines with times of `zone`.
    pub(super) fn new(zone: TimeZone, colours: Colours) -> Self {
        Self { zone, colours, widest: 0, details: HashMap::new() }
    }

    /// Replaces what is known of the points.
    pub(super) fn know(&mut self, details: Vec<Details>) {
        self.details = details.into_iter().map(|point| (point.id.clone(), point)).collect();
    }

    /// `14:03:07.120  boiler/supply/temperature  71.4 °C`, with quality and reason where not good.
    pub(super) fn line(&mut self, point: &Point) -> String {
        let mut line = self.begin(point.time.max(point.since), &point.id);
        let details = self.details.get(&point.id).filter(|_| !point.value.is_null());
        let value = value_words(&point.value, details.and_then(|details| details.precision));
        line.push_str(&value);
        if let Some(unit) = details.and_then(|details| details.unit.as_ref()) {
            let _infallible = write!(line, " {}", printable(unit));
        }
        if let Some(label) = details.and_then(|details| details.labels.get(&value)) {
            let _infallible = write!(line, " {}", printable(label));
        }
        if point.quality != "good" {
            let reason = point.reason.as_deref().map(printable);
            let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
            let colour = if point.quality == "bad" { RED } else { YELLOW };
            let words = format!("{}{reason}", printable(&point.quality));
            let _infallible = write!(line, "  {}", self.paint(colour, &words));
        }
        line
    }

    /// A line for a point that is gone.
    pub(super) fn removed(&mut self, id: &str, why: &str) -> String {
        let words = self.paint(RED, &format!("removed ({})", printable(why)));
        self.begin(None, id) + &words
    }

    /// `14:03:07.120  notice (warning) from 10.0.0.7: the boiler is off until 15:00`. Further lines of its text are
    /// set in, so that none looks like something else.
    pub(super) fn notice(&self, notice: &Notice) -> String {
        let words = format!("notice ({})", printable(&notice.severity));
        let words = match notice.severity.as_str() {
            _ if !self.colours.notices => words,
            "critical" => format!("{RED}{words}{PLAIN}"),
            "warning" => format!("{YELLOW}{words}{PLAIN}"),
            _ => words,
        };
        let text: Vec<String> = notice.text.lines().map(printable).collect();
        let (time, from) = (self.time(Some(notice.time)), printable(&notice.from));
        format!("{time}  {words} from {from}: {}", text.join("\n    "))
    }

    /// Time and id, up to where the value stands.
    fn begin(&mut self, time: Option<i64>, id: &str) -> String {
        let id = printable(id);
        self.widest = self.widest.max(id.width().min(MAX_PADDED_COLUMNS));
        let pad = " ".repeat(self.widest.saturating_sub(id.width()));
        format!("{}  {id}{pad}  ", self.paint(DIM, &self.time(time)))
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.colours.changes { format!("{colour}{text}{PLAIN}") } else { text.to_owned() }
    }

    /// Local time of day, or a blank of the same width.
    fn time(&self, unix_ms: Option<i64>) -> String {
        unix_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()).map_or_else(
            || "--:--:--.---".to_owned(),
            |time| time.to_zoned(self.zone.clone()).strftime("%H:%M:%S.%3f").to_string(),
        )
    }
}

/// A value as people read it: a number with a fraction has as many digits behind the point as mean something.
fn value_words(value: &Value, precision: Option<u8>) -> String {
    match value {
        Value::Number(number) if number.is_f64() => match (number.as_f64(), precision) {
            (Some(number), Some(digits)) => format!("{number:.0$}", usize::from(digits)),
            (Some(_) | None, _) => number.to_string(),
        },
        Value::Null => "-".to_owned(),
        Value::String(text) => printable(text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// `text` with control characters, and those that turn the direction of writing, written out.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if character.is_control() || turns {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(id: &str, value: Value, quality: &str, reason: Option<&str>) -> Point {
        Point {
            id: id.to_owned(),
            value,
            quality: quality.to_owned(),
            reason: reason.map(str::to_owned),
            since: reason.map(|_| 2_001),
            time: Some(1_250),
        }
    }

    fn lines(coloured: bool) -> Lines {
        let colours = Colours { changes: coloured, notices: coloured };
        Lines::new(TimeZone::fixed(jiff::tz::offset(2)), colours)
    }

    fn notice(severity: &str, text: &str) -> Notice {
        let (severity, text) = (severity.to_owned(), text.to_owned());
        Notice { id: 1, severity, text, from: "10.0.0.7".to_owned(), time: 1_250 }
    }

    #[test]
    fn a_line_says_when_what_and_how_far_to_trust_it() {
        let mut lines = lines(false);
        let unit = Some("°C".to_owned());
        lines.know(vec![Details {
            id: "boiler/t".to_owned(),
            unit,
            precision: Some(2),
            ..Details::default()
        }]);
        assert_eq!(
            lines.line(&point("boiler/t", 71.4.into(), "good", None)),
            "02:00:01.250  boiler/t  71.40 °C"
        );
        assert_eq!(
            lines.line(&point("boiler/t", 71.4.into(), "bad", Some("timeout"))),
            "02:00:02.001  boiler/t  71.40 °C  bad (timeout)"
        );
        assert_eq!(
            lines.line(&point("pump", Value::Null, "bad", Some("waiting"))),
            "02:00:02.001  pump      -  bad (waiting)"
        );
        let labels = HashMap::from([("2".to_owned(), "running".to_owned())]);
        lines.know(vec![Details { id: "pump".to_owned(), precision: Some(2), labels, unit: None }]);
        let running = lines.line(&point("pump", 2.into(), "good", None));
        assert_eq!(running, "02:00:01.250  pump      2 running");
        let none = Point { time: None, ..point("x", Value::Bool(true), "good", None) };
        assert_eq!(lines.line(&none), "--:--:--.---  x         true");
        assert_eq!(lines.removed("x", "deleted"), "--:--:--.---  x         removed (deleted)");
    }

    #[test]
    fn a_notice_says_when_how_serious_and_from_whom() {
        assert_eq!(
            lines(false).notice(&notice("warning", "off until 15:00\nthen on\n")),
            "02:00:01.250  notice (warning) from 10.0.0.7: off until 15:00\n    then on"
        );
        let critical = lines(true).notice(&notice("critical", "\x1b[2J\rleave"));
        assert_eq!(
            critical,
            "02:00:01.250  \x1b[31mnotice (critical)\x1b[0m from 10.0.0.7: \\u{1b}[2J\\rleave"
        );
    }

    #[test]
    fn numbers_keep_every_digit() {
        let shown = |text: &str| value_words(&serde_json::from_str(text).unwrap(), None);
        for text in ["9007199254740991", "-1", "0.1", "18446744073709551615", "1.5"] {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown("\"18446744073709551615\""), "18446744073709551615");
    }

    #[test]
    fn colours_only_when_asked_for() {
        let bad = point("a", 1.into(), "bad", Some("timeout"));
        assert!(lines(true).line(&bad).contains("\x1b[31mbad (timeout)\x1b[0m"));
        assert!(!lines(false).line(&bad).contains('\x1b'));
    }

    #[test]
    fn nothing_that_commands_a_terminal_gets_through() {
        let hostile = "\x1b]0;owned\x07\r\n\u{9b}2J\u{202e}";
        let mut lines = lines(false);
        let (id, unit) = (hostile.to_owned(), Some(hostile.to_owned()));
        let labels = HashMap::from([(printable(hostile), hostile.to_owned())]);
        lines.know(vec![Details { id, unit, labels, precision: None }]);
        let line = lines.line(&point(hostile, hostile.into(), hostile, Some(hostile)));
        let removed = lines.removed(hostile, hostile);
        assert!(!line.contains(char::is_control) && !removed.contains(char::is_control));
        assert!(!line.contains('\u{202e}'));
    }
}
