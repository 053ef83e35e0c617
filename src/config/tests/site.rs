//! The default site against what the simulated devices offer, entry by entry.

use std::collections::BTreeMap;
use std::fs;

use pointcast_api::settings::{Entry, Refusals, Setting};
use pointcast_sim::map::{Encoding, MapEntry, SCALE_LINE, WordOrder, register_map, topic_map};

use crate::config::{document, load};

/// The keys of one device's point in the default site.
type Keys = BTreeMap<String, Setting>;

fn keys(entries: &[Entry]) -> Keys {
    entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
}

fn sections(value: &Setting) -> Vec<Keys> {
    let Setting::List(items) = value else { panic!("no list: {value:?}") };
    let section = |setting: &Setting| {
        let Setting::Section(entries) = setting else { panic!("no section: {setting:?}") };
        keys(entries)
    };
    items.iter().map(|(_, item)| section(item)).collect()
}

fn text<'a>(keys: &'a Keys, key: &str) -> &'a str {
    match keys.get(key) {
        Some(Setting::Text(text)) => text,
        None => "",
        Some(other) => panic!("{key}: {other:?}"),
    }
}

fn number(setting: &Setting) -> f64 {
    if let Setting::Float(number) = setting {
        return number.value;
    }
    let Setting::Integer(number) = setting else { panic!("no number: {setting:?}") };
    number.to_string().parse().unwrap()
}

/// Every device of the default site with its points by name.
fn devices() -> BTreeMap<String, (Keys, BTreeMap<String, Keys>)> {
    let mut devices = BTreeMap::new();
    for file in fs::read_dir("config/site.d").unwrap() {
        let path = file.unwrap().path();
        let name = path.display().to_string().into();
        let mut refusals = Refusals::new();
        let parsed = document::parse(&name, &fs::read_to_string(&path).unwrap(), &mut refusals);
        for device in sections(&keys(&parsed.unwrap())["devices"]) {
            let points = sections(&device["points"]);
            let points = points.into_iter().map(|point| (text(&point, "name").to_owned(), point));
            devices.insert(text(&device, "name").to_owned(), (device.clone(), points.collect()));
        }
    }
    devices
}

fn check_register(entry: &MapEntry, device: &Keys, point: &Keys) {
    let what = format!("{}/{}", entry.device, entry.point);
    let bit = entry.bit.map(|bit| format!(".{bit}")).unwrap_or_default();
    let address = format!("{}:{}{bit}", entry.table.as_str(), entry.address);
    assert_eq!(text(point, "address"), address, "{what}");
    let is_bit = entry.encoding == Encoding::Bool;
    assert_eq!(text(point, "type"), if is_bit { "" } else { entry.encoding.type_word() }, "{what}");
    assert_eq!(text(point, "unit"), entry.unit, "{what}");
    let scale = point.get("scale").map_or(1.0, number);
    assert!((scale - entry.scale).abs() < 1e-12, "{what}: scale {scale}");
    let swapped =
        matches!(entry.encoding, Encoding::U32(WordOrder::Cdab) | Encoding::F32(WordOrder::Cdab));
    let ordered = matches!(entry.encoding, Encoding::U32(_) | Encoding::F32(_) | Encoding::U64);
    assert!(!ordered || (text(device, "word_order") == "CDAB") == swapped, "{what}: word order");
    assert_eq!(device["unit_id"], Setting::Integer(entry.unit_id.into()), "{what}");
    if let Encoding::Text { registers } = entry.encoding {
        assert_eq!(point["length"], Setting::Integer(registers.into()), "{what}");
    }
    let no_value = entry.no_value.map(|none| Setting::Integer(none.into()));
    assert_eq!(point.get("no_value"), no_value.as_ref(), "{what}");
    check_range(&what, point, entry.range);
    let written = point.get("labels").cloned().unwrap_or(Setting::Section(Vec::new()));
    let Setting::Section(written) = written else { panic!("{what}: {written:?}") };
    let label = |(key, value): (String, Setting)| {
        let Setting::Text(label) = value else { panic!("{what}: {value:?}") };
        (key, label)
    };
    let labels: Vec<(String, String)> = keys(&written).into_iter().map(label).collect();
    let offered: Vec<_> = entry
        .labels
        .iter()
        .map(|(value, label)| (value.to_string(), (*label).to_owned()))
        .collect();
    assert_eq!(labels, offered, "{what}");
}

/// A plausible range must take in whatever the device shows, or right values would look doubtful.
fn check_range(what: &str, point: &Keys, offered: Option<(f64, f64)>) {
    let (Some((low, high)), Some(Setting::List(range))) = (offered, point.get("range")) else {
        return;
    };
    assert!(number(&range[0].1) <= low && high <= number(&range[1].1), "{what}: range");
}

#[test]
fn every_register_of_every_simulated_slave_is_read_as_it_lies_there() {
    let devices = devices();
    let map = register_map();
    assert!(map.len() > 80);
    for entry in &map {
        let (device, points) = &devices[entry.device];
        check_register(entry, device, &points[entry.point]);
    }
    for device in ["meter", "boiler", "pumps", "greenhouse1", "greenhouse2"] {
        let offered = map.iter().filter(|entry| entry.device == device).count();
        assert_eq!(devices[device].1.len(), offered, "{device}");
    }
}

#[test]
fn everything_the_weather_station_publishes_is_taken() {
    let devices = devices();
    let (device, points) = &devices["weather"];
    assert_eq!(points.len(), topic_map().len());
    for entry in topic_map() {
        let point = &points[entry.point];
        let topic = format!("{}/{}", text(device, "topic_prefix"), text(point, "topic"));
        assert_eq!(topic, entry.topic, "{}", entry.point);
        assert_eq!(text(point, "pointer"), entry.pointer.unwrap_or_default(), "{}", entry.point);
        assert_eq!(text(point, "type"), entry.type_word, "{}", entry.point);
        assert_eq!(text(point, "unit"), entry.unit, "{}", entry.point);
        check_range(entry.point, point, entry.range);
        if let Setting::Integer(stale_ms) = point["stale_after_ms"] {
            let every_ms = i64::try_from(entry.every_ms).unwrap();
            assert!(stale_ms >= 3 * every_ms, "{}: stale before it can come anew", entry.point);
        }
    }
}

#[test]
fn the_scales_line_is_read_but_for_weights_below_nothing() {
    let devices = devices();
    let (device, points) = &devices["scale"];
    let Setting::List(lines) = &device["lines"] else { panic!("no lines") };
    let positive = SCALE_LINE.replace("(?<sign>[+-])", r"\+");
    assert_eq!(lines[0].1, Setting::Text(positive));
    assert_eq!(text(&points["at_rest"], "capture"), "state");
    assert!(points.contains_key("weight"));
}

#[test]
fn the_simulation_runs_where_the_site_looks_for_it() {
    let config = load("config/pointcast.toml".as_ref()).unwrap();
    let settings = pointcast_sim::Settings::from(config.simulation.unwrap());
    assert_eq!(settings, pointcast_sim::Settings::default_site());
}

#[test]
fn the_limits_that_are_shown_are_the_defaults() {
    let text = fs::read_to_string("config/pointcast.toml").unwrap();
    let shown = text.lines().skip_while(|line| *line != "[limits]").skip(1);
    let shown: Vec<&str> = shown.map_while(|line| line.strip_prefix("# ")).collect();
    assert_eq!(shown.len(), 18, "{shown:?}");
    let path = std::env::temp_dir().join(format!("pointcast-limits-{}.toml", std::process::id()));
    fs::write(&path, format!("[limits]\n{}", shown.join("\n"))).unwrap();
    let loaded = load(&path);
    fs::remove_file(&path).unwrap();
    assert_eq!(loaded.unwrap().limits, crate::limits::Limits::default());
}
