//! Settings → the text of a configuration file. Pure; what is written reads back the same.

use pointcast_api::settings::{Entry, Setting};
use toml_writer::{ToTomlKey as _, ToTomlValue as _, TomlKeyBuilder, TomlStringBuilder};

/// A value on one line, as it stands behind `=`.
pub(super) fn value(setting: &Setting) -> String {
    match setting {
        Setting::Bool(flag) => flag.to_string(),
        Setting::Integer(number) => number.to_string(),
        Setting::Float(number) => number.text.clone(),
        Setting::Text(words) => text(words),
        Setting::List(items) => {
            let items: Vec<String> = items.iter().map(|(_, item)| value(item)).collect();
            format!("[{}]", items.join(", "))
        }
        Setting::Section(entries) if entries.is_empty() => "{}".to_owned(),
        Setting::Section(entries) => format!("{{ {} }}", entries_on_one_line(entries)),
        // What no setting is made of was refused before anything is written.
        Setting::Other(name) => text(name),
    }
}

/// Text in quotes.
pub(super) fn text(words: &str) -> String {
    TomlStringBuilder::new(words).as_basic().to_toml_value()
}

/// `key = value`.
pub(super) fn entry(entry: &Entry) -> String {
    let bare = TomlKeyBuilder::new(&entry.key).as_unquoted();
    let key = bare.map_or_else(
        || TomlKeyBuilder::new(&entry.key).as_basic().to_toml_key(),
        |key| key.to_toml_key(),
    );
    format!("{key} = {}", value(&entry.value))
}

/// `points = [ … ]`, a point on each line.
pub(super) fn points(points: &[Vec<Entry>]) -> String {
    let line = |keys: &Vec<Entry>| format!("  {{ {} }},\n", entries_on_one_line(keys));
    format!("points = [\n{}]\n", points.iter().map(line).collect::<String>())
}

fn entries_on_one_line(entries: &[Entry]) -> String {
    entries.iter().map(entry).collect::<Vec<_>>().join(", ")
}
