//! What several rooms' tests need.

use pointcast_api::settings::Refusals;
use pointcast_api::text::TextFormat;
use pointcast_api::{DeviceIndex, PointIndex, ValueType};

use crate::config::Channel;
use crate::feeds::{Feed, Missing, Retained};

/// A plain feed of one point of the first device.
pub(crate) fn feed(point: u32, value_type: ValueType) -> Feed {
    Feed {
        point: PointIndex(point),
        device: DeviceIndex(0),
        pointer: None,
        format: TextFormat::plain(value_type),
        retained: Retained::Uncertain,
        missing: Missing::Error,
    }
}

/// The channel that `text` describes, or what is wrong with it.
pub(crate) fn channel(text: &str) -> Result<Channel, Vec<String>> {
    let mut refusals = Refusals::new();
    let made = Channel::take(pointcast_api::testing::channel(text), &mut refusals);
    made.ok_or_else(|| refusals.into_sorted().iter().map(ToString::to_string).collect())
}
