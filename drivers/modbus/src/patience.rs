//! How long to leave alone what does not answer. Pure: told the time, never asks for it.
//!
//! One silence is an accident; [`LOST_AFTER`] in a row mean that somebody is not there. From then on it is
//! asked with growing pauses. Waiting in vain takes a bounded share of the channel's time, as long as anybody
//! is there to use the rest: a tenth for all that are lost together, half for those that are in doubt.

use std::time::Duration;

use tokio::time::Instant;

/// Silences in a row after which a unit, or a block of a unit that answers otherwise, counts as lost.
pub(crate) const LOST_AFTER: u32 = 3;

/// First and longest pause between two attempts at something lost.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Those who are lost get one part of the channel's time, the others so many.
pub(crate) const PARTS_BESIDE_LOST: u32 = 9;

/// Those in doubt (silent the last time, or not heard yet) get one part of the channel's time, the others
/// so many.
pub(crate) const PARTS_BESIDE_DOUBTFUL: u32 = 1;

/// First and longest pause after a unit said that it is busy. Application Protocol V1.1b3 §7: "should retransmit
/// the message later" (06), and takes long to do what it accepted (05).
const FIRST_BUSY_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_BUSY_PAUSE: Duration = Duration::from_millis(800);

/// How busy a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Busy {
    pause: Duration,
    not_before: Option<Instant>,
}

impl Busy {
    /// The unit said at `now` that it is busy.
    pub(crate) fn refused(&mut self, now: Instant) {
        self.pause = (self.pause * 2).clamp(FIRST_BUSY_PAUSE, LONGEST_BUSY_PAUSE);
        self.not_before = Some(now + self.pause);
    }

    /// When the unit may be asked again; `None`: at any time.
    pub(crate) fn not_before(&self) -> Option<Instant> {
        self.not_before
    }
}

/// The silences of one unit, or of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Patience {
    silences: u32,
    pause: Duration,
    not_before: Option<Instant>,
}

impl Patience {
    /// One more silence; whether it was the one that makes it lost.
    pub(crate) fn silent(&mut self, lost_after: u32, now: Instant) -> bool {
        let was_lost = self.is_lost();
        self.silences = self.silences.saturating_add(1);
        if self.silences < lost_after {
            return false;
        }
        self.pause = if was_lost { (self.pause * 2).min(LONGEST_PAUSE) } else { FIRST_PAUSE };
        self.not_before = Some(now + self.pause);
        !was_lost
    }

    /// An answer, of whatever kind; whether it comes from something that was lost.
    pub(crate) fn answered(&mut self) -> bool {
        let was_lost = self.is_lost();
        *self = Self::default();
        was_lost
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.not_before.is_some()
    }

    /// Whether the newest attempt met silence.
    pub(crate) fn is_silent(&self) -> bool {
        self.silences > 0
    }

    /// When the next attempt may be made; `None`: at any time.
    pub(crate) fn not_before(&self) -> Option<Instant> {
        self.not_before
    }
}

/// Keeps the time that is spent waiting in vain to its share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WaitingShare {
    parts_beside: u32,
    not_before: Option<Instant>,
}

impl WaitingShare {
    /// One part for those it is about, `parts_beside` for everybody else.
    pub(crate) fn new(parts_beside: u32) -> Self {
        Self { parts_beside, not_before: None }
    }

    /// An attempt that met silence ended now and took `spent`.
    pub(crate) fn spent(&mut self, spent: Duration, now: Instant) {
        self.not_before = Some(now + spent * self.parts_beside);
    }

    /// When the next attempt may be made; `None`: at any time.
    pub(crate) fn not_before(&self) -> Option<Instant> {
        self.not_before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_silence_in_a_row_makes_lost_and_one_answer_makes_found() {
        let now = Instant::now();
        let mut patience = Patience::default();
        assert!(!patience.silent(LOST_AFTER, now));
        assert!(!patience.answered());
        assert!(!patience.silent(LOST_AFTER, now));
        assert!(!patience.silent(LOST_AFTER, now));
        assert!(patience.is_silent() && !patience.is_lost());
        assert!(patience.silent(LOST_AFTER, now));
        assert!(!patience.silent(LOST_AFTER, now), "told once");
        assert!(patience.answered());
        assert!(!patience.is_lost() && !patience.is_silent());
        assert_eq!(patience.not_before(), None);
    }

    #[test]
    fn pauses_double_from_the_first_to_the_longest() {
        let now = Instant::now();
        let mut patience = Patience::default();
        let mut pauses = Vec::new();
        for _ in 0..9 {
            patience.silent(LOST_AFTER, now);
            pauses.push(patience.not_before().map_or(0, |at| (at - now).as_secs()));
        }
        assert_eq!(pauses, [0, 0, 1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn a_busy_unit_is_left_alone_for_longer_and_longer() {
        let now = Instant::now();
        let mut busy = Busy::default();
        let pauses = [0; 5].map(|_| {
            busy.refused(now);
            busy.not_before().map_or(0, |at| (at - now).as_millis())
        });
        assert_eq!(pauses, [100, 200, 400, 800, 800]);
    }

    #[test]
    fn the_lost_get_a_tenth() {
        let now = Instant::now();
        let mut share = WaitingShare::new(PARTS_BESIDE_LOST);
        assert_eq!(share.not_before(), None);
        share.spent(Duration::from_millis(500), now);
        assert_eq!(share.not_before(), Some(now + Duration::from_millis(4_500)));
    }
}
