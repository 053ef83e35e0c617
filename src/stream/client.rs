//! A client's name: unguessable, and small, because there is one in every session.

use std::fmt;

use rand::Rng as _;
use rand::distr::Alphanumeric;

/// Letters and digits in a client's name: 22 of 62 are 131 bits, beyond guessing.
const CHARS: usize = 22;

/// The name of a client, as the stream's first event gives it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientName([u8; CHARS]);

impl ClientName {
    /// A name that nobody has had.
    pub(super) fn new() -> Self {
        let mut name = [0; CHARS];
        let letters = rand::rng().sample_iter(Alphanumeric);
        name.iter_mut().zip(letters).for_each(|(place, letter)| *place = letter);
        Self(name)
    }

    /// Reads a name as a client gives it back; `None` for what cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = <[u8; CHARS]>::try_from(text.as_bytes()).ok()?;
        name.iter().all(u8::is_ascii_alphanumeric).then_some(Self(name))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Letters and digits are UTF-8.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_nothing_else_does() {
        let name = ClientName::new();
        assert_eq!(ClientName::parse(name.as_str()), Some(name));
        assert_ne!(ClientName::new(), name);
        for text in ["", "abc", "aaaaaaaaaaaaaaaaaaaaa.", "aaaaaaaaaaaaaaaaaaaaaaa"] {
            assert_eq!(ClientName::parse(text), None, "{text}");
        }
    }
}
