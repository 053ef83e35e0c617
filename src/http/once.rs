//! JSON whose objects have each key once. Pure.
//!
//! RFC 8259 §4 leaves open what a second one means. Here the first or the last could be a setpoint: neither is guessed.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::{Entry, Map};
use serde_json::{Number, Value as Json};

use super::problem::FieldError;

/// Most characters of a key that are told: it may be as long as its body.
const MAX_SHOWN_CHARS: usize = 100;

/// Reads a body.
///
/// # Errors
/// The key that stands twice in one object, or else the body, with what is wrong and where.
pub(super) fn read(bytes: &[u8]) -> Result<Json, FieldError> {
    let twice = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Once { twice: &twice }.deserialize(&mut reader);
    let read = read.and_then(|json| reader.end().map(|()| json));
    read.map_err(|error| FieldError {
        field: twice.take().unwrap_or_else(|| "body".to_owned()),
        detail: error.to_string(),
    })
}

/// Reads any JSON, and keeps the key that stood twice.
#[derive(Clone, Copy)]
struct Once<'a> {
    twice: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Once<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        // JSON has no others: what is too large was refused.
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            match object.entry(key) {
                Entry::Vacant(place) => drop(place.insert(entries.next_value_seed(self)?)),
                Entry::Occupied(first) => {
                    let shown = first.key().chars().take(MAX_SHOWN_CHARS).collect();
                    self.twice.replace(Some(shown));
                    return Err(A::Error::custom("given twice; give it once"));
                }
            }
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_that_stands_twice_is_named_wherever_it_is() {
        for (body, key, detail) in [
            (r#"{"value":1,"value":2}"#, "value", "given twice; give it once at line 1 column 18"),
            (r#"{"a":[{"b":{"c":1,"d":2,"c":1}}]}"#, "c", "given twice"),
            (r#"{"a":1,"\u0061":1}"#, "a", "given twice"),
            (r#"{"a":{"x":1},"b":{"x":1},"c":}"#, "body", "expected value at line 1 column 30"),
            (r#"{} {}"#, "body", "trailing characters"),
            ("", "body", "EOF"),
        ] {
            let FieldError { field, detail: told } = read(body.as_bytes()).unwrap_err();
            assert_eq!(field, key, "{body}: {told}");
            assert!(told.contains(detail), "{body}: {told}");
        }
        let long = "k".repeat(10_000);
        let refused = read(format!("{{\"{long}\":1,\"{long}\":1}}").as_bytes()).unwrap_err();
        assert_eq!(refused.field.len(), MAX_SHOWN_CHARS);
        assert!(read(&[b'['; 1_000_000]).unwrap_err().detail.contains("recursion limit"));
    }

    /// JSON of every kind, in which no object has a key twice.
    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            any::<String>().prop_map(Json::from),
        ];
        leaf.prop_recursive(5, 40, 6, |inside| {
            prop_oneof![
                prop::collection::vec(inside.clone(), 0..6).prop_map(Json::from),
                prop::collection::btree_map("[a-c]{1,2}|\\PC{0,3}", inside, 0..6)
                    .prop_map(|entries| entries.into_iter().collect()),
            ]
        })
    }

    /// What serde_json makes of it, which takes the last of a key's values.
    fn usual(text: &str) -> Option<Json> {
        serde_json::from_str(text).ok()
    }

    proptest! {
        /// What has each key once is read as ever.
        #[test]
        fn everything_else_is_read_as_it_stands(json in any_json(), cut in any::<prop::sample::Index>()) {
            let text = json.to_string();
            prop_assert_eq!(read(text.as_bytes()).ok(), usual(&text));
            prop_assert!(usual(&text).is_some(), "{text}");
            let begun: String = text.chars().take(cut.index(text.len())).collect();
            prop_assert_eq!(read(begun.as_bytes()).ok(), usual(&begun));
        }

        #[test]
        fn numbers_are_read_as_ever(text in "-?[0-9]{1,20}(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?") {
            prop_assert_eq!(read(text.as_bytes()).ok(), usual(&text));
        }
    }
}
