//! Replies as they leave on a paced line, one character after the other. Pure: time is passed in.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::line::Line;
use super::outbox::MAX_WAITING_REPLIES;

/// A reply on its way.
#[derive(Debug)]
struct Spoken {
    bytes: Vec<u8>,
    from: Instant,
    sent: usize,
}

/// What has left, and its time on the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) bytes: Vec<u8>,
    /// When its first bit began.
    pub(super) from: Instant,
    /// When its last bit ended.
    pub(super) until: Instant,
}

/// Replies that wait for their moment, and the one that is being sent. Two are never sent at once: the second
/// begins where the first ends, without a silence.
#[derive(Debug)]
pub(super) struct Mouth {
    line: Line,
    waiting: BTreeMap<(Instant, u64), Vec<u8>>,
    /// Tells replies of the same moment apart, in the order they came.
    next: u64,
    current: Option<Spoken>,
    /// When the last bit of what was sent has ended.
    free_at: Instant,
}

impl Mouth {
    pub(super) fn new(line: Line, now: Instant) -> Self {
        Self { line, waiting: BTreeMap::new(), next: 0, current: None, free_at: now }
    }

    /// Takes in a reply that is to begin then; past [`MAX_WAITING_REPLIES`] it is lost.
    pub(super) fn say(&mut self, from: Instant, bytes: Vec<u8>) {
        if bytes.is_empty() || self.waiting.len() >= MAX_WAITING_REPLIES {
            return;
        }
        self.next = self.next.wrapping_add(1);
        self.waiting.insert((from, self.next), bytes);
    }

    /// When the next character has left.
    pub(super) fn next_at(&self) -> Option<Instant> {
        if let Some(current) = &self.current {
            return Some(current.from + self.line.time_of(current.sent + 1));
        }
        let ((from, _), _) = self.waiting.first_key_value()?;
        Some((*from).max(self.free_at) + self.line.time_of(1))
    }

    /// The characters that have left by now, and the whole reply if they end it.
    pub(super) fn leave(&mut self, now: Instant) -> (Vec<u8>, Option<Said>) {
        if self.current.is_none()
            && self.next_at().is_some_and(|at| at <= now)
            && let Some(((from, _), bytes)) = self.waiting.pop_first()
        {
            let from = from.max(self.free_at);
            self.current = Some(Spoken { bytes, from, sent: 0 });
        }
        let Some(mut current) = self.current.take() else { return (Vec::new(), None) };
        let mut leaving = Vec::new();
        while let Some(byte) = current.bytes.get(current.sent)
            && current.from + self.line.time_of(current.sent + 1) <= now
        {
            leaving.push(*byte);
            current.sent += 1;
        }
        if current.sent < current.bytes.len() {
            self.current = Some(current);
            return (leaving, None);
        }
        let Spoken { bytes, from, .. } = current;
        let until = from + self.line.time_of(bytes.len());
        self.free_at = until;
        (leaving, Some(Said { bytes, from, until }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::modbus::coding::Coding;
    use crate::modbus::line::Pace;

    const MS: Duration = Duration::from_millis(1);

    /// A character takes a millisecond.
    fn mouth(now: Instant) -> Mouth {
        let format = Some("8N1".parse().unwrap());
        Mouth::new(Pace { baud: 10_000, format, turnaround: MS }.line(Coding::Rtu), now)
    }

    #[test]
    fn characters_leave_at_the_lines_rate() {
        let now = Instant::now();
        let mut mouth = mouth(now);
        mouth.say(now + 5 * MS, vec![1, 2, 3, 4]);
        assert_eq!(mouth.next_at(), Some(now + 6 * MS));
        assert_eq!(mouth.leave(now + 5 * MS), (vec![], None));
        assert_eq!(mouth.leave(now + 6 * MS), (vec![1], None));
        assert_eq!(mouth.next_at(), Some(now + 7 * MS));
        // Woken late: what has left meanwhile leaves together.
        let said = Said { bytes: vec![1, 2, 3, 4], from: now + 5 * MS, until: now + 9 * MS };
        assert_eq!(mouth.leave(now + 20 * MS), (vec![2, 3, 4], Some(said)));
        assert_eq!(mouth.next_at(), None);
    }

    #[test]
    fn replies_leave_by_their_moment_and_never_at_once() {
        let now = Instant::now();
        let mut mouth = mouth(now);
        mouth.say(now + 10 * MS, vec![1]);
        mouth.say(now, vec![2; 12]);
        mouth.say(now + 3 * MS, vec![3]);
        let mut order = Vec::new();
        while let Some(at) = mouth.next_at() {
            if let (_, Some(said)) = mouth.leave(at) {
                order.push((said.bytes[0], said.from - now, said.until - now));
            }
        }
        let expected = [(2, 0, 12), (3, 12, 13), (1, 13, 14)];
        assert_eq!(order, expected.map(|(byte, from, until)| (byte, from * MS, until * MS)));
    }

    #[test]
    fn what_waits_is_bounded() {
        let now = Instant::now();
        let mut mouth = mouth(now);
        for _ in 0..100 {
            mouth.say(now, vec![1]);
        }
        assert_eq!(mouth.waiting.len(), MAX_WAITING_REPLIES);
    }
}
