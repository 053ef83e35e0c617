//! The types of points, by the words of the configuration.

use std::fmt;

use crate::decode::{NumberType, TimeLayout};

/// What a point's registers hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DataType {
    Bool,
    Number(NumberType),
    Text,
    Time(TimeLayout),
}

impl DataType {
    pub(crate) const WORDS: [(&'static str, Self); 22] = [
        ("bool", Self::Bool),
        ("i8", Self::Number(NumberType::I8)),
        ("u8", Self::Number(NumberType::U8)),
        ("i16", Self::Number(NumberType::I16)),
        ("u16", Self::Number(NumberType::U16)),
        ("i24", Self::Number(NumberType::I24)),
        ("u24", Self::Number(NumberType::U24)),
        ("i32", Self::Number(NumberType::I32)),
        ("u32", Self::Number(NumberType::U32)),
        ("i48", Self::Number(NumberType::I48)),
        ("u48", Self::Number(NumberType::U48)),
        ("i64", Self::Number(NumberType::I64)),
        ("u64", Self::Number(NumberType::U64)),
        ("f32", Self::Number(NumberType::F32)),
        ("f64", Self::Number(NumberType::F64)),
        ("bcd16", Self::Number(NumberType::Bcd16)),
        ("bcd32", Self::Number(NumberType::Bcd32)),
        ("string", Self::Text),
        ("unix32", Self::Time(TimeLayout::Unix32)),
        ("datetime6", Self::Time(TimeLayout::Fields6)),
        ("datetime7", Self::Time(TimeLayout::Fields7)),
        ("cp56", Self::Time(TimeLayout::Cp56)),
    ];

    /// Its word in the configuration.
    pub(crate) fn word(self) -> &'static str {
        let known = Self::WORDS.iter().find(|(_, data_type)| *data_type == self);
        known.map_or("", |(word, _)| *word)
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
