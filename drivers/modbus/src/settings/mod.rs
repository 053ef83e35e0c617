//! Configuration sections to a checked [`Site`]. After that nobody checks again.
//!
//! Everything that is wrong is told together, each with place, field and what would be right.

mod admit;
pub(crate) mod channel;
mod device;
mod endpoint;
mod overlap;
mod point;
mod serial;
mod tls;
mod writing;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use pointcast_api::settings::{ChannelSettings, DeviceSettings, Refusals};
use pointcast_api::{
    DeviceDeclaration, DeviceIndex, PointDeclaration, PointDetails, PointId, PointTraits,
    STALE_AFTER_SCANS, Shared, StaleAfter, Utilisation,
};

#[cfg(test)]
pub(crate) use channel::MAX_IN_FLIGHT;
pub(crate) use channel::{Channel, Kind, Transport};
pub(crate) use endpoint::Endpoint;
pub(crate) use point::DataType;
pub(crate) use serial::{PortSettings, Reach, Rs485, SerialSettings};

use crate::admission::MAX_UTILISATION;
use crate::decode::Decoder;
use crate::frame::ReadRequest;
use crate::learner::Paces;
use crate::line::Line;
use crate::link::timing::{Path, SerialTiming};
use crate::plan::{Block, Learned, Shape, Want, plan};
use crate::sunspec::{MAX_GROUPS, Sought};
use crate::writing::Writing;
use device::Device;
use point::Point;

/// A channel with its devices and points, checked. Lists are by device index and by point index.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) name: String,
    pub(crate) channel: Channel,
    pub(crate) devices: Vec<DeviceDeclaration>,
    pub(crate) units: Vec<Unit>,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) points: Vec<PointDeclaration>,
    /// What is found by its SunSpec model is where it is assumed: sessions go by a
    /// [`Layout`](crate::sunspec::Layout) instead.
    pub(crate) wants: Vec<Want>,
    /// Equal ones are shared: a device has many points and few kinds of them.
    pub(crate) decoders: Vec<Arc<Decoder>>,
    /// By device: what of it is found by its SunSpec model.
    pub(crate) sought: Vec<Sought>,
    /// What reading takes of the channel's time, by plan.
    pub(crate) utilisation: Utilisation,
    /// How each point is written; `None` for those that are not.
    pub(crate) writings: Vec<Option<Writing>>,
}

/// How a device is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) id: u8,
    /// Longest wait for an answer.
    pub(crate) timeout: Duration,
    /// By how much a learned wait is longer than the mean.
    pub(crate) timeout_min: Duration,
}

impl Site {
    /// The line's parameters, where there is a line and they are known.
    pub(crate) fn line(&self) -> Option<&Line> {
        match &self.channel.transport {
            Transport::Tcp(..) => None,
            Transport::Serial(serial) => serial.known_line(),
        }
    }

    /// The timing of the line `serial`.
    pub(crate) fn timing(&self, serial: &SerialSettings) -> SerialTiming {
        let longest = self.units.iter().map(|unit| unit.timeout).max();
        serial_timing(&self.channel, serial, longest.unwrap_or(self.channel.timeout))
    }

    /// The request that reads `block`, if its device is one of ours.
    pub(crate) fn request(&self, block: &Block) -> Option<ReadRequest> {
        self.units.get(block.device.at()).map(|unit| block.request(unit.id))
    }

    /// All blocks as configured.
    pub(crate) fn plan(&self, learned: &Learned, paces: &Paces) -> Vec<Block> {
        self.plan_of(&self.wants, learned, paces)
    }

    /// All blocks where points lie as in `wants`, with what was learned so far.
    pub(crate) fn plan_of(&self, wants: &[Want], learned: &Learned, paces: &Paces) -> Vec<Block> {
        plan(wants, &self.shapes_at(paces), learned)
    }

    /// What blocks may be like, and what they cost of devices that answer so fast.
    fn shapes_at(&self, paces: &Paces) -> Vec<Shape> {
        let shape = |(at, shape): (usize, &Shape)| match paces.of(at) {
            Some(pace) => Shape { cost: self.channel.cost(pace), ..*shape },
            None => *shape,
        };
        self.shapes.iter().enumerate().map(shape).collect()
    }
}

/// The timing of `channel`'s line `serial`, on which `longest` is the longest timeout.
pub(crate) fn serial_timing(
    channel: &Channel,
    serial: &SerialSettings,
    longest: Duration,
) -> SerialTiming {
    let delay = serial.max_reply_delay.as_ref().map(|delay| delay.value);
    SerialTiming {
        path: match &serial.reach {
            Reach::Port(_) => Path::Port,
            Reach::Network(_) => Path::Network,
        },
        coding: serial.line.coding,
        line: serial.known_line().copied(),
        rts_delay: serial.rts_delay(),
        // A slave that is late is seldom later than twice what it may be.
        max_reply_delay: delay.unwrap_or(longest * 2).max(longest),
        request_gap: channel.request_gap,
    }
}

/// Checks everything; `None` only together with at least one refusal.
pub(crate) fn check(
    settings: ChannelSettings,
    kind: Kind,
    refusals: &mut Refusals,
) -> Option<Site> {
    let before = refusals.len();
    let ChannelSettings { name, settings: keys, devices } = settings;
    let channel = channel::check(keys, kind, refusals);
    let mut checked = Checked::default();
    for (index, device) in (0..).map(DeviceIndex).zip(devices) {
        checked.add(device, index, kind, &channel, refusals);
    }
    checked.same_units(refusals);
    overlap::check(&checked.points, refusals);
    let longest = checked.devices.iter().map(|device| device.timeout).max();
    if let (Transport::Serial(SerialSettings { max_reply_delay: Some(delay), .. }), Some(longest)) =
        (&channel.transport, longest.filter(|longest| *longest > Duration::ZERO))
        && delay.value < longest
    {
        let problem = format!("{} ms is less than the longest timeout", delay.value.as_millis());
        delay.refuse(refusals, problem, format!("give {} or more", longest.as_millis()));
    }
    (refusals.len() == before).then(|| checked.into_site(name, channel))
}

/// What was checked so far.
#[derive(Default)]
struct Checked {
    names: Vec<pointcast_api::DeviceName>,
    devices: Vec<Device>,
    points: Vec<Point>,
    details: Vec<(PointId, PointDetails)>,
    /// By device.
    sought: Vec<Sought>,
}

impl Checked {
    fn add(
        &mut self,
        settings: DeviceSettings,
        index: DeviceIndex,
        kind: Kind,
        channel: &Channel,
        refusals: &mut Refusals,
    ) {
        let DeviceSettings { name, settings: keys, points } = settings;
        let place = keys.place().clone();
        let device = device::check(keys, index, kind, channel, refusals);
        let mut sought = Sought::new(device.sunspec_base);
        for settings in points {
            if let Some(mut point) =
                point::check(settings.settings, &settings.details, &device, refusals)
            {
                if !point.forms.is_empty() {
                    let forms = std::mem::take(&mut point.forms);
                    point.want.first = sought.add(self.points.len(), forms, point.optional);
                }
                self.points.push(point);
                self.details.push((settings.id, settings.details));
            }
        }
        if sought.groups() > MAX_GROUPS {
            let field = format!("device \"{name}\"");
            let problem = format!("its points are in {} different SunSpec models", sought.groups());
            refusals.push(&place, field, problem, format!("give points of at most {MAX_GROUPS}"));
        }
        self.names.push(name);
        self.devices.push(device);
        self.sought.push(sought);
    }

    fn same_units(&self, refusals: &mut Refusals) {
        let mut seen = HashMap::new();
        for (name, device) in self.names.iter().zip(&self.devices) {
            let Some(unit) = device.unit else { continue };
            if let Some(first) = seen.insert(unit, name) {
                device.unit_at.refuse(
                    refusals,
                    format!("device \"{first}\" is unit {unit} of this channel already"),
                    "give each device of a channel its own unit_id",
                );
            }
        }
    }

    fn into_site(self, name: String, channel: Channel) -> Site {
        let (place, cost, timeout_min) =
            (channel.place(), channel.cost(channel.assumed_pace()), channel.timeout_min);
        let device = |(name, device): (pointcast_api::DeviceName, &Device)| DeviceDeclaration {
            name,
            address: format!("{place} unit {}", device.unit.unwrap_or_default()),
        };
        let mut decoders = Shared::default();
        let mut site = Site {
            name,
            channel,
            devices: self.names.into_iter().zip(&self.devices).map(device).collect(),
            units: self
                .devices
                .iter()
                .map(|device| Unit {
                    id: device.unit.unwrap_or_default(),
                    timeout: device.timeout,
                    timeout_min: timeout_min.min(device.timeout),
                })
                .collect(),
            shapes: self
                .devices
                .iter()
                .map(|device| Shape { max_block: device.max_block, max_gap: device.max_gap, cost })
                .collect(),
            points: Vec::new(),
            wants: self.points.iter().map(|point| point.want).collect(),
            sought: self.sought,
            decoders: self.points.iter().map(|point| decoders.of(&point.decoder)).collect(),
            utilisation: Utilisation { configured: 0.0, revised: 0.0, most: MAX_UTILISATION },
            writings: self.points.iter().map(|point| point.writing).collect(),
        };
        site.admit();
        let mut traits = Shared::default();
        let declared = self.details.into_iter().zip(&self.points).zip(&site.wants);
        let declared = declared.map(|(((id, details), point), want)| {
            let timeout = site.units.get(want.device.at()).map(|unit| unit.timeout);
            let said = declare(details, point, want.interval, timeout.unwrap_or_default());
            PointDeclaration { id, traits: traits.of(&said) }
        });
        site.points = declared.collect();
        // The list is made in the place of the details, which are larger.
        site.points.shrink_to_fit();
        site
    }
}

fn declare(
    details: PointDetails,
    point: &Point,
    interval: Duration,
    timeout: Duration,
) -> PointTraits {
    let default = StaleAfter::Elapsed(interval * STALE_AFTER_SCANS + timeout);
    PointTraits {
        stale_after: details.stale_after.unwrap_or(default),
        details,
        value_type: point.value_type,
        scan_interval: Some(interval),
        configured_interval: Some(point.want.interval).filter(|configured| *configured != interval),
        writable: point.writing.is_some(),
    }
}

#[cfg(test)]
mod tests;
