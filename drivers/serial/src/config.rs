//! A channel's settings, checked once: what is here needs no second look.

use std::ops::RangeInclusive;
use std::time::Duration;

use pointcast_api::settings::{
    ChannelSettings, DeviceSettings, Located, PointSettings, Refusals, Settings,
};
use pointcast_api::text::TextFormat;
use pointcast_api::{
    DeviceDeclaration, DeviceIndex, PointDeclaration, PointIndex, PointTraits, Shared,
};
use tokio_serial::{DataBits, Parity, StopBits};

use crate::matcher::{Matcher, Pattern};
use crate::splitter::Delimiter;

const DEFAULT_BAUD: u32 = 9600;
const DEFAULT_MAX_LINE_BYTES: usize = 1024;
const DEFAULT_SILENCE: Duration = Duration::from_secs(10);

const BAUD: RangeInclusive<i64> = 50..=4_000_000;
const MAX_LINE_BYTES: RangeInclusive<i64> = 8..=65_536;
const SILENCE_MS: RangeInclusive<u32> = 100..=86_400_000;
const ASK_EVERY_MS: RangeInclusive<u32> = 20..=86_400_000;
/// Few enough that the kernel's buffer takes them at once.
const MAX_ASK_BYTES: usize = 256;
/// Most patterns of one device: each is tried on each line.
const MAX_PATTERNS: usize = 64;

const DATA_BITS: [(i64, DataBits); 4] =
    [(5, DataBits::Five), (6, DataBits::Six), (7, DataBits::Seven), (8, DataBits::Eight)];
const PARITY: [(&str, Parity); 3] =
    [("none", Parity::None), ("even", Parity::Even), ("odd", Parity::Odd)];
const DELIMITER: [(&str, Delimiter); 2] =
    [("\n", Delimiter::LineFeed), ("\r", Delimiter::CarriageReturn)];
const CHECKSUM: [(&str, Checksum); 2] = [("none", Checksum::None), ("nmea", Checksum::Nmea)];

/// One port, as configured.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: String,
    pub(crate) port: String,
    pub(crate) wire: Wire,
    pub(crate) delimiter: Delimiter,
    pub(crate) max_line_bytes: usize,
    pub(crate) checksum: Checksum,
    pub(crate) ask: Option<Ask>,
    pub(crate) devices: Vec<DeviceDeclaration>,
    pub(crate) points: Vec<PointDeclaration>,
    traits: Shared<PointTraits>,
    pub(crate) matcher: Matcher,
    /// By device: how long it may be silent.
    pub(crate) silence: Vec<Duration>,
}

/// How characters travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wire {
    pub(crate) baud: u32,
    pub(crate) data_bits: DataBits,
    pub(crate) parity: Parity,
    pub(crate) stop_bits: StopBits,
}

/// How a line proves that it arrived as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checksum {
    None,
    Nmea,
}

/// What to send to a device that speaks only when spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) text: Vec<u8>,
    pub(crate) every: Duration,
}

impl Wire {
    /// How long so many characters take on the wire.
    pub(crate) fn time(self, characters: usize) -> Duration {
        let parity = u32::from(self.parity != Parity::None);
        let stop = if self.stop_bits == StopBits::Two { 2 } else { 1 };
        let bits = 1 + u32::from(u8::from(self.data_bits)) + parity + stop;
        let characters = u32::try_from(characters).unwrap_or(u32::MAX);
        Duration::from_secs(1) * bits.saturating_mul(characters) / self.baud.max(1)
    }
}

impl Channel {
    /// Takes everything; `None` only together with a refusal.
    pub(crate) fn take(channel: ChannelSettings, refusals: &mut Refusals) -> Option<Self> {
        let before = refusals.len();
        let ChannelSettings { name, mut settings, devices } = channel;
        let port = settings.text("port", refusals).map(|given| given.value);
        let port = settings.required(port, "port", "port = \"/dev/serial/by-id/…\"", refusals);
        let wire = take_wire(&mut settings, refusals);
        let delimiter = settings.choice("delimiter", &DELIMITER, refusals);
        let max_line_bytes = settings.integer("max_line_bytes", MAX_LINE_BYTES, refusals);
        let checksum = settings.choice("checksum", &CHECKSUM, refusals);
        let ask = take_ask(&mut settings, wire, refusals);
        let ignored = take_patterns(&mut settings, "ignore", refusals).unwrap_or_default();
        settings.finish(refusals);

        let mut made = Self {
            name,
            port: port.unwrap_or_default(),
            wire,
            delimiter: delimiter.map_or(Delimiter::LineFeed, |given| given.value),
            max_line_bytes: max_line_bytes
                .and_then(|given| usize::try_from(given.value).ok())
                .unwrap_or(DEFAULT_MAX_LINE_BYTES),
            checksum: checksum.map_or(Checksum::None, |given| given.value),
            ask,
            devices: Vec::new(),
            points: Vec::new(),
            traits: Shared::default(),
            matcher: Matcher::new(ignored),
            silence: Vec::new(),
        };
        for (index, device) in (0..).map(DeviceIndex).zip(devices) {
            made.take_device(index, device, refusals);
        }
        (refusals.len() == before).then_some(made)
    }

    fn take_device(&mut self, index: DeviceIndex, device: DeviceSettings, refusals: &mut Refusals) {
        let DeviceSettings { name, mut settings, points } = device;
        let silence = settings.millis("silence_ms", SILENCE_MS, refusals);
        let patterns = take_patterns(&mut settings, "lines", refusals);
        let example = "lines = ['(?<weight>[+-]?[0-9.]+) kg'], one pattern for each kind of line";
        let patterns = settings.required(patterns, "lines", example, refusals);
        settings.finish(refusals);
        self.devices.push(DeviceDeclaration { name, address: self.port.clone() });
        self.silence.push(silence.map_or(DEFAULT_SILENCE, |given| given.value));
        let names = patterns.as_deref().map(known_names);
        self.matcher.add_device(patterns.unwrap_or_default());
        for point in points {
            self.take_point(point, index, names.as_deref(), refusals);
        }
    }

    /// `names` are those of the device's groups, unless its patterns were refused.
    fn take_point(
        &mut self,
        point: PointSettings,
        device: DeviceIndex,
        names: Option<&str>,
        refusals: &mut Refusals,
    ) {
        let PointSettings { id, details, mut settings } = point;
        debug_assert_eq!(details.device, device, "devices are numbered by their places");
        let capture = settings.text("capture", refusals);
        let format = TextFormat::take(&mut settings, refusals);
        if details.stale_after.is_none() {
            refusals.push(
                settings.place(),
                settings.field("stale_after_ms"),
                "missing: a point that comes by itself has no scan to derive it from",
                "add stale_after_ms = 3000 (three times the device's interval), or \"never\"",
            );
        }
        let capture = capture.unwrap_or_else(|| Located {
            value: id.as_str().rsplit('/').next().unwrap_or_default().to_owned(),
            place: settings.place().clone(),
            field: settings.field("capture"),
        });
        settings.finish(refusals);
        // More points than a u32 counts would not fit the gateway's table either.
        let index = PointIndex(u32::try_from(self.points.len()).unwrap_or(u32::MAX));
        let (Some(format), Some(names)) = (format, names) else { return };
        if !self.matcher.add_point(&capture.value, index, &format) {
            let problem = format!("no pattern has a group {:?}", capture.value);
            let remedy = match names {
                "" => format!("name the group in lines: (?<{}>…)", capture.value),
                names => format!("give one of {names}, or name the group in lines: (?<name>…)"),
            };
            capture.refuse(refusals, problem, remedy);
        }
        let Some(stale_after) = details.stale_after else { return };
        let traits = self.traits.of(&PointTraits {
            details,
            value_type: format.value_type(),
            scan_interval: None,
            configured_interval: None,
            stale_after,
            writable: false,
        });
        self.points.push(PointDeclaration { id, traits });
    }
}

fn known_names(patterns: &[Pattern]) -> String {
    let mut names: Vec<_> =
        patterns.iter().flat_map(Pattern::names).map(|name| format!("{name:?}")).collect();
    names.sort();
    names.dedup();
    names.join(", ")
}

fn take_wire(settings: &mut Settings, refusals: &mut Refusals) -> Wire {
    let baud = settings.integer("baud", BAUD, refusals);
    let data_bits = settings.integer("data_bits", 5..=8, refusals);
    let parity = settings.choice("parity", &PARITY, refusals);
    let stop_bits = settings.integer("stop_bits", 1..=2, refusals);
    let data_bits = data_bits.map_or(8, |given| given.value);
    let data_bits = DATA_BITS.iter().find(|(bits, _)| *bits == data_bits);
    Wire {
        baud: baud.and_then(|given| u32::try_from(given.value).ok()).unwrap_or(DEFAULT_BAUD),
        data_bits: data_bits.map_or(DataBits::Eight, |(_, bits)| *bits),
        parity: parity.map_or(Parity::None, |given| given.value),
        stop_bits: match stop_bits {
            Some(given) if given.value == 2 => StopBits::Two,
            Some(_) | None => StopBits::One,
        },
    }
}

fn take_ask(settings: &mut Settings, wire: Wire, refusals: &mut Refusals) -> Option<Ask> {
    let text = settings.text("ask", refusals);
    let every = settings.millis("ask_every_ms", ASK_EVERY_MS, refusals);
    let (text, every) = match (text, every) {
        (Some(text), Some(every)) => (text, every),
        (Some(text), None) => {
            text.refuse(refusals, "ask without ask_every_ms", "add ask_every_ms = 1000");
            return None;
        }
        (None, Some(every)) => {
            every.refuse(refusals, "ask_every_ms without ask", "add ask = \"…\", the text to send");
            return None;
        }
        (None, None) => return None,
    };
    if text.value.len() > MAX_ASK_BYTES {
        let problem = format!("{} bytes, at most {MAX_ASK_BYTES} are sent", text.value.len());
        text.refuse(refusals, problem, "give a shorter text");
    }
    let wire_time = wire.time(text.value.len());
    if wire_time >= every.value {
        let problem = format!(
            "{} ms, but the text alone takes {} ms on the wire",
            every.value.as_millis(),
            wire_time.as_millis()
        );
        every.refuse(refusals, problem, "ask less often, with time for the answer");
    }
    Some(Ask { text: text.value.into_bytes(), every: every.value })
}

fn take_patterns(
    settings: &mut Settings,
    key: &'static str,
    refusals: &mut Refusals,
) -> Option<Vec<Pattern>> {
    let given = settings.texts(key, refusals)?;
    if given.value.is_empty() || given.value.len() > MAX_PATTERNS {
        let problem = format!("{} patterns", given.value.len());
        given.refuse(refusals, problem, format!("give 1 to {MAX_PATTERNS}"));
        return None;
    }
    let mut patterns = Vec::with_capacity(given.value.len());
    for text in &given.value {
        match Pattern::new(text) {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => {
                // Its last line says what is wrong; the others draw the pattern.
                let told = error.to_string();
                let told = told.lines().last().unwrap_or_default().trim_start_matches("error: ");
                let problem = format!("{text:?} is no pattern: {told}");
                given.refuse(
                    refusals,
                    problem,
                    "see https://docs.rs/regex/latest/regex/#syntax; single quotes need no \\\\",
                );
            }
        }
    }
    (patterns.len() == given.value.len()).then_some(patterns)
}

#[cfg(test)]
mod tests;
