//! The position that an event's `id` names: `<client>.<epoch>.<seq>.<revision>`.

use std::fmt;
use std::str::FromStr;

/// A position in a client's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventId<'a> {
    /// The session.
    pub client: &'a str,
    /// The gateway's run: new at every start.
    pub epoch: &'a str,
    /// Every change of a selected point up to it has been put into a frame.
    pub seq: u64,
    /// The newest selection whose snapshot has been put out whole.
    pub revision: u32,
}

impl<'a> EventId<'a> {
    /// Reads an id as a client gives it back; `None` for anything that is none of ours.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split('.');
        let id = Self {
            client: parts.next().filter(|part| !part.is_empty())?,
            epoch: parts.next().filter(|part| !part.is_empty())?,
            seq: number(parts.next()?)?,
            revision: number(parts.next()?)?,
        };
        parts.next().is_none().then_some(id)
    }
}

/// Digits only: `parse` alone would let a sign in.
fn number<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl fmt::Display for EventId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.{}", self.client, self.epoch, self.seq, self.revision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_nothing_else_does() {
        let id = EventId { client: "c1", epoch: "e", seq: 7, revision: 2 };
        assert_eq!(id.to_string(), "c1.e.7.2");
        assert_eq!(EventId::parse("c1.e.7.2"), Some(id));
        for text in [
            "",
            "c1",
            "c1.e.7",
            "c1.e.7.2.1",
            "c1.e.+7.2",
            "c1.e.7.",
            ".e.7.2",
            "c..7.2",
            "c.e.99999999999999999999.2",
        ] {
            assert_eq!(EventId::parse(text), None, "{text}");
        }
    }
}
