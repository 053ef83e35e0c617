//! What any point may be told, whatever its driver; and the id that comes of it.

use pointcast_api::settings::{Located, PointSettings, Refusals, Setting, Settings};
use pointcast_api::{About, DeviceIndex, DeviceName, NameError, PointDetails, PointId};

/// Most characters of an engineering unit.
pub const MAX_UNIT_CHARS: usize = 32;

/// Most characters of a description.
pub const MAX_DESCRIPTION_CHARS: usize = 512;

/// Most labels of one point.
pub const MAX_LABELS: usize = 256;

/// Most characters of one label.
pub const MAX_LABEL_CHARS: usize = 64;

/// Most digits behind the decimal point that can mean something: a double has no more.
pub const MAX_PRECISION: i64 = 15;

/// Most characters of a refused text that are shown.
const MAX_SHOWN_CHARS: usize = 40;

/// The device that points are taken for.
pub(super) struct Owner<'a> {
    pub(super) name: &'a str,
    /// What its points' ids begin with, unless that was refused.
    pub(super) prefix: Option<&'a str>,
    pub(super) index: DeviceIndex,
}

/// What a device's point ids begin with: `prefix`, or its name.
pub(super) fn prefix(
    settings: &mut Settings,
    name: Option<&DeviceName>,
    refusals: &mut Refusals,
) -> Option<String> {
    let before = refusals.len();
    let Some(text) = settings.text("prefix", refusals) else {
        return name.filter(|_| refusals.len() == before).map(ToString::to_string);
    };
    match PointId::new(&text.value) {
        Ok(id) if id.is_own() => {
            let problem =
                format!("{:?} begins with $, as only the gateway's own ids do", text.value);
            text.refuse(refusals, problem, "begin with another character");
            None
        }
        Ok(_) => Some(text.value),
        Err(error) => {
            let problem = format!("{} is no prefix: {error}", shown(&text.value));
            text.refuse(refusals, problem, "write it like \"line1/boiler\"");
            None
        }
    }
}

/// One point, or `None` together with at least one refusal.
pub(super) fn take(
    mut settings: Settings,
    owner: &Owner<'_>,
    refusals: &mut Refusals,
) -> Option<PointSettings> {
    settings.rename(format!("a point of device {:?}", owner.name));
    let name = settings.text("name", refusals);
    let name = settings.required(name, "name", "name = \"temperature\"", refusals);
    let id = name.and_then(|name| full_id(&name, owner.prefix, refusals));
    if let Some(id) = &id {
        settings.rename(format!("point \"{id}\""));
    }
    let text = |key, most, settings: &mut Settings, refusals: &mut Refusals| {
        settings.text(key, refusals).and_then(|text| plain(text, most, refusals))
    };
    let unit = text("unit", MAX_UNIT_CHARS, &mut settings, refusals);
    let description = text("description", MAX_DESCRIPTION_CHARS, &mut settings, refusals);
    let range = range(&mut settings, refusals);
    let precision = settings.integer("precision", 0..=MAX_PRECISION, refusals);
    let labels = labels(&mut settings, refusals);
    let stale_after = settings.stale_after("stale_after_ms", refusals);
    let mut details = PointDetails::new(owner.index);
    details.stale_after = stale_after.map(|located| located.value);
    details.tell(About {
        unit,
        description,
        range,
        precision: precision.and_then(|digits| u8::try_from(digits.value).ok()),
        labels,
    });
    Some(PointSettings { id: id?, details, settings })
}

/// The id that a name makes. Without a prefix the name is checked all the same.
fn full_id(
    name: &Located<String>,
    prefix: Option<&str>,
    refusals: &mut Refusals,
) -> Option<PointId> {
    let text =
        prefix.map_or_else(|| name.value.clone(), |prefix| format!("{prefix}/{}", name.value));
    match PointId::new(&text) {
        Ok(id) => prefix.map(|_| id),
        Err(error) => {
            let problem = format!("{} is no point id: {error}", shown(&text));
            name.refuse(refusals, problem, name_remedy(&error));
            None
        }
    }
}

/// Text in quotes, cut where it grows past reading.
pub(super) fn shown(text: &str) -> String {
    let cut = text.chars().nth(MAX_SHOWN_CHARS).is_some();
    let start: String = text.chars().take(MAX_SHOWN_CHARS).collect();
    if cut { format!("{start:?}…") } else { format!("{start:?}") }
}

/// The name of a channel or device: one segment.
pub(super) fn segment(text: &Located<String>, refusals: &mut Refusals) -> Option<DeviceName> {
    match DeviceName::new(&text.value) {
        Ok(name) => Some(name),
        Err(error) => {
            let problem = format!("{} is no name: {error}", shown(&text.value));
            text.refuse(refusals, problem, name_remedy(&error));
            None
        }
    }
}

/// What would be right where a name breaks a rule.
fn name_remedy(error: &NameError) -> &'static str {
    match error {
        NameError::EmptySegment => "write it like \"supply/temperature\"",
        NameError::DotSegment => "name each part",
        NameError::SpaceAtEnd => "take the space away",
        NameError::Forbidden { .. } => {
            "use letters, digits, spaces within, and any of - _ . : ( ) %"
        }
        NameError::TooManySegments { .. } | NameError::TooLong { .. } => "make it shorter",
        NameError::NotNfc => "type it anew in this file",
    }
}

/// Text fit to be shown: of at most `most` characters, without control characters.
pub(super) fn plain(text: Located<String>, most: usize, refusals: &mut Refusals) -> Option<String> {
    let count = text.value.chars().count();
    if count > most {
        text.refuse(refusals, format!("{count} characters"), format!("give at most {most}"));
        return None;
    }
    if text.value.contains(char::is_control) {
        let problem = format!("{} holds a control character", shown(&text.value));
        text.refuse(refusals, problem, "take it out");
        return None;
    }
    Some(text.value)
}

fn range(settings: &mut Settings, refusals: &mut Refusals) -> Option<(f64, f64)> {
    let numbers = settings.numbers("range", refusals)?;
    match numbers.value.as_slice() {
        [low, high] if low.value < high.value => Some((low.value, high.value)),
        [low, high] => {
            let problem = format!("{} is not below {}", low.text, high.text);
            numbers.refuse(refusals, problem, "give the lower number first, [0, 100]");
            None
        }
        list => {
            let problem = format!("{} numbers", list.len());
            numbers.refuse(refusals, problem, "give the lowest and the highest, [0, 100]");
            None
        }
    }
}

fn labels(settings: &mut Settings, refusals: &mut Refusals) -> Vec<(i64, String)> {
    let what = settings.field("labels");
    let Some(mut section) = settings.section("labels", &what, refusals) else {
        return Vec::new();
    };
    let place = section.place().clone();
    let entries = section.take_rest();
    if entries.len() > MAX_LABELS {
        let problem = format!("{} labels", entries.len());
        refusals.push(&place, what, problem, format!("give at most {MAX_LABELS}"));
        return Vec::new();
    }
    let mut labels: Vec<(i64, String)> = Vec::with_capacity(entries.len());
    for entry in entries {
        let field = format!("{what}.{}", entry.key);
        let value = entry.key.parse().ok().filter(|value: &i64| value.to_string() == entry.key);
        let Setting::Text(label) = entry.value else {
            refusals.push(
                &entry.place,
                field,
                "not text",
                "write it like { 0 = \"off\", 1 = \"on\" }",
            );
            continue;
        };
        let Some(value) = value else {
            let remedy = "give the number it stands for, { 0 = \"off\", 1 = \"on\" }";
            refusals.push(&entry.place, field, "the key is no whole number", remedy);
            continue;
        };
        let located = Located { value: label, place: entry.place, field };
        if let Some(label) = plain(located, MAX_LABEL_CHARS, refusals) {
            labels.push((value, label));
        }
    }
    labels.sort();
    labels
}
