//! A device that uses a profile: what it asks for, and what it then has.

use std::sync::Arc;

use pointcast_api::PointId;
use pointcast_api::settings::{Entry, Located, Place, Refusals, Setting, Settings};

use super::parameters::{self, Given};
use super::{Profile, Shelf, expression};
use crate::config::words::near;
use crate::table::Pattern;

/// What a device says of profiles.
#[derive(Debug)]
pub(in crate::config) struct Usage {
    profile: Option<Located<String>>,
    /// Whether `profile` is written, rightly or not.
    named: bool,
    parameters: Option<Settings>,
    only: Option<Located<Vec<String>>>,
    omit: Option<Located<Vec<String>>>,
}

/// What a device has, its profile's share included.
pub(in crate::config) struct Applied {
    /// The profile's name.
    pub(in crate::config) profile: Option<Arc<str>>,
    /// Sections of its points, those of the profile first.
    pub(in crate::config) points: Vec<Settings>,
}

impl Usage {
    /// Takes a device's keys.
    pub(in crate::config) fn take(device: &mut Settings, refusals: &mut Refusals) -> Self {
        let before = refusals.len();
        let profile = device.text("profile", refusals);
        let named = profile.is_some() || refusals.len() > before;
        let field = device.field("parameters");
        let parameters = device.section("parameters", &field, refusals);
        let only = device.texts("only", refusals);
        let omit = device.texts("omit", refusals);
        if !named {
            let mut without = |place: &Place, key: &str| {
                let remedy = "add profile = \"…\", or leave it away";
                refusals.push(place, device.field(key), "there is no profile here", remedy);
            };
            if let Some(section) = &parameters {
                without(section.place(), "parameters");
            }
            for (key, list) in [("only", &only), ("omit", &omit)] {
                if let Some(list) = list {
                    without(&list.place, key);
                }
            }
        }
        Self { profile, named, parameters, only, omit }
    }

    /// Gives `device` the profile's keys, and its points beside its own.
    ///
    /// # Errors
    /// Its own points, together with a refusal, where the profile cannot be had.
    pub(in crate::config) fn apply(
        self,
        device: &mut Settings,
        own: Vec<Settings>,
        driver: Option<&str>,
        shelf: &mut Shelf<'_>,
        refusals: &mut Refusals,
    ) -> Result<Applied, Vec<Settings>> {
        let Some(named) = self.profile else {
            return if self.named { Err(own) } else { Ok(Applied { profile: None, points: own }) };
        };
        let Some(profile) = shelf.profile(&named, refusals) else { return Err(own) };
        if profile.check_driver(&named, driver, refusals).is_none() {
            return Err(own);
        }
        let given = parameters::given(&profile.parameters, &named, self.parameters, refusals);
        let Some(given) = given else { return Err(own) };
        let filling = Filling { given: &given, device: Arc::new(device.place().clone()) };
        let before = refusals.len();
        let keys = profile.device.iter().map(|entry| filling.entry(entry, device, refusals));
        let keys: Vec<Entry> = keys.collect();
        let points = profile.points.iter();
        let points = points.map(|(place, keys)| filling.point(place, keys, device, refusals));
        let mut points: Vec<Point> = points.collect();
        if refusals.len() > before {
            return Err(own);
        }
        device.add_missing(keys);
        choose(&mut points, self.only.as_ref(), true, refusals);
        choose(&mut points, self.omit.as_ref(), false, refusals);
        let points = beside(points, own);
        Ok(Applied { profile: Some(named.value.into()), points })
    }
}

impl Profile {
    fn check_driver(
        &self,
        named: &Located<String>,
        driver: Option<&str>,
        refusals: &mut Refusals,
    ) -> Option<()> {
        let Some(driver) = driver else { return Some(()) };
        if self.drivers.is_empty() || self.drivers.iter().any(|name| name == driver) {
            return Some(());
        }
        let problem = format!("{:?} is not for {driver}, the driver of this channel", named.value);
        named.refuse(refusals, problem, format!("it is for {}", self.drivers.join(" and ")));
        None
    }
}

/// A point's keys, with where the point begins.
struct Point {
    place: Place,
    keys: Vec<Entry>,
}

impl Point {
    fn name(&self) -> Option<&str> {
        name_in(&self.keys)
    }
}

fn name_in(keys: &[Entry]) -> Option<&str> {
    keys.iter().find(|entry| entry.key == "name").and_then(|entry| match &entry.value {
        Setting::Text(text) => Some(text.as_str()),
        Setting::Bool(_)
        | Setting::Integer(_)
        | Setting::Float(_)
        | Setting::List(_)
        | Setting::Section(_)
        | Setting::Other(_) => None,
    })
}

/// A profile's keys → those of one device.
struct Filling<'a> {
    given: &'a Given,
    device: Arc<Place>,
}

impl Filling<'_> {
    fn point(
        &self,
        place: &Place,
        keys: &[Entry],
        device: &Settings,
        refusals: &mut Refusals,
    ) -> Point {
        let keys = keys.iter().map(|entry| self.entry(entry, device, refusals)).collect();
        Point { place: place.used_at(&self.device), keys }
    }

    fn entry(&self, entry: &Entry, device: &Settings, refusals: &mut Refusals) -> Entry {
        let place = entry.place.used_at(self.user(&entry.value));
        let value = match self.value(&entry.value) {
            Ok(value) => value,
            Err((problem, remedy)) => {
                refusals.push(&place, device.field(&entry.key), problem, remedy);
                entry.value.clone()
            }
        };
        Entry { key: entry.key.clone(), place, value }
    }

    /// Where what the value becomes is decided: at the first parameter that the device gives for it, if any.
    fn user(&self, value: &Setting) -> &Arc<Place> {
        let mut names = super::texts(value).into_iter().flat_map(|text| {
            // What cannot be read was refused when the profile was.
            expression::names(text).unwrap_or_default()
        });
        names.find_map(|name| self.given.places.get(name)).unwrap_or(&self.device)
    }

    fn value(&self, value: &Setting) -> Result<Setting, expression::Misread> {
        match value {
            Setting::Text(text) if expression::is_template(text) => {
                expression::fill(text, &self.given.values)
            }
            Setting::List(items) => {
                let item = |(place, item): &(Place, Setting)| {
                    Ok((place.used_at(&self.device), self.value(item)?))
                };
                items.iter().map(item).collect::<Result<_, _>>().map(Setting::List)
            }
            Setting::Section(entries) => {
                let inner = |entry: &Entry| {
                    let (key, place) = (entry.key.clone(), entry.place.used_at(&self.device));
                    Ok(Entry { key, place, value: self.value(&entry.value)? })
                };
                entries.iter().map(inner).collect::<Result<_, _>>().map(Setting::Section)
            }
            Setting::Text(_)
            | Setting::Bool(_)
            | Setting::Integer(_)
            | Setting::Float(_)
            | Setting::Other(_) => Ok(value.clone()),
        }
    }
}

/// Keeps the points that `patterns` mean, or those that they do not.
fn choose(
    points: &mut Vec<Point>,
    patterns: Option<&Located<Vec<String>>>,
    keep: bool,
    refusals: &mut Refusals,
) {
    let Some(written) = patterns else { return };
    let names: Vec<String> =
        points.iter().filter_map(|point| point.name()).map(str::to_owned).collect();
    let mut meant = vec![false; points.len()];
    for text in &written.value {
        let pattern = match Pattern::new(text) {
            Ok(pattern) => pattern,
            Err(error) => {
                let remedy = "give names of its points, or patterns: \"voltage/*\", \"energy/**\"";
                written.refuse(refusals, format!("{text:?} is no pattern: {error}"), remedy);
                continue;
            }
        };
        let matches = |point: &Point| {
            point
                .name()
                .and_then(|name| PointId::new(name).ok())
                .is_some_and(|id| pattern.matches(&id))
        };
        let mut any = false;
        for (meant, _) in meant.iter_mut().zip(points.iter()).filter(|(_, point)| matches(point)) {
            (*meant, any) = (true, true);
        }
        if !any {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            written.refuse(
                refusals,
                format!("{text:?} is none of the profile's points"),
                near(text, &names),
            );
        }
    }
    let mut meant = meant.into_iter();
    points.retain(|_| meant.next().unwrap_or_default() == keep);
}

/// The profile's points with the device's own beside them. One of its own with the name of a profile's
/// point changes that point's keys, and keeps its others.
fn beside(points: Vec<Point>, own: Vec<Settings>) -> Vec<Settings> {
    let mut added = Vec::new();
    let mut points: Vec<(Point, bool)> = points.into_iter().map(|point| (point, false)).collect();
    for mut section in own {
        let place = section.place().clone();
        let keys = section.take_rest();
        let same = |(point, changed): &&mut (Point, bool)| {
            !*changed && point.name().is_some() && point.name() == name_in(&keys)
        };
        match points.iter_mut().find(same) {
            None => added.push(Settings::new("point", place, keys)),
            Some((point, changed)) => {
                *changed = true;
                point.place = place;
                point.keys.retain(|entry| keys.iter().all(|own| own.key != entry.key));
                point.keys.extend(keys);
            }
        }
    }
    let merged =
        points.into_iter().map(|(point, _)| Settings::new("point", point.place, point.keys));
    merged.chain(added).collect()
}
