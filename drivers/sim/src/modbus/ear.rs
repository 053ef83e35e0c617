//! Requests as slaves hear them on a paced line. Pure: time is passed in.
//!
//! A pseudo terminal or a connection hands over a request in no time; on the line its characters come one after
//! the other. So what comes at once counts as arrived when its last bit would be.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::coding::{Coding, MAX_ASCII_BYTES, MAX_RTU_BYTES};
use super::line::Line;

/// Most requests in ASCII that wait for their last bit; one more is not heard.
const MAX_HEARD: usize = 8;

/// A frame, and its time on the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) bytes: Vec<u8>,
    /// When its first bit began.
    pub(super) from: Instant,
    /// When its last bit ended.
    pub(super) until: Instant,
}

/// What came on a line and was not answered yet.
#[derive(Debug)]
pub(super) struct Ear {
    line: Line,
    /// At most one byte more than a frame can have: more is no frame, however it goes on.
    bytes: Vec<u8>,
    /// When the first bit of `bytes` began.
    from: Option<Instant>,
    /// When the last bit of everything that came will have ended.
    until: Instant,
    whole: VecDeque<Heard>,
}

impl Ear {
    pub(super) fn new(line: Line, now: Instant) -> Self {
        Self { line, bytes: Vec::new(), from: None, until: now, whole: VecDeque::new() }
    }

    /// Bytes were handed over.
    pub(super) fn hear(&mut self, bytes: &[u8], now: Instant) {
        match self.line.coding {
            Coding::Rtu => self.take_in(bytes, MAX_RTU_BYTES, now),
            Coding::Ascii => {
                for piece in bytes.split_inclusive(|character| *character == b'\n') {
                    // A colon begins a frame, whatever stood before it.
                    let (noise, frame) = match piece.iter().rposition(|byte| *byte == b':') {
                        Some(at) => piece.split_at_checked(at).unwrap_or((piece, &[])),
                        None => (&[][..], piece),
                    };
                    self.take_in(noise, MAX_ASCII_BYTES, now);
                    if frame.first() == Some(&b':') {
                        self.from = None;
                        self.bytes.clear();
                    }
                    self.take_in(frame, MAX_ASCII_BYTES, now);
                    if piece.last() == Some(&b'\n') {
                        self.end();
                    }
                }
            }
        }
    }

    fn take_in(&mut self, bytes: &[u8], most: usize, now: Instant) {
        if bytes.is_empty() {
            return;
        }
        let begins = self.until.max(now);
        self.from.get_or_insert(begins);
        self.until = begins + self.line.time_of(bytes.len());
        let room = (most + 1).saturating_sub(self.bytes.len());
        self.bytes.extend(bytes.iter().take(room));
    }

    fn end(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        if let Some(from) = self.from.take()
            && self.whole.len() < MAX_HEARD
        {
            self.whole.push_back(Heard { bytes, from, until: self.until });
        }
    }

    /// When a slave next knows that a request has ended, if nothing more comes.
    pub(super) fn ends_at(&self) -> Option<Instant> {
        let begun = self.from.filter(|_| self.line.coding == Coding::Rtu).map(|_| self.until);
        let ended = self.whole.front().map(|heard| heard.until).or(begun);
        ended.map(|ended| ended + self.line.known_after())
    }

    /// The request that has ended by now, if one has.
    pub(super) fn take(&mut self, now: Instant) -> Option<Heard> {
        if self.ends_at()? > now {
            return None;
        }
        if self.line.coding == Coding::Rtu {
            self.end();
        }
        self.whole.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::modbus::line::Pace;

    const MS: Duration = Duration::from_millis(1);

    /// A character takes a millisecond.
    fn ear(coding: Coding, now: Instant) -> Ear {
        let format = Some("8N1".parse().unwrap());
        Ear::new(Pace { baud: 10_000, format, turnaround: MS }.line(coding), now)
    }

    #[test]
    fn a_request_has_arrived_when_its_last_bit_would_be_and_is_known_after_the_silence() {
        let now = Instant::now();
        let mut ear = ear(Coding::Rtu, now);
        ear.hear(&[1, 2, 3], now);
        // The rest is handed over while the first piece is still on the line.
        ear.hear(&[4, 5], now + 2 * MS);
        let known = now + 5 * MS + 7 * MS / 2;
        assert_eq!(ear.ends_at(), Some(known));
        assert_eq!(ear.take(known - MS), None);
        let heard = ear.take(known).unwrap();
        assert_eq!(heard, Heard { bytes: vec![1, 2, 3, 4, 5], from: now, until: now + 5 * MS });
        assert_eq!((ear.ends_at(), ear.take(known)), (None, None));
    }

    #[test]
    fn in_ascii_a_line_feed_ends_and_a_colon_begins() {
        let now = Instant::now();
        let mut ear = ear(Coding::Ascii, now);
        ear.hear(b":01", now);
        assert_eq!(ear.ends_at(), None);
        ear.hear(b"x:02\r\n:03\r\n?", now);
        assert_eq!(ear.ends_at(), Some(now + 9 * MS));
        let heard = ear.take(now + 9 * MS).unwrap();
        assert_eq!((heard.bytes, heard.from), (b":02\r\n".to_vec(), now + 4 * MS));
        assert_eq!(ear.take(now + 13 * MS), None, "the second is still coming");
        assert_eq!(ear.take(now + 14 * MS).unwrap().bytes, b":03\r\n");
        assert_eq!(ear.ends_at(), None);
    }

    #[test]
    fn what_never_ends_is_kept_bounded() {
        let now = Instant::now();
        for (coding, most) in [(Coding::Rtu, MAX_RTU_BYTES), (Coding::Ascii, MAX_ASCII_BYTES)] {
            let mut ear = ear(coding, now);
            for _ in 0..100 {
                ear.hear(&[b'0'; 100], now);
            }
            assert_eq!(ear.bytes.len(), most + 1);
            for _ in 0..100 {
                ear.hear(b":\n", now);
            }
            assert!(ear.whole.len() <= MAX_HEARD);
        }
    }
}
