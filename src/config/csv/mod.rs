//! Points as CSV, for spreadsheets: RFC 4180, a row for each point, a column for each key.
//!
//! In: UTF-8 with or without a byte order mark; `,`, `;` or a tab between cells, whichever the first line
//! shows; decimal commas where they cannot be anything else. What could be read in two ways is refused.
//! Out: what is written reads back the same.

mod cell;
mod scan;

use std::collections::{BTreeSet, HashMap};

use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use pointcast_api::settings::{Entry, Place, Refusals, Settings};

use cell::Mark;

/// What some programs put in front of UTF-8. Excel takes a file without it for another encoding.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Most columns.
const MAX_COLUMNS: usize = 256;

/// Other words for keys, where they can mean nothing else.
const ALIASES: [(&str, &str); 14] = [
    ("tag", "name"),
    ("tag_name", "name"),
    ("point", "name"),
    ("point_name", "name"),
    ("data_type", "type"),
    ("datatype", "type"),
    ("units", "unit"),
    ("engineering_unit", "unit"),
    ("desc", "description"),
    ("comment", "description"),
    ("multiplier", "scale"),
    ("factor", "scale"),
    ("poll_ms", "scan_ms"),
    ("decimals", "precision"),
];

/// The points of a file, and how its columns are called there.
#[derive(Debug)]
pub(super) struct Sheet {
    /// One section for each row, at its line.
    pub(super) points: Vec<Settings>,
    /// For each key, the head of its column.
    pub(super) heads: HashMap<String, String>,
}

/// Reads all rows but those that are refused, with everything that is wrong with them as cells; `None` where none is
/// left.
pub(super) fn read(file: &Place, text: &str, refusals: &mut Refusals) -> Option<Sheet> {
    let before = refusals.len();
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let delimiter = scan::delimiter(text);
    let at = |line: u32| Place { line, ..file.clone() };
    for (line, problem, remedy) in scan::misquoted(text, delimiter) {
        refusals.push(&at(line), "cells", problem, remedy);
    }
    if refusals.len() > before {
        return None;
    }
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut lines = scan::Lines::new(text);
    let mut columns: Option<Columns> = None;
    let mut rows = Rows::default();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                refusals.push(file, "cells", error.to_string(), "save it as CSV, UTF-8");
                return None;
            }
        };
        let offset = record.position().map_or(0, csv::Position::byte);
        let place = at(lines.at(usize::try_from(offset).unwrap_or(usize::MAX)));
        match &columns {
            None => columns = Some(Columns::take(&record, place, refusals)?),
            Some(columns) => rows.take(&record, columns, place, refusals),
        }
    }
    let Some(columns) = columns else {
        let remedy = "begin with a line of keys: name,address,type";
        refusals.push(file, "columns", "the file is empty", remedy);
        return None;
    };
    if rows.points.is_empty() && refusals.len() == before {
        let remedy = "add a row for each point below the first line";
        refusals.push(&columns.place, "rows", "no points", remedy);
    }
    rows.check_marks(refusals);
    let heads = columns.heads.into_iter().flatten().collect();
    (!rows.points.is_empty()).then_some(Sheet { points: rows.points, heads })
}

/// What each column holds.
struct Columns {
    place: Place,
    /// Key, and head as written; `None` for a column without a head.
    heads: Vec<Option<(String, String)>>,
}

impl Columns {
    fn take(record: &StringRecord, place: Place, refusals: &mut Refusals) -> Option<Self> {
        let before = refusals.len();
        if record.len() > MAX_COLUMNS {
            let problem = format!("{} columns", record.len());
            refusals.push(&place, "columns", problem, format!("have at most {MAX_COLUMNS}"));
            return None;
        }
        let heads: Vec<_> = record.iter().map(head).collect();
        let mut seen: HashMap<&str, &str> = HashMap::new();
        for (key, written) in heads.iter().flatten() {
            if let Some(first) = seen.insert(key, written) {
                let field = format!("column {written:?}");
                let problem = format!("means {key}, as column {first:?} does");
                refusals.push(&place, field, problem, "take one of them out");
            }
        }
        if !seen.contains_key("name") {
            let remedy = "name the columns in the first line, as keys: name,address,type";
            refusals.push(&place, "columns", "there is no column name", remedy);
        }
        (refusals.len() == before).then_some(Self { place, heads })
    }
}

/// The key that a head means, with the head as written.
fn head(written: &str) -> Option<(String, String)> {
    let written = written.trim();
    let key = written.to_lowercase().replace([' ', '-'], "_");
    let alias = ALIASES.iter().find(|(alias, _)| *alias == key);
    let key = alias.map_or(key, |(_, key)| (*key).to_owned());
    (!written.is_empty()).then(|| (key, written.to_owned()))
}

#[derive(Default)]
struct Rows {
    points: Vec<Settings>,
    /// Where the first number with a decimal point stands, and the first with a comma.
    point: Option<(Place, String)>,
    comma: Option<(Place, String)>,
}

impl Rows {
    fn take(
        &mut self,
        record: &StringRecord,
        columns: &Columns,
        place: Place,
        refusals: &mut Refusals,
    ) {
        let before = refusals.len();
        let mut keys = Vec::new();
        for (at, text) in record.iter().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            let Some(Some((key, written))) = columns.heads.get(at) else {
                let field = format!("cell {}", at + 1);
                let problem = format!("{text:?} stands in no column");
                let remedy = "give its column a head in the first line, or quote cells that hold the delimiter";
                refusals.push(&place, field, problem, remedy);
                continue;
            };
            match cell::read(key, text, &place) {
                Ok(None) => {}
                Ok(Some(cell)) => {
                    let first = match cell.mark {
                        Some(Mark::Point) => Some(&mut self.point),
                        Some(Mark::Comma) => Some(&mut self.comma),
                        None => None,
                    };
                    if let Some(first) = first {
                        first.get_or_insert_with(|| (place.clone(), written.clone()));
                    }
                    keys.push(Entry { key: key.clone(), place: place.clone(), value: cell.value });
                }
                Err((problem, remedy)) => {
                    refusals.push(&place, format!("column {written:?}"), problem, remedy);
                }
            }
        }
        if !keys.is_empty() && refusals.len() == before {
            self.points.push(Settings::new("point", place, keys));
        }
    }

    /// One way of writing fractions for the whole file: `1.000` may else be one or a thousand.
    fn check_marks(&self, refusals: &mut Refusals) {
        let (Some(point), Some(comma)) = (&self.point, &self.comma) else { return };
        let (first, second, mark) = if point.0.line <= comma.0.line {
            (point, comma, "comma")
        } else {
            (comma, point, "point")
        };
        let field = format!("column {:?}", second.1);
        let problem =
            format!("a fraction behind a {mark}; at {} another mark sets it off", first.0);
        refusals.push(&second.0, field, problem, "use one of them in the whole file");
    }
}

/// All points as a file: `name` first, then keys in the order in which they first appear.
///
/// # Errors
/// Only where memory cannot be written to.
pub(super) fn write(points: &[Vec<Entry>]) -> Result<String, csv::Error> {
    let mut heads: Vec<&str> = vec!["name"];
    let mut seen: BTreeSet<&str> = BTreeSet::from(["name"]);
    for entry in points.iter().flatten() {
        if seen.insert(&entry.key) {
            heads.push(&entry.key);
        }
    }
    let mut writer = WriterBuilder::new().from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    writer.write_record(&heads)?;
    for keys in points {
        let cell = |head: &&str| {
            let found = keys.iter().find(|entry| entry.key == **head);
            found.map(|entry| cell::write(head, &entry.value)).unwrap_or_default()
        };
        writer.write_record(heads.iter().map(cell))?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
