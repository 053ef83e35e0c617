//! A device's own keys: its unit id and what its points take over from it.

use std::time::Duration;

use pointcast_api::DeviceIndex;
use pointcast_api::settings::{Located, Refusals, Settings};

use super::channel::{Channel, Kind};
use super::point::SCAN_MS;
use crate::frame::MAX_REGISTERS;
use crate::order::WordOrder;
use crate::sunspec::LAST_BASE;

const DEFAULT_TCP_UNIT: u8 = 1;
const DEFAULT_SCAN: Duration = Duration::from_secs(1);

/// A device's keys, checked.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) index: DeviceIndex,
    /// `None` when it was refused.
    pub(crate) unit: Option<u8>,
    /// Where the unit id stands, or the device where it is not written.
    pub(crate) unit_at: Located<()>,
    pub(crate) order: WordOrder,
    pub(crate) scan: Duration,
    pub(crate) timeout: Duration,
    /// In registers.
    pub(crate) max_block: u16,
    /// In registers.
    pub(crate) max_gap: Option<u16>,
    /// Where its SunSpec marker is, if that is told.
    pub(crate) sunspec_base: Option<u16>,
}

/// Takes the device's keys.
///
/// A default stands in for whatever was refused, so that the points can be checked as well.
pub(crate) fn check(
    mut keys: Settings,
    index: DeviceIndex,
    kind: Kind,
    channel: &Channel,
    refusals: &mut Refusals,
) -> Device {
    let (place, field) = (keys.place().clone(), keys.field("unit_id"));
    let before = refusals.len();
    let (least, most) = kind.units().into_inner();
    let unit = keys.integer("unit_id", least.into()..=most.into(), refusals);
    let unit = match kind {
        Kind::Tcp => unit,
        Kind::Rtu | Kind::RtuOverTcp | Kind::Ascii | Kind::AsciiOverTcp => {
            keys.required(unit, "unit_id", "unit_id = 1", refusals)
        }
    };
    let unit_refused = refusals.len() > before;
    let order = keys.choice("word_order", &WordOrder::WORDS, refusals);
    let scan = keys.millis("scan_ms", SCAN_MS, refusals);
    let timeout = keys.millis("timeout_ms", 1..=600_000, refusals);
    let max_block = keys.integer("max_block", 1..=i64::from(MAX_REGISTERS), refusals);
    let max_gap = keys.integer("max_gap", 0..=i64::from(MAX_REGISTERS), refusals);
    let sunspec_base = keys.integer("sunspec_base", 0..=i64::from(LAST_BASE), refusals);
    keys.finish(refusals);
    let id = match &unit {
        Some(unit) => u8::try_from(unit.value).ok(),
        None => Some(DEFAULT_TCP_UNIT).filter(|_| !unit_refused),
    };
    let here = Located { value: (), place, field };
    let unit_at = unit.map_or(here, |unit| unit.map(|_| ()));
    let registers = |count: Option<Located<i64>>| count.and_then(|n| u16::try_from(n.value).ok());
    Device {
        index,
        unit: id,
        unit_at,
        order: order.map_or_else(WordOrder::default, |order| order.value),
        scan: scan.map_or(DEFAULT_SCAN, |scan| scan.value),
        timeout: timeout.map_or(channel.timeout, |timeout| timeout.value),
        max_block: registers(max_block).unwrap_or(MAX_REGISTERS),
        max_gap: registers(max_gap).or(channel.max_gap),
        sunspec_base: registers(sunspec_base),
    }
}
