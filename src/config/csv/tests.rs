//! Whole files, and that what is written reads back the same.

use pointcast_api::settings::{Decimal, Setting};
use proptest::prelude::*;

use super::*;
use crate::config::{document, render};

fn file() -> Place {
    Place::new("points.csv", 0)
}

fn sheet(text: &str) -> Sheet {
    let mut refusals = Refusals::new();
    let sheet = read(&file(), text, &mut refusals);
    sheet.unwrap_or_else(|| panic!("{:#?}", refusals.into_sorted()))
}

fn told(text: &str) -> Vec<String> {
    let mut refusals = Refusals::new();
    let _right_rows = read(&file(), text, &mut refusals);
    assert!(!refusals.is_empty(), "{text}");
    refusals.into_sorted().iter().map(ToString::to_string).collect()
}

/// Keys and values, row by row.
fn rows(sheet: &Sheet) -> Vec<Vec<(String, Setting)>> {
    let keys = |entry: &Entry| (entry.key.clone(), bare(&entry.value));
    sheet.points.iter().map(|point| point.entries().iter().map(keys).collect()).collect()
}

/// A value without the places within it.
fn bare(value: &Setting) -> Setting {
    let nowhere = Place::new("", 0);
    match value {
        Setting::List(items) => {
            Setting::List(items.iter().map(|(_, item)| (nowhere.clone(), bare(item))).collect())
        }
        Setting::Section(entries) => {
            let entry = |entry: &Entry| Entry {
                key: entry.key.clone(),
                place: nowhere.clone(),
                value: bare(&entry.value),
            };
            Setting::Section(entries.iter().map(entry).collect())
        }
        Setting::Bool(_)
        | Setting::Integer(_)
        | Setting::Float(_)
        | Setting::Text(_)
        | Setting::Other(_) => value.clone(),
    }
}

#[test]
fn files_of_every_program_hold_the_same() {
    let expected = rows(&sheet("name,type,scale,unit\na,i16,0.1,°C\nb,u16,,\n"));
    assert_eq!(expected.len(), 2);
    assert_eq!(
        expected[1],
        [("name", "b"), ("type", "u16")]
            .map(|(key, text)| (key.to_owned(), Setting::Text(text.to_owned())))
    );
    for text in [
        "\u{feff}name,type,scale,unit\r\na,i16,0.1,°C\r\nb,u16,,\r\n",
        "name;type;scale;unit\na;i16;0,1;°C\nb;u16;;",
        "name\ttype\tscale\tunit\na\ti16\t0,1\t°C\nb\tu16\t\t\n\n",
        "\"name\",\"type\",\"scale\",\"unit\"\n\"a\",\"i16\",\"0,1\",\"°C\"\n\n\"b\",\"u16\",\"\",\"\"\n",
        "Tag, Data Type , MULTIPLIER,Units,\na, i16, 0.1, °C,,\nb,u16\n,,,\n",
    ] {
        assert_eq!(rows(&sheet(text)), expected, "{text:?}");
    }
}

#[test]
fn a_row_keeps_its_line_whatever_the_lines_before_it_hold() {
    for end in ["\n", "\r\n"] {
        let text = ["name,description", "a,\"one", "two\"", "", "b,x"].join(end);
        let lines: Vec<u32> = sheet(&text).points.iter().map(|point| point.place().line).collect();
        assert_eq!(lines, [2, 5], "{end:?}");
    }
}

#[test]
fn everything_wrong_with_the_cells_is_told_at_once() {
    assert_eq!(
        told("name;scale;offset\na;1,000;x;more\nb;0,5;1\nc;1.000.000;0\nd;0.5;0\n;;;only\n"),
        [
            "points.csv:2: cell 4: \"more\" stands in no column\n    give its column a head in the first line, or quote cells that hold the delimiter",
            "points.csv:2: column \"scale\": 1,000 may be a thousand times as much with another reading\n    write 1.5 or 1500, without marks between thousands",
            "points.csv:4: column \"scale\": 1.000.000 is no number as it is written here\n    write it like 1000, 0.5 or 1e-3; text that looks so, in \"quotes\"",
            "points.csv:5: column \"scale\": a fraction behind a point; at points.csv:3 another mark sets it off\n    use one of them in the whole file",
            "points.csv:6: cell 4: \"only\" stands in no column\n    give its column a head in the first line, or quote cells that hold the delimiter",
        ]
    );
    assert_eq!(
        told("tag,name,type\na,b,c\n"),
        [
            "points.csv:1: column \"name\": means name, as column \"tag\" does\n    take one of them out"
        ]
    );
    assert_eq!(
        told("type\nu16\n"),
        [
            "points.csv:1: columns: there is no column name\n    name the columns in the first line, as keys: name,address,type"
        ]
    );
    assert_eq!(told("")[0].lines().next(), Some("points.csv: columns: the file is empty"));
    assert_eq!(told("name,type\n")[0].lines().next(), Some("points.csv:1: rows: no points"));
    let quotes = told("name,description\na,\"x\" y\nb,5\" pipe\nc,\"never\n");
    let lines: Vec<&str> = quotes.iter().map(|told| told.split(": ").next().unwrap()).collect();
    assert_eq!(lines, ["points.csv:2", "points.csv:3", "points.csv:4"]);
}

/// Anything that a point's key can be set to.
fn any_value() -> impl Strategy<Value = Setting> {
    let nowhere = || Place::new("", 0);
    let float = |value: f64| Setting::Float(Decimal { value, text: format!("{value:?}") });
    let leaf = prop_oneof![
        any::<bool>().prop_map(Setting::Bool),
        any::<i64>().prop_map(Setting::Integer),
        prop::num::f64::NORMAL.prop_map(float),
        any_text().prop_map(Setting::Text),
    ];
    leaf.prop_recursive(2, 8, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(move |items| Setting::List(
                items.into_iter().map(|item| (nowhere(), item)).collect()
            )),
            prop::collection::btree_map(any_text(), inner, 0..3).prop_map(move |entries| {
                let entry = |(key, value)| Entry { key, place: nowhere(), value };
                Setting::Section(entries.into_iter().map(entry).collect())
            }),
        ]
    })
}

/// Any text, and often one that could be taken for something else.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ \"',;\t\r\n\\\\#={}\\[\\]]{0,6}",
        "[+-]?[0-9.,' ]{1,8}",
        "(true|FALSE|nan|inf|1e5|0x1F|2026-01-02|never|\u{feff}|=1\\+1)",
    ]
}

fn any_points() -> impl Strategy<Value = Vec<Vec<Entry>>> {
    let texts = prop_oneof![Just("description"), Just("address"), Just("type"), Just("word_order")];
    let others = prop_oneof![Just("scale"), Just("range"), Just("labels"), Just("key_to_come")];
    let texts = prop::collection::btree_map(texts, any_text().prop_map(Setting::Text), 0..4);
    let others = prop::collection::btree_map(others, any_value(), 0..4);
    let entry = |(key, value): (&str, Setting)| Entry {
        key: key.to_owned(),
        place: Place::new("", 0),
        value,
    };
    let point = (any_text(), texts, others).prop_map(move |(name, texts, others)| {
        let name = entry(("name", Setting::Text(name)));
        std::iter::once(name).chain(texts.into_iter().chain(others).map(entry)).collect::<Vec<_>>()
    });
    prop::collection::vec(point, 1..5)
}

fn sorted(point: &[Entry]) -> Vec<(String, Setting)> {
    let mut keys: Vec<_> =
        point.iter().map(|entry| (entry.key.clone(), bare(&entry.value))).collect();
    keys.sort_by(|one, other| one.0.cmp(&other.0));
    keys
}

proptest! {
    #[test]
    fn what_is_exported_is_imported_the_same(points in any_points()) {
        let written = write(&points).unwrap();
        let back = sheet(&written);
        let back: Vec<_> = back.points.iter().map(|point| sorted(point.entries())).collect();
        let points: Vec<_> = points.iter().map(|point| sorted(point)).collect();
        prop_assert_eq!(back, points, "{}", written);
    }

    #[test]
    fn what_is_rendered_is_parsed_the_same(points in any_points()) {
        let text = render::points(&points);
        let mut refusals = Refusals::new();
        let parsed = document::parse(&"a.toml".into(), &text, &mut refusals);
        let parsed = parsed.unwrap_or_else(|| panic!("{text}{:?}", refusals.into_sorted()));
        let Setting::List(back) = &parsed[0].value else { panic!("{text}") };
        let back: Vec<_> = back.iter().map(|(_, point)| {
            let Setting::Section(keys) = point else { panic!("{text}") };
            sorted(keys)
        }).collect();
        let points: Vec<_> = points.iter().map(|point| sorted(point)).collect();
        prop_assert_eq!(back, points, "{}", text);
    }

    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![any::<String>(), "(name|a|,|;|\t|\"|\n|\r|1,5| |[0-9.]){0,40}"]) {
        let mut refusals = Refusals::new();
        let read = read(&file(), &text, &mut refusals);
        match read {
            Some(sheet) => prop_assert!(!sheet.points.is_empty()),
            None => prop_assert!(!refusals.is_empty()),
        }
    }
}
