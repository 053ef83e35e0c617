//! What a profile can be told, and what a device tells it.

use std::collections::BTreeMap;
use std::sync::Arc;

use pointcast_api::Exact;
use pointcast_api::settings::{Decimal, Entry, Located, Place, Refusals, Setting, Settings};

use super::expression::{self, Value, Values};
use crate::config::points::{MAX_DESCRIPTION_CHARS, plain};
use crate::config::words::near;

/// Most parameters of one profile.
pub(super) const MAX_PARAMETERS: usize = 64;

/// A parameter as its profile declares it.
#[derive(Debug)]
pub(super) struct Parameter {
    /// Where it is declared.
    pub(super) place: Place,
    /// `None` where every device must give it.
    default: Option<Value>,
    description: Option<String>,
    /// Lowest and highest number, as written.
    range: Option<(Decimal, Decimal)>,
}

/// All of a profile's, by name.
pub(super) type Parameters = BTreeMap<String, Parameter>;

/// Takes `parameters` out of a profile.
pub(super) fn declared(profile: &mut Settings, refusals: &mut Refusals) -> Parameters {
    let Some(mut section) = profile.section("parameters", "parameters", refusals) else {
        return Parameters::new();
    };
    let place = section.place().clone();
    let entries = section.take_rest();
    if entries.len() > MAX_PARAMETERS {
        let problem = format!("{} parameters", entries.len());
        refusals.push(&place, "parameters", problem, format!("have at most {MAX_PARAMETERS}"));
        return Parameters::new();
    }
    let mut parameters = Parameters::new();
    for entry in entries {
        if expression::is_name(&entry.key) {
            parameters.insert(entry.key.clone(), parameter(entry, refusals));
        } else {
            let problem = format!("{:?} is no name of a parameter", entry.key);
            let remedy = "use small letters, digits and _, a letter first";
            refusals.push(&entry.place, "parameters", problem, remedy);
        }
    }
    parameters
}

/// `name = default`, or `name = { default = …, description = "…", range = […] }`. What was refused is left
/// out, so that what uses the parameter can be checked all the same.
fn parameter(entry: Entry, refusals: &mut Refusals) -> Parameter {
    let Entry { key, place, value } = entry;
    let field = format!("parameters: {key}");
    let Setting::Section(entries) = value else {
        let default = value_of(&value, &place, &field, refusals);
        return Parameter { place, default, description: None, range: None };
    };
    let mut section = Settings::new(field, place.clone(), entries);
    let default = default(&mut section, refusals);
    let description = section.text("description", refusals);
    let description = description.and_then(|text| plain(text, MAX_DESCRIPTION_CHARS, refusals));
    let range = range(&mut section, refusals);
    let parameter = Parameter { place, default, description, range };
    if let Some(problem) = parameter.default.as_ref().and_then(|value| parameter.outside(value)) {
        let field = section.field("default");
        refusals.push(&parameter.place, field, problem, "give a default within the range");
    }
    section.finish(refusals);
    parameter
}

fn default(section: &mut Settings, refusals: &mut Refusals) -> Option<Value> {
    let text = section.text_or_number("default", refusals)?;
    Some(Exact::parse(&text.value).map_or(Value::Text(text.value), Value::Number))
}

fn range(section: &mut Settings, refusals: &mut Refusals) -> Option<(Decimal, Decimal)> {
    let numbers = section.numbers("range", refusals)?;
    match <[Decimal; 2]>::try_from(numbers.value.clone()) {
        Ok([low, high]) if low.value < high.value => Some((low, high)),
        Ok(_) | Err(_) => {
            let remedy = "give the lowest and then the highest number, [1, 1000]";
            numbers.refuse(refusals, "is no range", remedy);
            None
        }
    }
}

fn value_of(
    setting: &Setting,
    place: &Place,
    field: &str,
    refusals: &mut Refusals,
) -> Option<Value> {
    let value = match setting {
        Setting::Integer(number) => Some(Value::Number(Exact::whole_number((*number).into()))),
        Setting::Float(number) => Exact::parse(&number.text).map(Value::Number),
        Setting::Text(text) => Some(Value::Text(text.clone())),
        Setting::Bool(_) | Setting::List(_) | Setting::Section(_) | Setting::Other(_) => None,
    };
    if value.is_none() {
        refusals.push(
            place,
            field,
            "neither a number nor text",
            "give a number, or text in quotes",
        );
    }
    value
}

impl Parameter {
    /// What is wrong with `value`, if it lies outside the range.
    fn outside(&self, value: &Value) -> Option<String> {
        let (low, high) = self.range.as_ref()?;
        let Value::Number(number) = value else { return Some("is no number".to_owned()) };
        let double: f64 = number.to_text().parse().ok()?;
        let inside = (low.value..=high.value).contains(&double);
        let shown = number.plain().unwrap_or_default();
        (!inside).then(|| format!("{shown} is not from {} to {}", low.text, high.text))
    }

    /// What is wrong with `value`, if it is of another kind than the default.
    fn unlike(&self, value: &Value) -> Option<&'static str> {
        match (self.default.as_ref()?, value) {
            (Value::Number(_), Value::Text(_)) => Some("give a number"),
            (Value::Text(_), Value::Number(_)) => Some("give text in quotes"),
            (Value::Number(_), Value::Number(_)) | (Value::Text(_), Value::Text(_)) => None,
        }
    }

    fn explained(&self) -> String {
        self.description.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
    }
}

/// Each parameter's value for one device, and where the device gave it.
pub(super) struct Given {
    pub(super) values: Values,
    pub(super) places: BTreeMap<String, Arc<Place>>,
}

/// What one device tells a profile. A parameter that was refused has its default, so that what is made of it can be
/// checked all the same; `None`, together with at least one refusal, where one has no value at all.
pub(super) fn given(
    parameters: &Parameters,
    named: &Located<String>,
    section: Option<Settings>,
    refusals: &mut Refusals,
) -> Option<Given> {
    let mut refused: Vec<&str> = Vec::new();
    let owner = named.field.strip_suffix("profile").unwrap_or_default();
    let mut given = Given { values: Values::new(), places: BTreeMap::new() };
    for entry in section.map(|mut section| section.take_rest()).unwrap_or_default() {
        let field = format!("{owner}parameters: {}", entry.key);
        let Some((name, parameter)) = parameters.get_key_value(&entry.key) else {
            let problem = format!("profile {:?} has no such parameter", named.value);
            let known: Vec<&str> = parameters.keys().map(String::as_str).collect();
            let remedy = if known.is_empty() {
                "it has none: leave it away".to_owned()
            } else {
                near(&entry.key, &known)
            };
            refusals.push(&entry.place, field, problem, remedy);
            continue;
        };
        let Some(value) = value_of(&entry.value, &entry.place, &field, refusals) else {
            refused.push(name);
            continue;
        };
        let before = refusals.len();
        if let Some(remedy) = parameter.unlike(&value) {
            let problem = format!("is of another kind than at {}", parameter.place);
            refusals.push(&entry.place, field, problem, remedy);
        } else if let Some(problem) = parameter.outside(&value) {
            let remedy = format!("see {}{}", parameter.place, parameter.explained());
            refusals.push(&entry.place, field, problem, remedy);
        } else {
            given.places.insert(entry.key.clone(), Arc::new(entry.place));
            given.values.insert(entry.key, value);
        }
        if refusals.len() > before {
            refused.push(name);
        }
    }
    let mut is_whole = true;
    for (name, parameter) in parameters {
        match (&parameter.default, given.values.contains_key(name)) {
            (_, true) => {}
            (Some(default), false) => {
                given.values.insert(name.clone(), default.clone());
            }
            (None, false) if refused.contains(&name.as_str()) => is_whole = false,
            (None, false) => {
                is_whole = false;
                let problem = format!("{:?} has to be told its parameter {name}", named.value);
                let remedy = format!("add parameters = {{ {name} = … }}{}", parameter.explained());
                named.refuse(refusals, problem, remedy);
            }
        }
    }
    is_whole.then_some(given)
}
