//! Channels, devices and points of all files → one driver for each channel.
//!
//! Names are unique across files: a second one is refused with the place of the first.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use pointcast_api::settings::{
    ChannelSettings, DeviceSettings, Entry, Located, Place, PointSettings, Refusals, Setting,
    Settings,
};
use pointcast_api::{DeviceIndex, DeviceName, Driver, PointId};

use super::Channel;
use super::disabled::Disabled;
use super::points::{self, Owner, prefix, segment};
use super::profile::{Shelf, Usage};
use super::words::near;
use super::written::{CHANNEL, address, channel_in, sections_in};
use crate::registry::DriverKind;

/// Most channels of one gateway.
pub const MAX_CHANNELS: usize = 4096;

/// Most devices of one gateway.
pub const MAX_DEVICES: usize = 65_536;

/// Most points of one gateway.
pub const MAX_POINTS: usize = 1_000_000;

/// The sections of a file.
pub(super) const CHANNELS: &str = "channels";
const DEVICES: &str = "devices";

/// Stands for a file where a person typed something.
pub(super) const COMMAND_LINE: &str = "the command line";

/// A channel whose devices are still being gathered.
struct Pending {
    name: String,
    kind: Option<DriverKind>,
    enabled: bool,
    settings: Settings,
    devices: Vec<DeviceSettings>,
    /// The profile of each device.
    profiles: Vec<Option<Arc<str>>>,
    /// Where each point lies as it is written, if that is asked for.
    addresses: Vec<String>,
    /// Whether any device names it, even one that was refused.
    used: bool,
}

/// The site as far as it was read.
pub(super) struct Site<'a> {
    drivers: &'a [DriverKind],
    shelf: Shelf<'a>,
    /// The device whose points are to be kept as they are written.
    wanted: Option<&'a str>,
    keeps_addresses: bool,
    found: Option<Vec<Vec<Entry>>>,
    /// Channels in the order of the files; `None` where the driver was built.
    pending: Vec<Option<Pending>>,
    /// How many devices that name a channel are still to come.
    expected: HashMap<String, usize>,
    /// By the place in `pending`.
    built: BTreeMap<usize, Channel>,
    /// Where each channel stands, and which of `pending` it is.
    channels: HashMap<String, (Place, usize)>,
    /// The channel that has each serial port.
    ports: HashMap<String, String>,
    devices: HashMap<DeviceName, Place>,
    points: HashMap<PointId, Place>,
    /// Whether a device's channel could not be told: then a channel may only seem to have no devices.
    strays: bool,
    /// Whether a file's `channels` could not be taken: then a channel may only seem to be missing.
    channels_unread: bool,
}

impl<'a> Site<'a> {
    pub(super) fn new(
        drivers: &'a [DriverKind],
        shelf: Shelf<'a>,
        wanted: Option<&'a str>,
        keeps_addresses: bool,
    ) -> Self {
        Self {
            drivers,
            shelf,
            wanted,
            keeps_addresses,
            found: None,
            pending: Vec::new(),
            expected: HashMap::new(),
            built: BTreeMap::new(),
            channels: HashMap::new(),
            ports: HashMap::new(),
            devices: HashMap::new(),
            points: HashMap::new(),
            strays: false,
            channels_unread: false,
        }
    }

    /// Counts the devices of one file. All files' come before any channel.
    pub(super) fn expect(&mut self, file: &Settings) {
        let devices = file.entries().iter().filter(|entry| entry.key == DEVICES);
        for device in devices.flat_map(|entry| sections_in(&entry.value)) {
            if let Some(channel) = channel_in(device) {
                *self.expected.entry(channel.to_owned()).or_default() += 1;
            }
        }
    }

    /// Takes `[[channels]]` out of one file. All files' channels come before any device.
    pub(super) fn add_channels(&mut self, file: &mut Settings, refusals: &mut Refusals) {
        let before = refusals.len();
        let sections = file.sections(CHANNELS, "channel", refusals);
        self.channels_unread |= refusals.len() > before;
        for mut settings in sections {
            let name = settings.text("name", refusals);
            let name = settings.required(name, "name", "name = \"plant\"", refusals);
            let name = name.and_then(|name| segment(&name, refusals).map(|_| name));
            if let Some(name) = &name {
                settings.rename(format!("channel {:?}", name.value));
            }
            let kind = self.driver(&mut settings, refusals);
            let enabled = settings.flag("enabled", refusals).is_none_or(|flag| flag.value);
            let Some(name) = name else { continue };
            if let Some((first, _)) = self.channels.get(&name.value) {
                let problem = format!("a second channel {:?}, the first is at {first}", name.value);
                name.refuse(refusals, problem, "give each channel a name of its own");
                continue;
            }
            let entry = (settings.place().clone(), self.pending.len());
            self.channels.insert(name.value.clone(), entry);
            if enabled {
                self.take_port(&name.value, &settings, refusals);
            }
            let name = name.value;
            self.pending.push(Some(Pending {
                name,
                kind,
                enabled,
                settings,
                devices: Vec::new(),
                profiles: Vec::new(),
                addresses: Vec::new(),
                used: false,
            }));
        }
    }

    /// Refuses a serial port that another channel has: at run time one of them would find it locked.
    fn take_port(&mut self, name: &str, settings: &Settings, refusals: &mut Refusals) {
        let port = settings.entries().iter().find(|entry| entry.key == "port");
        let Some((entry, Setting::Text(port))) = port.map(|entry| (entry, &entry.value)) else {
            return;
        };
        if let Some(first) = self.ports.get(port) {
            let problem = format!("channel {first:?} has {port:?} already");
            let remedy = "a port has one channel: put the devices of both on it";
            refusals.push(&entry.place, settings.field("port"), problem, remedy);
            return;
        }
        self.ports.insert(port.clone(), name.to_owned());
    }

    fn driver(&self, settings: &mut Settings, refusals: &mut Refusals) -> Option<DriverKind> {
        let names: Vec<&str> = self.drivers.iter().map(|kind| kind.name).collect();
        let word = settings.text("driver", refusals);
        let example = format!("driver = \"…\", one of: {}", names.join(", "));
        let word = settings.required(word, "driver", &example, refusals)?;
        let kind = self.drivers.iter().find(|kind| kind.name == word.value);
        if kind.is_none() {
            let remedy = near(&word.value, &names);
            word.refuse(refusals, format!("there is no driver {:?}", word.value), remedy);
        }
        kind.copied()
    }

    /// Takes `[[devices]]` out of one file.
    pub(super) fn add_devices(&mut self, file: &mut Settings, refusals: &mut Refusals) {
        let before = refusals.len();
        let sections = file.sections(DEVICES, "device", refusals);
        self.strays |= refusals.len() > before;
        for settings in sections {
            let channel = channel_in(settings.entries()).map(ToOwned::to_owned);
            self.add_device(settings, refusals);
            if let Some(channel) = channel {
                self.build_if_whole(&channel, refusals);
            }
        }
    }

    /// Builds the driver of a channel of which one more device was taken, if that was the last: what it was made of
    /// makes room for the next.
    fn build_if_whole(&mut self, channel: &str, refusals: &mut Refusals) {
        let Some(expected) = self.expected.get_mut(channel) else { return };
        *expected = expected.saturating_sub(1);
        if *expected > 0 || self.pending.len() > MAX_CHANNELS {
            return;
        }
        let Some((_, at)) = self.channels.get(channel) else { return };
        if let Some(whole) = self.pending.get_mut(*at).and_then(Option::take) {
            let built = build_channel(whole, self.strays, refusals);
            self.built.extend(built.map(|channel| (*at, channel)));
        }
    }

    fn pending(&mut self, at: usize) -> Option<&mut Pending> {
        self.pending.get_mut(at)?.as_mut()
    }

    fn add_device(&mut self, mut settings: Settings, refusals: &mut Refusals) {
        let text = settings.text("name", refusals);
        let text = settings.required(text, "name", "name = \"boiler\"", refusals);
        if let Some(text) = &text {
            settings.rename(format!("device {:?}", text.value));
        }
        let name = text.and_then(|text| self.device_name(&text, &settings, refusals));
        let prefix = prefix(&mut settings, name.as_ref(), refusals);
        let at = self.channel_of(&mut settings, refusals);
        self.strays |= at.is_none();
        let channel = at.and_then(|at| self.pending(at));
        let count = channel.as_ref().map_or(0, |channel| channel.devices.len());
        let driver = channel.as_ref().and_then(|channel| channel.kind).map(|kind| kind.name);
        if let Some(channel) = channel {
            channel.used = true;
        }
        let index = DeviceIndex(u32::try_from(count).unwrap_or(u32::MAX));
        let shown = name.as_ref().map_or("", DeviceName::as_str);
        let owner = Owner { name: shown, prefix: prefix.as_deref(), index };
        let before = refusals.len();
        let usage = Usage::take(&mut settings, refusals);
        let own = settings.sections("points", "point", refusals);
        let shelf = &mut self.shelf;
        let applied = match usage.apply(&mut settings, own, driver, shelf, refusals) {
            Ok(applied) => applied,
            Err(own) => {
                // Without their profile they may lack keys, but what is wrong with the others can be told.
                self.points_of(own, &owner, refusals);
                return;
            }
        };
        // Where something was refused, points may only seem to be missing.
        if applied.points.is_empty() && refusals.len() == before {
            let example = "add points = [{ name = \"…\", … }] or sections [[devices.points]]";
            refusals.push(settings.place(), settings.field("points"), "no points", example);
        }
        if self.wanted.is_some_and(|wanted| wanted == shown) {
            let keys = |point: &Settings| point.entries().to_vec();
            self.found = Some(applied.points.iter().map(keys).collect());
        }
        let points = self.points_of(applied.points, &owner, refusals);
        let keeps_addresses = self.keeps_addresses;
        let Some(channel) = at.and_then(|at| self.pending(at)) else { return };
        if let Some(name) = name {
            if let Some(kind) = channel.kind.filter(|_| keeps_addresses) {
                let written = |point: &PointSettings| address(&point.settings, kind.point_address);
                channel.addresses.extend(points.iter().map(written));
            }
            channel.devices.push(DeviceSettings { name, settings, points });
            channel.profiles.push(applied.profile);
        }
    }

    fn device_name(
        &mut self,
        text: &Located<String>,
        settings: &Settings,
        refusals: &mut Refusals,
    ) -> Option<DeviceName> {
        let name = segment(text, refusals)?;
        if let Some(first) = self.devices.get(&name) {
            let problem = format!("a second device {:?}, the first is at {first}", text.value);
            text.refuse(refusals, problem, "give each device a name of its own");
            return None;
        }
        if self.devices.len() == MAX_DEVICES {
            let problem = format!("more than {MAX_DEVICES} devices");
            text.refuse(refusals, problem, "spread them over several gateways");
            return None;
        }
        self.devices.insert(name.clone(), settings.place().clone());
        Some(name)
    }

    /// Which of the pending channels a device is on.
    fn channel_of(&self, settings: &mut Settings, refusals: &mut Refusals) -> Option<usize> {
        let word = settings.text(CHANNEL, refusals);
        let example = "channel = \"…\", the name of one of the [[channels]]";
        let word = settings.required(word, CHANNEL, example, refusals)?;
        let found = self.channels.get(&word.value).map(|(_, at)| *at);
        if found.is_none() && !self.channels_unread {
            let mut names: Vec<&str> = self.channels.keys().map(String::as_str).collect();
            names.sort_unstable();
            let problem = format!("there is no channel {:?}", word.value);
            let remedy = if names.is_empty() {
                "there is none yet: add [[channels]] with name and driver".to_owned()
            } else {
                near(&word.value, &names)
            };
            word.refuse(refusals, problem, remedy);
        }
        found
    }

    fn points_of(
        &mut self,
        sections: Vec<Settings>,
        owner: &Owner<'_>,
        refusals: &mut Refusals,
    ) -> Vec<PointSettings> {
        let mut points = Vec::with_capacity(sections.len());
        for section in sections {
            let Some(point) = points::take(section, owner, refusals) else { continue };
            let place = point.settings.place();
            let field = point.settings.what().to_owned();
            if let Some(first) = self.points.get(&point.id) {
                // Two lines of one profile are shown once, whoever uses it.
                let alike = first.used_at == place.used_at;
                let first = if alike { first.shared() } else { first.clone() };
                let problem = format!("a second point with this id, the first is at {first}");
                refusals.push(place, field, problem, "give one of them another name or prefix");
                continue;
            }
            if self.points.len() == MAX_POINTS {
                let problem = format!("more than {MAX_POINTS} points");
                refusals.push(place, field, problem, "spread them over several gateways");
                break;
            }
            self.points.insert(point.id.clone(), place.clone());
            points.push(point);
        }
        points
    }

    /// The keys of the wanted device's points, those from its profile included. Refuses its absence.
    pub(super) fn take_wanted(&mut self, refusals: &mut Refusals) -> Option<Vec<Vec<Entry>>> {
        let wanted = self.wanted?;
        let mut names: Vec<&str> = self.devices.keys().map(DeviceName::as_str).collect();
        names.sort_unstable();
        if self.found.is_none() && !names.contains(&wanted) {
            let remedy = match names.as_slice() {
                [] => "there is none yet".to_owned(),
                names => near(wanted, names),
            };
            let place = Place::new(COMMAND_LINE, 0);
            refusals.push(&place, "--device", format!("there is no device {wanted:?}"), remedy);
        }
        self.found.take()
    }

    /// Every channel with its driver, in the order of the files.
    pub(super) fn build(mut self, refusals: &mut Refusals) -> Vec<Channel> {
        if let Some(Some(first_over)) = self.pending.get(MAX_CHANNELS) {
            let (place, field) = (first_over.settings.place(), first_over.settings.what());
            let problem = format!("more than {MAX_CHANNELS} channels");
            refusals.push(place, field, problem, "spread them over several gateways");
            return Vec::new();
        }
        for (at, channel) in self.pending.into_iter().enumerate() {
            let built = channel.and_then(|channel| build_channel(channel, self.strays, refusals));
            self.built.extend(built.map(|channel| (at, channel)));
        }
        self.built.into_values().collect()
    }
}

fn build_channel(channel: Pending, strays: bool, refusals: &mut Refusals) -> Option<Channel> {
    let Pending { name, kind, enabled, settings, devices, profiles, addresses, used } = channel;
    let (place, field) = (settings.place().clone(), settings.what().to_owned());
    if !used && strays {
        return None;
    }
    if !used {
        let remedy = format!("add [[devices]] with channel = {name:?}, or take the channel out");
        refusals.push(&place, field, "no device is on it", remedy);
        return None;
    }
    let kind = kind?;
    let before = refusals.len();
    let built = (kind.build)(ChannelSettings { name: name.clone(), settings, devices }, refusals);
    if built.is_none() && refusals.len() == before {
        let remedy = "report this: it is a defect of the driver";
        refusals.push(&place, field, "its driver refused it and did not say why", remedy);
    }
    let driver: Box<dyn Driver> =
        if enabled { built? } else { Box::new(Disabled::new(built?.as_ref())) };
    Some(Channel { name, driver_name: kind.name, enabled, profiles, addresses, driver })
}
