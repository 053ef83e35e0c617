//! The configuration: files as written → checked once, and never checked again.
//!
//! Everything wrong is told together, each with file, line, field, problem and what would be right; only
//! errors of syntax come alone, because behind them nothing can be judged. Loading opens no device, no
//! port and no socket: only the files themselves. Every bound is a named constant of its room.
//!
//! A large site is settings of one file at a time, which take ten times the memory of its text and of what is made of
//! it: memory that a gateway would keep for as long as it runs. So each file is parsed twice, the first time for its
//! channels alone, and a channel's driver is built as soon as its last device was read.

pub mod alone;
mod csv;
mod disabled;
mod document;
pub mod exchange;
mod files;
mod gateway;
mod limits;
mod points;
mod profile;
mod render;
mod simulation;
mod site;
#[cfg(test)]
pub(crate) mod tests;
mod words;
mod writes;
mod written;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use pointcast_api::Driver;
use pointcast_api::settings::{Entry, Refusal, Refusals, Settings};

pub use files::{MAX_FILE_BYTES, MAX_INCLUDED_FILES};
pub use gateway::{DEFAULT_LISTEN, Gateway, MAX_HOSTS};
pub use points::{
    MAX_DESCRIPTION_CHARS, MAX_LABEL_CHARS, MAX_LABELS, MAX_PRECISION, MAX_UNIT_CHARS,
};
pub use simulation::Simulation;
pub use site::{MAX_CHANNELS, MAX_DEVICES, MAX_POINTS};
pub use writes::WriteSettings;

use crate::limits::Limits;
use crate::registry::{DRIVERS, DriverKind};
use profile::Shelf;
use site::{CHANNELS, Site};

/// Everything a gateway is told before it starts.
#[derive(Debug)]
pub struct Config {
    /// Where and under which names it is reached.
    pub gateway: Gateway,
    /// What clients may cost.
    pub limits: Limits,
    /// What clients may change.
    pub writes: WriteSettings,
    /// Simulated devices to run beside it, if any.
    pub simulation: Option<Simulation>,
    /// Its channels, in the order of the files.
    pub channels: Vec<Channel>,
}

impl Config {
    /// What is right and yet seems not to be what was meant, with what to do.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.nothing_to_read().into_iter().chain(self.nothing_to_write()).collect()
    }

    /// Which points say that they may be written where nobody ever said that anything may.
    fn nothing_to_write(&self) -> Option<String> {
        let points = self.channels.iter().flat_map(|channel| channel.driver.points());
        let mut writable = points.filter(|point| point.writable && !self.writes.is_said);
        let first = writable.next()?;
        let id = &first.id;
        let which = match writable.count() {
            0 => format!("{id} is"),
            1 => format!("{id} and 1 more point are"),
            more => format!("{id} and {more} more points are"),
        };
        Some(format!(
            "{which} writable, but this gateway takes no writes: add [writes] with enabled = true to the main file; \
             with enabled = false this is not said"
        ))
    }

    /// Why nothing will be read although the files are right, and what to do; `None` where there is a device.
    fn nothing_to_read(&self) -> Option<String> {
        if self.channels.iter().any(|channel| !channel.driver.devices().is_empty()) {
            return None;
        }
        let unmatched: Vec<String> =
            self.gateway.unmatched.iter().map(|pattern| format!("{pattern:?}")).collect();
        let why = match unmatched.as_slice() {
            [] => String::new(),
            patterns => format!(", and no file matches include {}", patterns.join(", ")),
        };
        Some(format!(
            "there is no device to read yet{why}: config/examples/ shows how to describe a first one"
        ))
    }
}

/// One channel, ready to run.
pub struct Channel {
    /// Its name, unique in the gateway.
    pub name: String,
    /// The word that chose its driver.
    pub driver_name: &'static str,
    /// Whether it is switched on. The driver of one that is not declares everything and opens nothing.
    pub enabled: bool,
    /// The name of each device's profile, by device index.
    pub profiles: Vec<Option<Arc<str>>>,
    /// Where each point lies as it is written, by point index; empty but of [`load_with_addresses`].
    pub addresses: Vec<String>,
    /// Its driver, with its devices and points.
    pub driver: Box<dyn Driver>,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, driver_name, enabled, profiles: _, addresses: _, driver } = self;
        f.debug_struct("Channel")
            .field("name", name)
            .field("driver_name", driver_name)
            .field("enabled", enabled)
            .field("points", &driver.points().len())
            .finish()
    }
}

/// The configuration in the file at `path` and the files it includes.
///
/// # Errors
/// Everything that is wrong with it, by file and line. Nothing helps but to change the files.
pub fn load(path: &Path) -> Result<Config, Vec<Refusal>> {
    load_with(path, DRIVERS)
}

/// The same with other drivers than this program's.
///
/// # Errors
/// As [`load`].
pub fn load_with(path: &Path, drivers: &[DriverKind]) -> Result<Config, Vec<Refusal>> {
    load_as(path, drivers, Change::default())
}

/// The same, and where each point lies as it is written: for people, as a gateway that runs has no use for it.
///
/// # Errors
/// As [`load`].
pub fn load_with_addresses(path: &Path, drivers: &[DriverKind]) -> Result<Config, Vec<Refusal>> {
    load_as(path, drivers, Change { keeps_addresses: true, ..Change::default() })
}

fn load_as(
    path: &Path,
    drivers: &[DriverKind],
    change: Change<'_>,
) -> Result<Config, Vec<Refusal>> {
    let mut refusals = Refusals::new();
    match read(path, drivers, change, &mut refusals) {
        Some((config, _)) if refusals.is_empty() => Ok(config),
        Some(_) | None => Err(refusals.into_sorted()),
    }
}

/// How a configuration is read otherwise than it stands in its files.
#[derive(Debug, Default)]
struct Change<'a> {
    /// An included file that does not count.
    replaced: Option<&'a Path>,
    /// What counts as one more included file.
    added: Option<Settings>,
    /// The device whose points are asked for.
    wanted: Option<&'a str>,
    /// Whether points' addresses are kept as they are written.
    keeps_addresses: bool,
}

/// The keys of each point of the device that was asked for, if there is such a device.
type Wanted = Option<Vec<Vec<Entry>>>;

fn read(
    path: &Path,
    drivers: &[DriverKind],
    change: Change<'_>,
    refusals: &mut Refusals,
) -> Option<(Config, Wanted)> {
    let mut main = files::read_main(path, refusals)?;
    let (mut gateway, sources) = gateway::take(path, &mut main, refusals);
    let drivers_known = drivers.iter().map(|kind| kind.name).collect();
    let shelf = Shelf::new(path, sources.profiles.as_ref(), drivers_known, refusals);
    let unmatched = &mut gateway.unmatched;
    let included = sources
        .include
        .map(|include| files::read_included(path, &include, change.replaced, unmatched, refusals));
    let mut site = Site::new(drivers, shelf, change.wanted, change.keeps_addresses);
    site.expect(&main);
    change.added.iter().for_each(|file| site.expect(file));
    let outline = |file: Option<files::Text>| {
        let file = file?;
        let settings = file.settings(refusals)?;
        site.expect(&settings);
        Some((file, only_channels(&settings)))
    };
    let outlines: Vec<Option<_>> = included.unwrap_or_default().into_iter().map(outline).collect();
    // A file that could not be read may hold any channel: what refers to it cannot be judged.
    let outlines: Vec<(files::Text, Settings)> = outlines.into_iter().collect::<Option<_>>()?;
    let limits = limits::take(&mut main, refusals);
    let writes = writes::take(&mut main, refusals);
    let simulation = simulation::take(&mut main, refusals);
    site.add_channels(&mut main, refusals);
    let mut texts = Vec::with_capacity(outlines.len());
    for (text, mut channels) in outlines {
        site.add_channels(&mut channels, refusals);
        texts.push(text);
    }
    site.add_devices(&mut main, refusals);
    main.finish(refusals);
    for text in texts {
        if let Some(file) = text.settings(refusals) {
            add_included(file, path, &mut site, refusals);
        }
    }
    if let Some(file) = change.added {
        add_included(file, path, &mut site, refusals);
    }
    let wanted = site.take_wanted(refusals);
    let channels = site.build(refusals);
    Some((Config { gateway, limits, writes, simulation, channels }, wanted))
}

/// A file as far as it is needed before any device.
fn only_channels(file: &Settings) -> Settings {
    let channels = file.entries().iter().filter(|entry| entry.key == CHANNELS).cloned();
    Settings::new("", file.place().clone(), channels.collect())
}

/// Takes all but the channels, which were taken before.
fn add_included(mut file: Settings, main: &Path, site: &mut Site<'_>, refusals: &mut Refusals) {
    let _taken = file.sections(CHANNELS, "channel", &mut Refusals::new());
    site.add_devices(&mut file, refusals);
    refuse_main_only(&mut file, main, refusals);
    file.finish(refusals);
}

/// Refuses the sections that are the main file's alone.
fn refuse_main_only(file: &mut Settings, main: &Path, refusals: &mut Refusals) {
    for key in ["gateway", "limits", "writes", "simulation"] {
        if let Some(section) = file.section(key, key, refusals) {
            let remedy = format!("move it to {}", main.display());
            refusals.push(section.place(), key, "stands in an included file", remedy);
        }
    }
}
