//! A board's name and version: what stands in its link and in its `ETag`. Pure.

use std::path::{Path, PathBuf};

use crate::files;

/// Longest name, in bytes.
pub const MAX_NAME_BYTES: usize = 64;

/// A board's name: a part of its link and of its file's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BoardName(pub(super) String);

impl BoardName {
    /// Small letters, digits and hyphens, none at the ends; at most [`MAX_NAME_BYTES`].
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=MAX_NAME_BYTES).contains(&text.len());
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let ends = text.starts_with('-') || text.ends_with('-');
        (fits && !ends && text.bytes().all(known)).then(|| Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn in_folder(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.json", self.0))
    }
}

/// What tells one state of a board from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(u64);

impl Version {
    pub(super) fn of(text: &str) -> Self {
        Self(files::fingerprint(text))
    }

    /// Reads what [`Display`](std::fmt::Display) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_written_so = text.len() == 16 && text.bytes().all(digit);
        is_written_so.then(|| u64::from_str_radix(text, 16).ok()).flatten().map(Self)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
