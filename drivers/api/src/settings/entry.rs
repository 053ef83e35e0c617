//! What a section is made of: keys and values, each with its place.

use super::Place;

/// A number as a person wrote it, so that `0.1` can be used as one tenth and not as its nearest double.
#[derive(Clone, Debug, PartialEq)]
pub struct Decimal {
    /// The nearest double.
    pub value: f64,
    /// The text as written, without underscores.
    pub text: String,
}

/// A value of a configuration file.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction or an exponent.
    Float(Decimal),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<(Place, Setting)>),
    /// A section within the section.
    Section(Vec<Entry>),
    /// Something no setting is made of, such as a date; with its name.
    Other(&'static str),
}

impl Setting {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "true or false",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Section(_) => "a section",
            Self::Other(name) => name,
        }
    }
}

/// A key and its value, with its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key as written.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// Its value.
    pub value: Setting,
}
