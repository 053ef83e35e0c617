//! What a command line means: which bus, which units, what to read.

use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::str::FromStr;

use pointcast_api::settings::{Refusals, Settings};

use super::super::refused::refused;
use super::super::{REFUSED, say};
use super::Arguments;
use crate::config::alone::{self, Alone};
use crate::registry::PROBES;
use crate::registry::probe::{Bus, Span};

/// The unit that is read on Modbus TCP where none is named.
const DEFAULT_TCP_UNIT: u8 = 1;

/// What to do.
pub(super) struct Target {
    pub(super) bus: Bus,
    pub(super) units: Units,
    /// What units are called with.
    pub(super) call: Span,
    /// What to read; nothing: units are looked for.
    pub(super) spans: Vec<Span>,
    /// How the bus was named, for commands that follow.
    pub(super) named: String,
    /// The driver that speaks to it.
    pub(super) driver: String,
}

/// One unit, or several neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Units(pub(super) RangeInclusive<u8>);

impl Units {
    pub(super) fn first(&self) -> u8 {
        *self.0.start()
    }
}

impl FromStr for Units {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u8>().ok().filter(|_| is_plain)
        };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self(first..=last)),
            _ => Err("give a unit id such as 3, or several as in 1-32; 0 to 255".to_owned()),
        }
    }
}

/// # Errors
/// The exit code, once everything wrong was said.
pub(super) fn take(arguments: &Arguments) -> Result<Target, ExitCode> {
    let wrong = |problem: String| {
        say(&problem);
        ExitCode::from(REFUSED)
    };
    let (place, addresses) = match (&arguments.channel, arguments.words.split_first()) {
        (Some(_), _) => (None, arguments.words.as_slice()),
        (None, Some((place, addresses))) => (Some(place.as_str()), addresses),
        (None, None) => {
            let told = "say where the bus is: a host, a serial port, or --channel NAME; \
                        pointcast probe --help has examples";
            return Err(wrong(told.to_owned()));
        }
    };
    if let Some(place) = place.filter(|place| place.parse::<Span>().is_ok()) {
        let told =
            format!("{place:?} is an address: say first where the bus is, a host or a serial port");
        return Err(wrong(told));
    }
    let span = |text: &String| text.parse::<Span>().map_err(|error| wrong(error.to_string()));
    let spans = addresses.iter().map(span).collect::<Result<Vec<_>, _>>()?;
    let call = span(&arguments.at)?;
    let ((bus, driver), named) = match (&arguments.channel, place) {
        (Some(name), _) => (of_channel(arguments, name)?, format!("--channel {name}")),
        (None, place) => of_place(arguments, place.unwrap_or_default())?,
    };
    let units = units(arguments, &bus, !spans.is_empty()).map_err(wrong)?;
    Ok(Target { bus, units, call, spans, named, driver })
}

fn units(arguments: &Arguments, bus: &Bus, reads: bool) -> Result<Units, String> {
    let all = bus.units();
    let (least, most) = (*all.start(), *all.end());
    let units = match &arguments.unit {
        Some(units) => units.clone(),
        None if !reads => Units(least.max(1)..=most.min(247)),
        None if bus.is_tcp() => Units(DEFAULT_TCP_UNIT..=DEFAULT_TCP_UNIT),
        None => return Err("say which unit to read, as in --unit 1".to_owned()),
    };
    if !all.contains(units.0.start()) || !all.contains(units.0.end()) {
        return Err(format!("--unit: units of this bus are {least} to {most}"));
    }
    if reads && units.0.start() != units.0.end() {
        return Err(
            "--unit: registers are read of one unit; without an address many are looked for"
                .to_owned(),
        );
    }
    Ok(units)
}

fn of_channel(arguments: &Arguments, name: &str) -> Result<(Bus, String), ExitCode> {
    let Alone { driver, keys } =
        alone::channel(arguments.config.path(), name).map_err(|refusals| refused(&refusals, ""))?;
    Ok((check(&driver, keys)?, driver))
}

/// The bus at `place` with its driver, and how it is named in a command.
fn of_place(arguments: &Arguments, place: &str) -> Result<((Bus, String), String), ExitCode> {
    let is_port = place.contains('/');
    let guessed = if is_port { "modbus-rtu" } else { "modbus-tcp" };
    let driver = arguments.driver.as_deref().unwrap_or(guessed);
    let key = if is_port { "port" } else { "address" };
    let keys = alone::typed_keys((key, place), &arguments.set);
    let mut named = place.to_owned();
    if let Some(driver) = &arguments.driver {
        named.push_str(&format!(" --driver {driver}"));
    }
    arguments.set.iter().for_each(|(key, value)| named.push_str(&format!(" --set {key}={value}")));
    Ok(((check(driver, keys)?, driver.to_owned()), named))
}

fn check(driver: &str, keys: Settings) -> Result<Bus, ExitCode> {
    let Some((_, check)) = PROBES.iter().find(|(name, _)| *name == driver) else {
        let names: Vec<&str> = PROBES.iter().map(|(name, _)| *name).collect();
        say(&format!(
            "there are no registers to look at behind driver {driver:?}, only behind {}",
            names.join(", ")
        ));
        return Err(ExitCode::from(REFUSED));
    };
    let mut refusals = Refusals::new();
    check(keys, &mut refusals).ok_or_else(|| refused(&refusals.into_sorted(), ""))
}
