//! The keys of one channel, for those who want its link and nothing of the site.

use std::path::Path;

use pointcast_api::settings::{Refusal, Refusals, Setting, Settings};

use super::exchange::{entry, typed};
use super::words::near;
use super::{document, files, gateway};

/// A channel's driver, as it is named, and the keys that are the driver's own.
#[derive(Debug)]
pub struct Alone {
    /// The word that chooses its driver.
    pub driver: String,
    /// Its other keys.
    pub keys: Settings,
}

/// The channel called `name` in the configuration at `path`, whatever else is right or wrong there.
///
/// # Errors
/// Files that cannot be read, and a channel that is not there or does not name its driver.
pub fn channel(path: &Path, name: &str) -> Result<Alone, Vec<Refusal>> {
    let mut refusals = Refusals::new();
    let found = find(path, name, &mut refusals);
    found.ok_or_else(|| refusals.into_sorted())
}

fn find(path: &Path, name: &str, refusals: &mut Refusals) -> Option<Alone> {
    let mut main = files::read_main(path, refusals)?;
    // What else is wrong is told by others.
    let mut unheard = Refusals::new();
    let (mut gateway, sources) = gateway::take(path, &mut main, &mut unheard);
    let mut all = vec![main];
    if let Some(include) = sources.include {
        let unmatched = &mut gateway.unmatched;
        let included = files::read_included(path, &include, None, unmatched, refusals);
        all.extend(included.iter().flatten().filter_map(|file| file.settings(refusals)));
    }
    let mut names = Vec::new();
    let mut found = None;
    for file in &mut all {
        for mut keys in file.sections("channels", "channel", &mut unheard) {
            let Some(own) = keys.text("name", &mut unheard) else { continue };
            if own.value == name {
                found = Some(keys);
            } else {
                names.push(own.value);
            }
        }
    }
    let Some(mut keys) = found else {
        let problem = format!("there is no channel {name:?} in {}", path.display());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let remedy = match names.as_slice() {
            [] => "say where the bus is instead: a host or a serial port".to_owned(),
            names => near(name, names),
        };
        refusals.push(&typed(), "--channel", problem, remedy);
        return None;
    };
    keys.rename(format!("channel {name:?}"));
    let driver = keys.text("driver", refusals);
    let driver = keys.required(driver, "driver", "driver = \"modbus-tcp\"", refusals)?.value;
    let _enabled = keys.flag("enabled", &mut unheard);
    Some(Alone { driver, keys })
}

/// The keys of a channel from the command line: where it is, as plain text, and others with values as they stand in
/// a file, texts without quotes.
#[must_use]
pub fn typed_keys((key, place): (&str, &str), others: &[(String, String)]) -> Settings {
    let setting = |value: &str| {
        document::value(value.trim(), &typed()).unwrap_or_else(|| Setting::Text(value.to_owned()))
    };
    let others = others.iter().map(|(key, value)| entry(key, setting(value)));
    let place = entry(key, Setting::Text(place.to_owned()));
    Settings::new("channel", typed(), std::iter::once(place).chain(others).collect())
}
