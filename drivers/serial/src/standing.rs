//! How each device is, from what it said and when.
//!
//! A device is offline until its first valid line and after a silence; degraded while a point's newest text
//! was no value of it, or a line that could not be understood came within the time it may be silent.

use std::time::Duration;

use pointcast_api::{DeviceIndex, DeviceState, FailingPoints, PointIndex};
use tokio::time::Instant;

/// The devices of one port during one session.
#[derive(Debug)]
pub(crate) struct Standing {
    devices: Vec<Device>,
    /// Whose newest text was no value of theirs.
    failing: FailingPoints,
}

#[derive(Clone, Debug)]
struct Device {
    silence: Duration,
    /// `None` once its silence was told.
    silent_at: Option<Instant>,
    is_heard: bool,
    /// Until when a line that could not be understood counts against it.
    unclear_until: Option<Instant>,
}

/// What time alone changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// No valid line came for so long.
    Silent(DeviceIndex, Duration),
    /// Nothing came lately that could not be understood.
    Clear(DeviceIndex),
}

impl Standing {
    /// Nothing heard yet of devices that may be silent so long, with so many points in all.
    pub(crate) fn new(silence: &[Duration], points: usize, now: Instant) -> Self {
        let device = |silence: &Duration| Device {
            silence: *silence,
            silent_at: Some(now + *silence),
            is_heard: false,
            unclear_until: None,
        };
        let failing = FailingPoints::none_of(silence.len(), points);
        Self { devices: silence.iter().map(device).collect(), failing }
    }

    /// A valid line of `device` came; says whether that ends a silence, the first one included.
    pub(crate) fn heard(&mut self, device: DeviceIndex, now: Instant) -> bool {
        let Some(device) = self.devices.get_mut(device.at()) else { return false };
        device.silent_at = Some(now + device.silence);
        !std::mem::replace(&mut device.is_heard, true)
    }

    /// Whether the newest text of `point` failed; says whether that is news.
    pub(crate) fn point(&mut self, point: PointIndex, device: DeviceIndex, failing: bool) -> bool {
        self.failing.note(point, device, failing)
    }

    /// A line came that could not be understood, and could have been anybody's; says whether that is news.
    pub(crate) fn unclear(&mut self, now: Instant) -> bool {
        let mut is_news = false;
        for device in &mut self.devices {
            is_news |= device.unclear_until.replace(now + device.silence).is_none();
        }
        is_news
    }

    /// When time alone will change something next.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.devices
            .iter()
            .flat_map(|device| [device.silent_at, device.unclear_until])
            .flatten()
            .min()
    }

    /// What time alone changed by now, each change told once.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Change> {
        let is_due = |at: &mut Instant| *at <= now;
        let mut changes = Vec::new();
        for (index, device) in (0..).map(DeviceIndex).zip(&mut self.devices) {
            if device.unclear_until.take_if(is_due).is_some() {
                changes.push(Change::Clear(index));
            }
            if device.silent_at.take_if(is_due).is_some() {
                device.is_heard = false;
                changes.push(Change::Silent(index, device.silence));
            }
        }
        changes
    }

    /// How `device` is.
    pub(crate) fn state(&self, device: DeviceIndex) -> DeviceState {
        let failing = self.failing.any_of(device);
        match self.devices.get(device.at()) {
            Some(device) if device.is_heard => {
                if failing || device.unclear_until.is_some() {
                    DeviceState::Degraded
                } else {
                    DeviceState::Online
                }
            }
            Some(_) | None => DeviceState::Offline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONLY: DeviceIndex = DeviceIndex(0);
    const SILENCE: Duration = Duration::from_secs(10);

    fn after(begin: Instant, seconds: u64) -> Instant {
        begin + Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_told_once_and_ends_with_a_line() {
        let begin = Instant::now();
        let mut standing = Standing::new(&[SILENCE], 1, begin);
        assert_eq!(standing.state(ONLY), DeviceState::Offline);
        assert!(standing.heard(ONLY, after(begin, 3)));
        assert!(!standing.heard(ONLY, after(begin, 4)));
        assert_eq!(standing.state(ONLY), DeviceState::Online);
        assert_eq!(standing.next_due(), Some(after(begin, 14)));
        assert_eq!(standing.due(after(begin, 13)), []);
        assert_eq!(standing.due(after(begin, 14)), [Change::Silent(ONLY, SILENCE)]);
        assert_eq!(standing.state(ONLY), DeviceState::Offline);
        assert_eq!((standing.next_due(), standing.due(after(begin, 99))), (None, vec![]));
        assert!(standing.heard(ONLY, after(begin, 100)));
        assert_eq!(standing.state(ONLY), DeviceState::Online);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unclear_line_counts_against_everybody_for_a_while() {
        let begin = Instant::now();
        let mut standing = Standing::new(&[SILENCE, SILENCE * 2], 1, begin);
        for device in [ONLY, DeviceIndex(1)] {
            standing.heard(device, begin);
        }
        assert!(standing.unclear(begin));
        assert!(!standing.unclear(after(begin, 5)));
        assert_eq!(standing.state(DeviceIndex(1)), DeviceState::Degraded);
        standing.heard(ONLY, after(begin, 6));
        assert_eq!(standing.due(after(begin, 15)), [Change::Clear(ONLY)]);
        assert_eq!(standing.state(ONLY), DeviceState::Online);
        assert_eq!(standing.state(DeviceIndex(1)), DeviceState::Degraded);
    }

    #[tokio::test(start_paused = true)]
    async fn a_point_that_fails_degrades_its_device() {
        let mut standing = Standing::new(&[SILENCE], 1, Instant::now());
        standing.heard(ONLY, Instant::now());
        assert!(standing.point(PointIndex(0), ONLY, true));
        assert!(!standing.point(PointIndex(0), ONLY, true));
        assert_eq!(standing.state(ONLY), DeviceState::Degraded);
        assert!(standing.point(PointIndex(0), ONLY, false));
        assert_eq!(standing.state(ONLY), DeviceState::Online);
        assert!(!standing.point(PointIndex(7), ONLY, true));
    }
}
