//! Device profiles: a model is described once, in a file of its own, and used by many devices.
//!
//! A profile is merged into a device before any driver sees it, and then passes the same checks as what was
//! written there. Each of its lines keeps its place, so that a refusal names the profile's file and line, and
//! where the device is that uses it. Profiles are flat: none takes in another.

mod expression;
mod parameters;
mod shelf;
mod usage;

use std::collections::BTreeSet;

use pointcast_api::settings::{Entry, Place, Refusals, Setting, Settings};

use super::points::{MAX_DESCRIPTION_CHARS, plain};
use super::words::near;
use parameters::Parameters;

pub(super) use shelf::Shelf;
pub(super) use usage::Usage;

/// Keys that a device has of its own, and no profile gives it.
const OF_THE_DEVICE: [&str; 8] =
    ["name", "channel", "prefix", "profile", "parameters", "only", "omit", "points"];

/// A device model.
#[derive(Debug)]
pub(super) struct Profile {
    /// The drivers it is for; empty for any.
    drivers: Vec<String>,
    parameters: Parameters,
    /// A device's own keys, each a default.
    device: Vec<Entry>,
    points: Vec<(Place, Vec<Entry>)>,
}

impl Profile {
    /// Takes everything out of a profile's file; `None` together with at least one refusal.
    fn take(mut file: Settings, drivers: &[&str], refusals: &mut Refusals) -> Option<Self> {
        let before = refusals.len();
        for key in ["title", "source"] {
            if let Some(text) = file.text(key, refusals) {
                plain(text, MAX_DESCRIPTION_CHARS, refusals);
            }
        }
        let profile = Self {
            drivers: drivers_of(&mut file, drivers, refusals),
            parameters: parameters::declared(&mut file, refusals),
            device: device(&mut file, refusals),
            points: points(&mut file, refusals),
        };
        file.finish(refusals);
        profile.check_expressions(refusals);
        (refusals.len() == before).then_some(profile)
    }

    /// Every expression can be read and uses what is declared; everything declared is used.
    fn check_expressions(&self, refusals: &mut Refusals) {
        let mut used = BTreeSet::new();
        let entries = self.device.iter().chain(self.points.iter().flat_map(|(_, keys)| keys));
        for entry in entries {
            for text in texts(&entry.value) {
                match expression::names(text) {
                    Ok(names) => {
                        self.check_names(&names, entry, refusals);
                        used.extend(names);
                    }
                    Err((problem, remedy)) => {
                        refusals.push(&entry.place, &entry.key, problem, remedy);
                    }
                }
            }
        }
        for (name, parameter) in &self.parameters {
            if !used.contains(name.as_str()) {
                let field = format!("parameters: {name}");
                let remedy = format!("use it as \"${{{name}}}\", or take it out");
                refusals.push(&parameter.place, field, "no key uses it", remedy);
            }
        }
    }

    fn check_names(&self, names: &[&str], entry: &Entry, refusals: &mut Refusals) {
        for name in names.iter().filter(|name| !self.parameters.contains_key(**name)) {
            let known: Vec<&str> = self.parameters.keys().map(String::as_str).collect();
            let remedy = if known.is_empty() {
                format!("declare it: parameters = {{ {name} = 1 }}")
            } else {
                near(name, &known)
            };
            let problem = format!("there is no parameter {name:?}");
            refusals.push(&entry.place, &entry.key, problem, remedy);
        }
    }
}

/// Every text within a value that holds an expression.
fn texts(value: &Setting) -> Vec<&str> {
    match value {
        Setting::Text(text) if expression::is_template(text) => vec![text],
        Setting::List(items) => items.iter().flat_map(|(_, item)| texts(item)).collect(),
        Setting::Section(entries) => entries.iter().flat_map(|entry| texts(&entry.value)).collect(),
        Setting::Text(_)
        | Setting::Bool(_)
        | Setting::Integer(_)
        | Setting::Float(_)
        | Setting::Other(_) => Vec::new(),
    }
}

fn drivers_of(file: &mut Settings, known: &[&str], refusals: &mut Refusals) -> Vec<String> {
    let Some(named) = file.texts("drivers", refusals) else { return Vec::new() };
    for name in named.value.iter().filter(|name| !known.contains(&name.as_str())) {
        named.refuse(refusals, format!("there is no driver {name:?}"), near(name, known));
    }
    if named.value.is_empty() {
        named.refuse(refusals, "an empty list", "leave it away to allow every driver");
    }
    named.value
}

fn device(file: &mut Settings, refusals: &mut Refusals) -> Vec<Entry> {
    let Some(mut section) = file.section("device", "device", refusals) else { return Vec::new() };
    let entries = section.take_rest();
    for entry in entries.iter().filter(|entry| OF_THE_DEVICE.contains(&entry.key.as_str())) {
        let field = format!("device: {}", entry.key);
        let remedy = if entry.key == "points" {
            "put them beside device, not into it"
        } else {
            "give it where the profile is used, in [[devices]]"
        };
        refusals.push(&entry.place, field, "is no key of a profile", remedy);
    }
    entries
}

fn points(file: &mut Settings, refusals: &mut Refusals) -> Vec<(Place, Vec<Entry>)> {
    let before = refusals.len();
    let sections = file.sections("points", "point", refusals);
    if sections.is_empty() && refusals.len() == before {
        let example = "add points = [{ name = \"…\", … }] or sections [[points]]";
        refusals.push(file.place(), "points", "no points", example);
    }
    let keys = |mut section: Settings| (section.place().clone(), section.take_rest());
    sections.into_iter().map(keys).collect()
}
