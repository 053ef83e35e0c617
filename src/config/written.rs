//! What stands in sections before anybody takes their keys: whose they are, and where they lie.

use pointcast_api::settings::{Entry, Setting, Settings};

/// The key of a device that names its channel.
pub(super) const CHANNEL: &str = "channel";

/// The keys of each section in a list.
pub(super) fn sections_in(list: &Setting) -> impl Iterator<Item = &[Entry]> {
    let items = if let Setting::List(items) = list { items.as_slice() } else { &[] };
    items.iter().filter_map(|(_, item)| {
        if let Setting::Section(entries) = item { Some(entries.as_slice()) } else { None }
    })
}

/// The channel that a device names.
pub(super) fn channel_in(device: &[Entry]) -> Option<&str> {
    let entry = device.iter().find(|entry| entry.key == CHANNEL)?;
    if let Setting::Text(name) = &entry.value { Some(name) } else { None }
}

/// Where a point lies as it is written, at `keys`; one of several places after the other.
pub(super) fn address(point: &Settings, keys: &[&str]) -> String {
    let written = |key: &&str| point.entries().iter().find(|entry| entry.key == **key);
    let texts = keys.iter().filter_map(written).filter_map(|entry| {
        if let Setting::Text(text) = &entry.value {
            return Some(text.clone());
        }
        let places = sections_in(&entry.value).filter_map(|keys_of| {
            let at = keys_of.iter().find(|entry| keys.contains(&entry.key.as_str()))?;
            if let Setting::Text(text) = &at.value { Some(text.as_str()) } else { None }
        });
        let places: Vec<&str> = places.collect();
        (!places.is_empty()).then(|| places.join(" or "))
    });
    texts.collect::<Vec<_>>().join(" ")
}
