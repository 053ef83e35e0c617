//! Names of points and devices, checked once at the edge.
//!
//! A [`PointId`] in hand is well-formed: nobody behind the constructor checks again.

use std::fmt;
use std::sync::Arc;

use unicode_normalization::is_nfc;

/// Most segments a point id may have.
pub const MAX_SEGMENTS: usize = 16;

/// Most bytes of UTF-8 a point id may have.
pub const MAX_ID_BYTES: usize = 256;

/// Characters that no segment may hold: they mean something in patterns, lists, JSON or MQTT filters.
const FORBIDDEN: [char; 4] = ['*', ',', '"', '\\'];

/// The path that names a point, such as `boiler/supply/temperature`.
///
/// 1 to [`MAX_SEGMENTS`] segments joined by `/`, at most [`MAX_ID_BYTES`] bytes of NFC UTF-8. A segment is
/// not empty, `.` or `..`, has no space at its ends, no control character and none of `* , " \`. `$` may
/// stand only first of all: such ids are the gateway's own.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PointId(Arc<str>);

impl PointId {
    /// Checks `text` and keeps it as it is.
    ///
    /// # Errors
    /// [`NameError`] names the first rule that `text` breaks; the same text never becomes right by trying again.
    pub fn new(text: &str) -> Result<Self, NameError> {
        if text.len() > MAX_ID_BYTES {
            return Err(NameError::TooLong { bytes: text.len() });
        }
        if !is_nfc(text) {
            return Err(NameError::NotNfc);
        }
        let count = text.split('/').count();
        if count > MAX_SEGMENTS {
            return Err(NameError::TooManySegments { count });
        }
        for segment in text.strip_prefix('$').unwrap_or(text).split('/') {
            check_segment(segment)?;
        }
        Ok(Self(text.into()))
    }

    /// The id's text, without a copy.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the point is the gateway's own (`$devices/…`, `$gateway/…`).
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.0.starts_with('$')
    }
}

impl fmt::Display for PointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PointId({})", self.0)
    }
}

/// The name of a device: one segment of a point id.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceName(Arc<str>);

impl DeviceName {
    /// Checks that `text` is one well-formed segment without `/` and `$`.
    ///
    /// # Errors
    /// [`NameError`] names the first rule that `text` breaks.
    pub fn new(text: &str) -> Result<Self, NameError> {
        if text.len() > MAX_ID_BYTES / 2 {
            return Err(NameError::TooLong { bytes: text.len() });
        }
        if !is_nfc(text) {
            return Err(NameError::NotNfc);
        }
        if text.contains('/') {
            return Err(NameError::Forbidden { character: '/' });
        }
        check_segment(text)?;
        Ok(Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceName({})", self.0)
    }
}

/// Checks one segment of an id or of a pattern's literal part.
///
/// # Errors
/// [`NameError`] names the first rule that `segment` breaks.
pub fn check_segment(segment: &str) -> Result<(), NameError> {
    if segment.is_empty() {
        return Err(NameError::EmptySegment);
    }
    if segment == "." || segment == ".." {
        return Err(NameError::DotSegment);
    }
    if segment.starts_with(char::is_whitespace) || segment.ends_with(char::is_whitespace) {
        return Err(NameError::SpaceAtEnd);
    }
    match segment.chars().find(|c| c.is_control() || FORBIDDEN.contains(c) || *c == '$') {
        Some(character) => Err(NameError::Forbidden { character }),
        None => Ok(()),
    }
}

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Two slashes in a row, one at an end, or nothing at all.
    #[error("a segment is empty: segments are joined by single slashes, with none at the ends")]
    EmptySegment,
    /// `.` or `..`.
    #[error("a segment is `.` or `..`")]
    DotSegment,
    /// White space at an end of a segment.
    #[error("a segment begins or ends with white space")]
    SpaceAtEnd,
    /// A character that names may not hold.
    #[error(
        "{character:?} may not stand there: no control character, none of * , \" \\, and $ only first"
    )]
    Forbidden {
        /// The first such character.
        character: char,
    },
    /// More than [`MAX_SEGMENTS`].
    #[error("{count} segments, at most {MAX_SEGMENTS} are allowed")]
    TooManySegments {
        /// How many there were.
        count: usize,
    },
    /// More than [`MAX_ID_BYTES`].
    #[error("{bytes} bytes long: an id may have {MAX_ID_BYTES}, the name of a device half of that")]
    TooLong {
        /// How many there were.
        bytes: usize,
    },
    /// Not in Unicode's composed normal form.
    #[error("not in Unicode normal form C: the same letters composed would be right")]
    NotNfc,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Result<(), NameError>) {
        assert_eq!(PointId::new(text).map(|_| ()), expected, "{text:?}");
    }

    #[test]
    fn ids_follow_the_wire_contract() {
        check("boiler/supply/temperature", Ok(()));
        check("$devices/boiler/state", Ok(()));
        check("温度/一号 线", Ok(()));
        check("", Err(NameError::EmptySegment));
        check("$", Err(NameError::EmptySegment));
        check("/a", Err(NameError::EmptySegment));
        check("a//b", Err(NameError::EmptySegment));
        check("a/", Err(NameError::EmptySegment));
        check("a/../b", Err(NameError::DotSegment));
        check("a/ b", Err(NameError::SpaceAtEnd));
        check("a/\u{a0}b", Err(NameError::SpaceAtEnd));
        check("a/$b", Err(NameError::Forbidden { character: '$' }));
        check("a/b*", Err(NameError::Forbidden { character: '*' }));
        check("a,b", Err(NameError::Forbidden { character: ',' }));
        check("a\"b", Err(NameError::Forbidden { character: '"' }));
        check("a\\b", Err(NameError::Forbidden { character: '\\' }));
        check("a\nb", Err(NameError::Forbidden { character: '\n' }));
        check("e\u{301}", Err(NameError::NotNfc));
        check(&["a"; 17].join("/"), Err(NameError::TooManySegments { count: 17 }));
        check(&"a".repeat(257), Err(NameError::TooLong { bytes: 257 }));
        check(&"a".repeat(256), Ok(()));
    }

    #[test]
    fn a_device_is_one_segment() {
        assert!(DeviceName::new("boiler").is_ok());
        assert_eq!(DeviceName::new("a/b"), Err(NameError::Forbidden { character: '/' }));
        assert_eq!(DeviceName::new("$a"), Err(NameError::Forbidden { character: '$' }));
    }

    proptest! {
        #[test]
        fn an_accepted_id_needs_no_escape_in_json_or_a_list(text in "\\PC{0,40}") {
            if let Ok(id) = PointId::new(&text) {
                prop_assert!(!id.as_str().contains(['"', '\\', ',', '*']));
                prop_assert!(!id.as_str().chars().any(char::is_control));
            }
        }
    }
}
