//! One cell ⇄ one value. Pure; a value that is written reads back the same.
//!
//! A cell holds what would stand behind `=` in a configuration file, texts without their quotes.

use pointcast_api::settings::{Decimal, Place, Setting};

use crate::config::{document, render};

/// Keys whose cells are text whatever they look like.
const TEXTS: [&str; 17] = [
    "name",
    "unit",
    "description",
    "address",
    "type",
    "word_order",
    "encoding",
    "padding",
    "utc_offset",
    "scale_register",
    "topic",
    "pointer",
    "on",
    "off",
    "capture",
    "retained",
    "missing",
];

/// What a cell was read as.
#[derive(Debug, PartialEq)]
pub(super) struct Cell {
    pub(super) value: Setting,
    /// How its fraction is set off, if it has one that could be misread.
    pub(super) mark: Option<Mark>,
}

/// What sets a fraction off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mark {
    Point,
    Comma,
}

/// Why a cell is not right: the problem, and what would be.
pub(super) type Misread = (String, &'static str);

/// The value of a cell; `None` for an empty one.
pub(super) fn read(key: &str, cell: &str, place: &Place) -> Result<Option<Cell>, Misread> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(None);
    }
    let plain = |value| Ok(Some(Cell { value, mark: None }));
    if cell.starts_with('"')
        && let Some(value @ Setting::Text(_)) = document::value(cell, place)
    {
        return plain(value);
    }
    if TEXTS.contains(&key) {
        return plain(Setting::Text(cell.to_owned()));
    }
    match document::value(cell, place) {
        // A date is no setting; perhaps it is text.
        Some(Setting::Other(_)) | None => {}
        Some(value @ Setting::Float(_)) => {
            let mark = cell.contains('.').then_some(Mark::Point);
            return Ok(Some(Cell { value, mark }));
        }
        Some(value) => return plain(value),
    }
    if cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false") {
        return plain(Setting::Bool(cell.eq_ignore_ascii_case("true")));
    }
    if let Some((whole, fraction)) = cell.split_once(',')
        && let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole)
        && [digits, fraction].iter().all(|part| is_digits(part))
    {
        return comma(cell, whole, digits, fraction).map(Some);
    }
    if cell.parse::<f64>().is_ok() || looks_like_a_number(cell) {
        let problem = format!("{cell} is no number as it is written here");
        return Err((
            problem,
            "write it like 1000, 0.5 or 1e-3; text that looks so, in \"quotes\"",
        ));
    }
    plain(Setting::Text(cell.to_owned()))
}

fn is_digits(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number with a decimal comma.
fn comma(cell: &str, whole: &str, digits: &str, fraction: &str) -> Result<Cell, Misread> {
    if fraction.len() == 3 && !digits.starts_with('0') && digits.len() <= 3 {
        let problem = format!("{cell} may be a thousand times as much with another reading");
        return Err((problem, "write 1.5 or 1500, without marks between thousands"));
    }
    let text = format!("{whole}.{fraction}");
    match text.parse() {
        Ok(value) if digits == "0" || !digits.starts_with('0') => {
            let value = Setting::Float(Decimal { value, text });
            Ok(Cell { value, mark: Some(Mark::Comma) })
        }
        Ok(_) | Err(_) => Err((format!("{cell} is no number"), "write it like 0.5")),
    }
}

/// A value as a cell.
pub(super) fn write(key: &str, value: &Setting) -> String {
    let Setting::Text(text) = value else { return render::value(value) };
    let reads_back = read(key, text, &Place::new("", 1))
        .is_ok_and(|cell| cell.is_some_and(|cell| cell.value == *value));
    if reads_back { text.clone() } else { render::text(text) }
}

/// Digits, perhaps with marks between them: `1.000.000`, `1 000`, `1'000,5`.
fn looks_like_a_number(cell: &str) -> bool {
    let digits = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    let in_number = |c: char| {
        c.is_ascii_digit() || [',', '.', ' ', '\'', '’', '\u{a0}', '\u{202f}'].contains(&c)
    };
    digits.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(in_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(key: &str, cell: &str) -> Setting {
        read(key, cell, &Place::new("a.csv", 1)).unwrap().unwrap().value
    }

    fn float(text: &str) -> Setting {
        Setting::Float(Decimal { value: text.parse().unwrap(), text: text.to_owned() })
    }

    #[test]
    fn a_cell_is_what_stands_behind_the_sign() {
        assert_eq!(value("scan_ms", " 500 "), Setting::Integer(500));
        assert_eq!(value("no_value", "0x8000"), Setting::Integer(0x8000));
        assert_eq!(value("scale", "0.1"), float("0.1"));
        assert_eq!(value("scale", "0,1"), float("0.1"));
        assert_eq!(value("scale", "-12,25"), float("-12.25"));
        assert_eq!(value("scale", "0,001"), float("0.001"));
        assert_eq!(value("overlap", "TRUE"), Setting::Bool(true));
        assert_eq!(value("stale_after_ms", "never"), Setting::Text("never".into()));
        assert_eq!(value("name", "007"), Setting::Text("007".into()));
        assert_eq!(value("on", "1"), Setting::Text("1".into()));
        assert_eq!(value("description", "\"hot\" water"), Setting::Text("\"hot\" water".into()));
        assert_eq!(value("description", "\"  as is \""), Setting::Text("  as is ".into()));
        let Setting::List(range) = value("range", "[0, 100]") else { panic!("no list") };
        assert_eq!(range[1], (Place::new("a.csv", 1), Setting::Integer(100)));
        let Setting::Section(labels) = value("labels", "{ 0 = \"off\" }") else {
            panic!("no section")
        };
        assert_eq!(labels[0].place.line, 1);
        assert_eq!(read("scale", "  ", &Place::new("a.csv", 1)), Ok(None));
    }

    #[test]
    fn a_number_that_could_be_another_is_refused() {
        for cell in ["1,000", "-12,345", "1.000.000", "1 000", "1'000,5", "007", ".5", "5.", "00,5"]
        {
            assert!(read("scale", cell, &Place::new("a.csv", 1)).is_err(), "{cell}");
        }
    }

    #[test]
    fn a_remark_behind_a_value_is_no_value() {
        assert_eq!(value("scale", "1 # one"), Setting::Text("1 # one".into()));
        assert_eq!(value("scale", "1\nname = 2"), Setting::Text("1\nname = 2".into()));
    }

    #[test]
    fn text_that_looks_like_something_else_is_written_in_quotes() {
        let text = |text: &str| Setting::Text(text.to_owned());
        assert_eq!(write("future_key", &text("500")), "\"500\"");
        assert_eq!(write("future_key", &text("0,5")), "\"0,5\"");
        assert_eq!(write("future_key", &text("never")), "never");
        assert_eq!(write("name", &text("500")), "500");
        assert_eq!(write("description", &text(" a")), "\" a\"");
        assert_eq!(write("description", &text("")), "\"\"");
        assert_eq!(write("description", &text("\"a\"")), "\"\\\"a\\\"\"");
    }
}
