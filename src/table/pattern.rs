//! Which points a subscription's entry means: `*` is one segment, a last `**` one or more. Pure.

use std::fmt;
use std::sync::Arc;

use pointcast_api::{MAX_ID_BYTES, MAX_SEGMENTS, NameError, PointId, check_segment};

/// A well-formed pattern; a plain point id is one too. Only its text is kept: a selection can have ten thousand.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Pattern(Arc<str>);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`] names the first rule that `text` breaks.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        if text.len() > MAX_ID_BYTES {
            return Err(NameError::TooLong { bytes: text.len() }.into());
        }
        let count = text.split('/').count();
        if count > MAX_SEGMENTS {
            return Err(NameError::TooManySegments { count }.into());
        }
        for (at, part) in (1..).zip(text.split('/')) {
            match part {
                "*" => {}
                "**" if at == count => {}
                "**" => return Err(PatternError::RestNotLast),
                part if part.contains('*') => return Err(PatternError::PartialWildcard),
                part => {
                    let bare = if at == 1 { part.strip_prefix('$').unwrap_or(part) } else { part };
                    check_segment(bare)?;
                }
            }
        }
        let pattern = Self(text.into());
        // The rules that look at a whole name, such as its normal form, hold for a literal one.
        if pattern.is_literal() {
            PointId::new(text)?;
        }
        Ok(pattern)
    }

    /// The pattern that means this id and no other. It shares the id's text.
    #[must_use]
    pub fn literal(id: &PointId) -> Self {
        Self(id.shared())
    }

    /// The pattern as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a plain id.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        !self.0.contains('*')
    }

    /// What every id that matches begins with: the literal segments before the first wildcard, with the
    /// slash behind them. Empty when the first segment is a wildcard.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.0.split('*').next().unwrap_or_default()
    }

    /// Whether it means every id that begins with its [`prefix`](Self::prefix), of the gateway's own those alone that it
    /// may mean: none of them need be looked at.
    #[must_use]
    pub fn is_beginning(&self) -> bool {
        matches!(self.0.get(self.prefix().len()..), Some("" | "**"))
    }

    /// Whether `id` is meant. The gateway's own points match only a pattern that begins with `$` itself.
    #[must_use]
    pub fn matches(&self, id: &PointId) -> bool {
        if self.is_literal() {
            return id.as_str() == self.as_str();
        }
        if id.is_own() && !self.0.starts_with('$') {
            return false;
        }
        let prefix = self.prefix();
        let Some(rest) = id.as_str().strip_prefix(prefix) else { return false };
        fits(rest, self.0.get(prefix.len()..).unwrap_or_default().split('/'))
    }

    /// What the rest of an id must look like that begins with the [`prefix`](Self::prefix); `None` if nothing more is
    /// asked of it.
    pub(super) fn shape(&self) -> Option<Shape<'_>> {
        let prefix = self.prefix().len();
        let rest = self.0.get(prefix..).unwrap_or_default();
        (!self.is_beginning()).then(|| Shape { prefix, segments: rest.split('/').collect() })
    }
}

/// A pattern behind its prefix, taken apart once to be held against many ids.
#[derive(Debug)]
pub(super) struct Shape<'p> {
    prefix: usize,
    segments: Vec<&'p str>,
}

impl Shape<'_> {
    /// Whether `id`, which begins with the pattern's prefix, is meant, unless it is one of the gateway's own.
    pub(super) fn fits(&self, id: &str) -> bool {
        let rest = id.get(self.prefix..);
        rest.is_some_and(|rest| fits(rest, self.segments.iter().copied()))
    }
}

fn fits<'p>(rest: &str, segments: impl Iterator<Item = &'p str>) -> bool {
    let mut names = Some(rest.as_bytes());
    for segment in segments {
        let Some(rest) = names else { return false };
        if segment == "**" {
            return true;
        }
        // Segments are short: to look byte by byte is quickest.
        let end = rest.iter().position(|byte| *byte == b'/');
        let (name, behind) = match end.and_then(|end| rest.split_at_checked(end)) {
            Some((name, behind)) => (name, behind.get(1..)),
            None => (rest, None),
        };
        if segment != "*" && segment.as_bytes() != name {
            return false;
        }
        names = behind;
    }
    names.is_none()
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({})", self.0)
    }
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// `**` anywhere but at the end.
    #[error("`**` may stand only as the last segment")]
    RestNotLast,
    /// A star beside other characters.
    #[error("`*` stands for a whole segment and cannot be part of one")]
    PartialWildcard,
    /// A literal segment that could never be in an id.
    #[error("no id looks like this")]
    Name(#[from] NameError),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, matching: &[&str], other: &[&str]) {
        let pattern = Pattern::new(pattern).unwrap();
        for id in matching {
            assert!(pattern.matches(&PointId::new(id).unwrap()), "{pattern:?} should match {id}");
        }
        for id in other {
            assert!(!pattern.matches(&PointId::new(id).unwrap()), "{pattern:?} matches {id}");
        }
    }

    #[test]
    fn wildcards_mean_whole_segments() {
        check("a/b", &["a/b"], &["a", "a/b/c", "a/c"]);
        check("a/*", &["a/b", "a/c"], &["a", "a/b/c", "b/a"]);
        check("a/*/c", &["a/b/c"], &["a/c", "a/b/b/c"]);
        check("a/**", &["a/b", "a/b/c"], &["a", "ab/c"]);
        check("*", &["a"], &["a/b", "$a"]);
        check("**", &["a", "a/b"], &["$devices/a/state"]);
        check("$devices/*/state", &["$devices/a/state"], &["$devices/a/timeouts"]);
        check("*/**", &["a/b"], &["a", "$devices/a/state"]);
    }

    #[test]
    fn malformed_patterns_say_why() {
        assert_eq!(Pattern::new("a/**/b"), Err(PatternError::RestNotLast));
        assert_eq!(Pattern::new("a/b*"), Err(PatternError::PartialWildcard));
        assert_eq!(Pattern::new(""), Err(NameError::EmptySegment.into()));
        assert_eq!(Pattern::new("a/$b"), Err(NameError::Forbidden { character: '$' }.into()));
        let deep = ["*"; 17].join("/");
        assert_eq!(Pattern::new(&deep), Err(NameError::TooManySegments { count: 17 }.into()));
    }

    #[test]
    fn the_prefix_ends_before_the_first_wildcard() {
        assert_eq!(Pattern::new("a/b/*/c").unwrap().prefix(), "a/b/");
        assert_eq!(Pattern::new("**").unwrap().prefix(), "");
        assert_eq!(Pattern::new("a/b").unwrap().prefix(), "a/b");
    }
}
