//! Points from CSV into configuration files, and back.
//!
//! What comes in passes the checks of the whole configuration it is to be part of, its channel's driver
//! included, before a word of it is written; and what is to be written is read back and compared.

use std::collections::HashMap;
use std::path::Path;

use pointcast_api::settings::{Entry, Place, Refusal, Refusals, Setting, Settings, UNKNOWN_KEY};

use super::csv::{self, Sheet};
use super::site::COMMAND_LINE;
use super::{Change, document, files, read, render};
use crate::registry::DriverKind;

/// A device that is to be written.
#[derive(Debug)]
pub struct NewDevice<'a> {
    /// Its name.
    pub name: &'a str,
    /// The channel it is on.
    pub channel: &'a str,
    /// Its other keys, each with its value as it stands in a file, texts without quotes.
    pub keys: &'a [(String, String)],
    /// The name of the profile that is to have the points, if not the device.
    pub profile: Option<&'a str>,
}

/// Texts of files that are right.
#[derive(Debug, PartialEq, Eq)]
pub struct Written {
    /// `[[devices]]` with the device.
    pub device: String,
    /// The profile's file, where there is to be one.
    pub profile: Option<String>,
    /// How many points there are.
    pub points: usize,
}

/// The files for a device with the points in `sheet`, as part of the configuration at `config`. `replaced`
/// is the file that will give way to the device's.
///
/// # Errors
/// Everything that is wrong with the rows, with the device, and with the configuration. Nothing helps but to
/// change the files or the command.
pub fn import(
    config: &Path,
    sheet: &Path,
    device: &NewDevice<'_>,
    replaced: Option<&Path>,
    drivers: &[DriverKind],
) -> Result<Written, Vec<Refusal>> {
    let mut refusals = Refusals::new();
    let written = checked(config, sheet, device, replaced, drivers, &mut refusals);
    match written {
        Some(written) if refusals.is_empty() => Ok(written),
        Some(_) | None => Err(refusals.into_sorted()),
    }
}

fn checked(
    config: &Path,
    sheet: &Path,
    device: &NewDevice<'_>,
    replaced: Option<&Path>,
    drivers: &[DriverKind],
    refusals: &mut Refusals,
) -> Option<Written> {
    if let Some(file) = replaced {
        holds_only(file, device.name, refusals)?;
    }
    let (place, text) = files::read_text(sheet, refusals)?;
    let Sheet { points, heads } = csv::read(&place, &text, refusals)?;
    let points: Vec<Vec<Entry>> = points.iter().map(|point| point.entries().to_vec()).collect();
    if device.profile.is_some() {
        no_expressions(&points, refusals)?;
    }
    let mut section = device_keys(device);
    section.push(entry("points", sections(&points)));
    let added = vec![entry("devices", Setting::List(vec![(typed(), Setting::Section(section))]))];
    let added = Settings::new("", typed(), added);
    let change = Change { replaced, added: Some(added), ..Change::default() };
    let mut found = Refusals::new();
    let (config, _) =
        read(config, drivers, change, &mut found).filter(|_| found.is_empty()).or_else(|| {
            refuse(found, &place, &heads, refusals);
            None
        })?;
    let on = config.channels.iter().find(|channel| channel.name == device.channel);
    let driver = on.map_or("", |channel| channel.driver_name);
    let written = text_of(device, &points, driver);
    let (file, holder) = match &written.profile {
        Some(profile) => (profile, "profile"),
        None => (&written.device, "device"),
    };
    if !reads_back(file, &points) {
        let problem = format!("the {holder} as it was to be written holds other points");
        refusals.push(&place, "points", problem, "report this: it is a defect of pointcast");
        return None;
    }
    Some(written)
}

/// Whether `text` is a file with just these points.
fn reads_back(text: &str, points: &[Vec<Entry>]) -> bool {
    let Some(file) = document::parse(&COMMAND_LINE.into(), text, &mut Refusals::new()) else {
        return false;
    };
    let held = match value_of(&file, "devices") {
        None => value_of(&file, "points"),
        Some(Setting::List(devices)) => match devices.first() {
            Some((_, Setting::Section(keys))) => value_of(keys, "points"),
            Some(_) | None => None,
        },
        Some(_) => None,
    };
    held.is_some_and(|held| same(held, &sections(points)))
}

fn value_of<'a>(entries: &'a [Entry], key: &str) -> Option<&'a Setting> {
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
}

/// Whether two values differ in nothing but their places.
fn same(one: &Setting, other: &Setting) -> bool {
    match (one, other) {
        (Setting::List(one), Setting::List(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| same(&one.1, &other.1))
        }
        (Setting::Section(one), Setting::Section(other)) => {
            let alike = |entry: &Entry| {
                value_of(other, &entry.key).is_some_and(|found| same(&entry.value, found))
            };
            one.len() == other.len() && one.iter().all(alike)
        }
        // Not a number is not equal to itself, and the same text all the same.
        (Setting::Float(one), Setting::Float(other)) => one.text == other.text,
        (one, other) => one == other,
    }
}

/// A place on the command line.
pub(super) fn typed() -> Place {
    Place::new(COMMAND_LINE, 0)
}

pub(super) fn entry(key: &str, value: Setting) -> Entry {
    Entry { key: key.to_owned(), place: typed(), value }
}

fn sections(points: &[Vec<Entry>]) -> Setting {
    let section = |keys: &Vec<Entry>| {
        let place = keys.first().map_or_else(typed, |entry| entry.place.clone());
        (place, Setting::Section(keys.clone()))
    };
    Setting::List(points.iter().map(section).collect())
}

/// The device's keys but for its points.
fn device_keys(device: &NewDevice<'_>) -> Vec<Entry> {
    let text = |text: &str| Setting::Text(text.to_owned());
    let mut keys = vec![entry("name", text(device.name)), entry("channel", text(device.channel))];
    for (key, value) in device.keys {
        let value = document::value(value.trim(), &typed()).unwrap_or_else(|| text(value));
        keys.push(entry(key, value));
    }
    keys
}

/// In a profile `${` means a parameter, and would become something else.
fn no_expressions(points: &[Vec<Entry>], refusals: &mut Refusals) -> Option<()> {
    let before = refusals.len();
    for entry in points.iter().flatten() {
        if render::value(&entry.value).contains("${") {
            let remedy = "write the profile by hand where it is to have parameters";
            refusals.push(
                &entry.place,
                &entry.key,
                "holds ${, which means a parameter in a profile",
                remedy,
            );
        }
    }
    (refusals.len() == before).then_some(())
}

/// Passes refusals on: an unknown key of the sheet once, as its column; others with their column's head.
fn refuse(
    found: Refusals,
    sheet: &Place,
    heads: &HashMap<String, String>,
    refusals: &mut Refusals,
) {
    let mut unknown: Vec<String> = Vec::new();
    for refusal in found.into_sorted() {
        let Refusal { place, mut field, problem, remedy } = refusal;
        let key = field.rsplit(": ").next().unwrap_or_default().to_owned();
        let head = heads.get(&key).filter(|_| place.file == sheet.file);
        if let Some(head) = head
            && problem == UNKNOWN_KEY
        {
            if !unknown.contains(&key) {
                let first = Place { line: 1, ..sheet.clone() };
                let problem = "no key of a point of this channel's driver";
                refusals.push(&first, format!("column {head:?}"), problem, remedy);
                unknown.push(key);
            }
            continue;
        }
        if let Some(head) = head.filter(|head| **head != key) {
            field.push_str(&format!(" (column {head:?})"));
        }
        refusals.push(&place, field, problem, remedy);
    }
}

/// Refuses a file that holds more than the device that is to take its place.
fn holds_only(file: &Path, device: &str, refusals: &mut Refusals) -> Option<()> {
    let settings = files::read(file, refusals)?;
    let place = settings.place().clone();
    let one = match settings.entries() {
        [Entry { key, value: Setting::List(devices), .. }] if key == "devices" => {
            devices.as_slice()
        }
        _ => &[],
    };
    let named = |(_, section): &(Place, Setting)| {
        let Setting::Section(keys) = section else { return false };
        let name = Setting::Text(device.to_owned());
        keys.iter().any(|entry| entry.key == "name" && entry.value == name)
    };
    if let [only] = one
        && named(only)
    {
        return Some(());
    }
    let problem = format!("holds something else than device {device:?}, which would be lost");
    refusals.push(&place, "--out", problem, "name a file of its own");
    None
}

fn text_of(device: &NewDevice<'_>, points: &[Vec<Entry>], driver: &str) -> Written {
    let mut keys = device_keys(device);
    keys.extend(device.profile.map(|name| entry("profile", Setting::Text(name.to_owned()))));
    let lines: String = keys.iter().map(|entry| format!("{}\n", render::entry(entry))).collect();
    let of_points = render::points(points);
    let (in_device, profile) = match device.profile {
        None => (of_points, None),
        Some(_) => {
            let drivers = format!("drivers = [{}]\n", render::text(driver));
            (String::new(), Some(drivers + &of_points))
        }
    };
    let device = format!("[[devices]]\n{lines}{in_device}");
    Written { device, profile, points: points.len() }
}

/// The points of a device as CSV, those from its profile as they are for it.
///
/// # Errors
/// Everything that is wrong with the configuration, and a device that is not there.
pub fn export(config: &Path, device: &str, drivers: &[DriverKind]) -> Result<String, Vec<Refusal>> {
    let mut refusals = Refusals::new();
    let change = Change { wanted: Some(device), ..Change::default() };
    let points = read(config, drivers, change, &mut refusals).and_then(|(_, points)| points);
    let text = points.filter(|_| refusals.is_empty()).map(|points| csv::write(&points));
    match text {
        Some(Ok(text)) => Ok(text),
        Some(Err(error)) => {
            refusals.push(&typed(), "--device", error.to_string(), "report this: it is a defect");
            Err(refusals.into_sorted())
        }
        None => Err(refusals.into_sorted()),
    }
}
