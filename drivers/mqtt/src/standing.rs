//! How each device is, from what the broker granted, what came, and what was silent.
//!
//! A device is online once its subscriptions are granted (and, where silence is watched, once a live message
//! came), degraded while a topic is refused or a point's newest payload was no value of it, else offline.

use std::time::Duration;

use pointcast_api::{DeviceIndex, DeviceState, FailingPoints, PointIndex};
use tokio::time::Instant;

use crate::config::Channel;
use crate::feeds::Topic;

/// The devices of one channel during one connection.
#[derive(Debug)]
pub(crate) struct Standing {
    answered: bool,
    devices: Vec<Device>,
    /// Whose newest payload was no value of theirs.
    failing: FailingPoints,
}

#[derive(Clone, Debug, Default)]
struct Device {
    topics: usize,
    refused: usize,
    silence: Option<Duration>,
    hearing: Hearing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Hearing {
    /// Nothing was granted yet, or silence was told already.
    #[default]
    Nothing,
    /// Granted, nothing live yet; silent from then on.
    Until(Instant),
    /// A live message came; silent from then on.
    LiveUntil(Instant),
}

impl Standing {
    /// Before anything was granted.
    pub(crate) fn new(channel: &Channel) -> Self {
        let mut devices: Vec<_> = channel
            .silence
            .iter()
            .map(|silence| Device { silence: *silence, ..Device::default() })
            .collect();
        for topic in channel.feeds.indices().filter_map(|index| channel.feeds.get(index)) {
            for device in topic.devices() {
                if let Some(device) = devices.get_mut(device.at()) {
                    device.topics += 1;
                }
            }
        }
        let failing = FailingPoints::none_of(devices.len(), channel.points.len());
        Self { answered: false, devices, failing }
    }

    /// The broker answered every first request: from now on devices may be silent.
    pub(crate) fn all_answered(&mut self, now: Instant) {
        if std::mem::replace(&mut self.answered, true) {
            return;
        }
        for device in &mut self.devices {
            if let (Hearing::Nothing, Some(silence)) = (device.hearing, device.silence) {
                device.hearing = Hearing::Until(now + silence);
            }
        }
    }

    /// A topic of `device` was refused, or granted after a refusal.
    pub(crate) fn refused(&mut self, device: DeviceIndex, refused: bool) {
        if let Some(device) = self.devices.get_mut(device.at()) {
            device.refused =
                if refused { device.refused + 1 } else { device.refused.saturating_sub(1) };
        }
    }

    /// A live message for `device` came; says whether that ends a silence that was told.
    pub(crate) fn heard(&mut self, device: DeviceIndex, now: Instant) -> bool {
        if let Some(device) = self.devices.get_mut(device.at())
            && let Some(silence) = device.silence
        {
            let was = std::mem::replace(&mut device.hearing, Hearing::LiveUntil(now + silence));
            return self.answered && was == Hearing::Nothing;
        }
        false
    }

    /// Whether the newest payload for `point` failed; says whether that is news.
    pub(crate) fn point(&mut self, point: PointIndex, device: DeviceIndex, failing: bool) -> bool {
        self.failing.note(point, device, failing)
    }

    /// When the next device will have been silent for too long.
    pub(crate) fn next_silence(&self) -> Option<Instant> {
        self.devices.iter().filter_map(Device::silent_at).min()
    }

    /// The devices that have been silent for too long, each told once for each silence.
    pub(crate) fn fallen_silent(&mut self, now: Instant) -> Vec<(DeviceIndex, Duration)> {
        let mut silent = Vec::new();
        for (index, device) in (0..).map(DeviceIndex).zip(&mut self.devices) {
            if let (Some(at), Some(silence)) = (device.silent_at(), device.silence)
                && at <= now
            {
                device.hearing = Hearing::Nothing;
                silent.push((index, silence));
            }
        }
        silent
    }

    /// How `device` is.
    pub(crate) fn state(&self, device: DeviceIndex) -> DeviceState {
        let failing = self.failing.any_of(device);
        let Some(device) = self.devices.get(device.at()) else {
            return DeviceState::Offline;
        };
        let is_deaf = device.topics > 0 && device.refused >= device.topics;
        let is_silent =
            device.silence.is_some() && !matches!(device.hearing, Hearing::LiveUntil(_));
        if !self.answered || is_deaf || is_silent {
            DeviceState::Offline
        } else if device.refused > 0 || failing {
            DeviceState::Degraded
        } else {
            DeviceState::Online
        }
    }
}

impl Device {
    fn silent_at(&self) -> Option<Instant> {
        match self.hearing {
            Hearing::Nothing => None,
            Hearing::Until(at) | Hearing::LiveUntil(at) => Some(at),
        }
    }
}

impl Topic {
    /// The devices it feeds, each once.
    pub(crate) fn devices(&self) -> Vec<DeviceIndex> {
        let mut devices: Vec<_> = self.feeds.iter().map(|feed| feed.device).collect();
        devices.sort_unstable();
        devices.dedup();
        devices
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::channel;

    const ONLY: DeviceIndex = DeviceIndex(0);

    fn standing(silence: &str) -> Standing {
        let text = format!(
            "broker = \"h\"\n[[devices]]\nname = \"w\"\n{silence}\npoints = [\n\
             {{ name = \"a\", topic = \"t/1\", type = \"f64\", stale_after_ms = 1000 }},\n\
             {{ name = \"b\", topic = \"t/2\", type = \"f64\", stale_after_ms = 1000 }} ]"
        );
        Standing::new(&channel(&text).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_and_failures_degrade_and_pass() {
        let mut standing = standing("");
        assert_eq!(standing.state(ONLY), DeviceState::Offline);
        standing.all_answered(Instant::now());
        assert_eq!(standing.state(ONLY), DeviceState::Online);
        standing.refused(ONLY, true);
        assert_eq!(standing.state(ONLY), DeviceState::Degraded);
        standing.refused(ONLY, true);
        assert_eq!(standing.state(ONLY), DeviceState::Offline);
        standing.refused(ONLY, false);
        standing.refused(ONLY, false);
        assert!(standing.point(PointIndex(1), ONLY, true));
        assert!(!standing.point(PointIndex(1), ONLY, true));
        assert_eq!(standing.state(ONLY), DeviceState::Degraded);
        assert!(standing.point(PointIndex(1), ONLY, false));
        assert_eq!(standing.state(ONLY), DeviceState::Online);
        assert_eq!(standing.next_silence(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_told_once_and_ends_with_a_live_message() {
        let (mut standing, begin) = (standing("silence_ms = 5000"), Instant::now());
        let after = |seconds| begin + Duration::from_secs(seconds);
        assert!(!standing.heard(ONLY, begin), "there was no silence before the subscription");
        standing.all_answered(begin);
        assert_eq!(standing.state(ONLY), DeviceState::Online);
        assert!(!standing.heard(ONLY, after(1)));
        assert_eq!(standing.state(ONLY), DeviceState::Online);
        assert_eq!(standing.next_silence(), Some(after(6)));
        assert_eq!(standing.fallen_silent(after(5)), []);
        assert_eq!(standing.fallen_silent(after(6)), [(ONLY, Duration::from_secs(5))]);
        standing.all_answered(after(7));
        assert_eq!(standing.fallen_silent(after(60)), []);
        assert_eq!(standing.state(ONLY), DeviceState::Offline);
        assert!(standing.heard(ONLY, after(61)));
        assert!(!standing.heard(ONLY, after(62)));
        assert_eq!(standing.state(ONLY), DeviceState::Online);
    }

    #[tokio::test(start_paused = true)]
    async fn a_device_that_never_says_anything_falls_silent_too() {
        let (mut standing, begin) = (standing("silence_ms = 5000"), Instant::now());
        standing.all_answered(begin);
        let due = standing.next_silence().unwrap();
        assert_eq!(due, begin + Duration::from_secs(5));
        assert_eq!(standing.fallen_silent(due).len(), 1);
    }
}
