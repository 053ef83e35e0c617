//! Which points' newest text was no value of theirs, and whose devices those are. Pure.

use crate::{DeviceIndex, PointIndex};

/// The points of one channel that fail at the moment.
#[derive(Clone, Debug)]
pub struct FailingPoints {
    points: Vec<bool>,
    /// How many of each device's.
    by_device: Vec<usize>,
}

impl FailingPoints {
    /// So many devices with so many points in all, none of which fails.
    #[must_use]
    pub fn none_of(devices: usize, points: usize) -> Self {
        Self { points: vec![false; points], by_device: vec![0; devices] }
    }

    /// Notes whether `point` of `device` fails; says whether that is news.
    pub fn note(&mut self, point: PointIndex, device: DeviceIndex, failing: bool) -> bool {
        let (Some(known), Some(count)) =
            (self.points.get_mut(point.at()), self.by_device.get_mut(device.at()))
        else {
            return false;
        };
        let is_news = std::mem::replace(known, failing) != failing;
        if is_news {
            *count = if failing { *count + 1 } else { count.saturating_sub(1) };
        }
        is_news
    }

    /// Whether any point of `device` fails.
    #[must_use]
    pub fn any_of(&self, device: DeviceIndex) -> bool {
        self.by_device.get(device.at()).is_some_and(|count| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_fails_as_long_as_one_of_its_points_does_and_only_changes_are_news() {
        let (a, b, mine, other) = (PointIndex(0), PointIndex(1), DeviceIndex(0), DeviceIndex(1));
        let mut failing = FailingPoints::none_of(2, 2);
        assert!(!failing.note(a, mine, false));
        assert!(failing.note(a, mine, true) && failing.note(b, mine, true));
        assert!(!failing.note(a, mine, true));
        assert!(failing.note(a, mine, false));
        assert!(failing.any_of(mine) && !failing.any_of(other));
        assert!(failing.note(b, mine, false) && !failing.any_of(mine));
        assert!(!failing.note(PointIndex(9), mine, true) && !failing.any_of(mine));
    }
}
