//! When the head of a line may have been missed: a cable that was out, a device that restarted.
//!
//! A pause inside a line breaks it. A pause between lines, as long as the silence that is watched for, makes
//! the next line suspect: whoever talks all the time was interrupted, and may be met again in the middle of a
//! line. Only a talker that always pauses so long is believed at once, from its second such pause on.

use std::time::Duration;

use tokio::time::Instant;

/// The characters of one line follow each other more closely than this, on any wire and adapter.
pub(crate) const MAX_PAUSE_IN_LINE: Duration = Duration::from_secs(1);

/// What a pause says about what comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// Nothing.
    Usual,
    /// The line in progress broke off.
    BrokenOff,
    /// What begins now may be the tail of a line.
    Suspect,
}

/// The pauses of one port.
#[derive(Debug)]
pub(crate) struct Pauses {
    silence: Duration,
    last_byte: Instant,
    /// The pause before the newest line.
    newest: Duration,
    /// The pause before the bytes that came last.
    current: Duration,
}

impl Pauses {
    /// For a port opened `now`, all of whose devices are silent after `silence`.
    pub(crate) fn new(silence: Duration, now: Instant) -> Self {
        Self { silence, last_byte: now, newest: Duration::ZERO, current: Duration::ZERO }
    }

    /// Bytes came, in the middle of a line or between two.
    pub(crate) fn bytes(&mut self, now: Instant, in_line: bool) -> Pause {
        self.current = now.saturating_duration_since(self.last_byte);
        self.last_byte = now;
        if in_line {
            if self.current > MAX_PAUSE_IN_LINE { Pause::BrokenOff } else { Pause::Usual }
        } else if self.current >= self.silence && self.newest < self.silence {
            Pause::Suspect
        } else {
            Pause::Usual
        }
    }

    /// Those bytes began a line.
    pub(crate) fn line_began(&mut self) {
        self.newest = self.current;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_interrupted_talker_is_suspect_and_a_rare_one_is_believed() {
        let mut now = Instant::now();
        let mut pauses = Pauses::new(Duration::from_secs(10), now);
        let mut line_after = |seconds| {
            now += Duration::from_secs(seconds);
            let pause = pauses.bytes(now, false);
            pauses.line_began();
            pause
        };
        let told: Vec<_> = [1, 9, 10, 1, 1, 30, 30, 30, 1, 30].map(&mut line_after).to_vec();
        use Pause::{Suspect, Usual};
        assert_eq!(
            told,
            [Usual, Usual, Suspect, Usual, Usual, Suspect, Usual, Usual, Usual, Suspect]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_inside_a_line_breaks_it() {
        let mut now = Instant::now();
        let mut pauses = Pauses::new(Duration::from_secs(10), now);
        for (pause, told) in [
            (MAX_PAUSE_IN_LINE, Pause::Usual),
            (MAX_PAUSE_IN_LINE + Duration::from_millis(1), Pause::BrokenOff),
            (Duration::from_secs(60), Pause::BrokenOff),
        ] {
            now += pause;
            assert_eq!(pauses.bytes(now, true), told);
        }
    }
}
