//! What a driver declares about its devices and points before its first session.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::{DeviceName, PointId};

/// A point's place in its driver's [`Driver::points`](crate::Driver::points).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PointIndex(pub u32);

impl PointIndex {
    /// The place as an index into a slice.
    #[must_use]
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// A device's place in its driver's [`Driver::devices`](crate::Driver::devices).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceIndex(pub u32);

impl DeviceIndex {
    /// The place as an index into a slice.
    #[must_use]
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// The type of a point's value as dashboards see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ValueType {
    Bool,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    Text,
}

impl ValueType {
    /// Every type with its word on the wire and in the configuration.
    pub const WORDS: [(&'static str, Self); 10] = [
        ("bool", Self::Bool),
        ("i16", Self::I16),
        ("u16", Self::U16),
        ("i32", Self::I32),
        ("u32", Self::U32),
        ("i64", Self::I64),
        ("u64", Self::U64),
        ("f32", Self::F32),
        ("f64", Self::F64),
        ("string", Self::Text),
    ];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I16 => "i16",
            Self::U16 => "u16",
            Self::I32 => "i32",
            Self::U32 => "u32",
            Self::I64 => "i64",
            Self::U64 => "u64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Text => "string",
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A point that is scanned goes stale after so many intervals, and what a driver allows one answer, unless it says when
/// itself. While it is read more rarely than declared, by so many of what its interval is longer by later.
pub const STALE_AFTER_SCANS: u32 = 3;

/// How long a point may go unread before its value no longer counts as live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleAfter {
    /// Uncertain (`stale`) once it was not read for this long.
    Elapsed(Duration),
    /// Said on purpose: the point's value never ages.
    Never,
}

/// A device as its driver declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceDeclaration {
    /// Its name, unique in the gateway.
    pub name: DeviceName,
    /// Where it is, for people: `127.0.0.1:502 unit 3`, `/dev/ttyUSB0`.
    pub address: String,
}

/// What any point may be told by its configuration, whatever its driver.
#[derive(Clone, Debug, PartialEq)]
pub struct PointDetails {
    /// The device it belongs to.
    pub device: DeviceIndex,
    /// As configured; a driver with a scan interval puts its own default in its declaration.
    pub stale_after: Option<StaleAfter>,
    /// `None` where there is nothing: so it is for most points of a large site.
    about: Option<Arc<About>>,
}

/// What people want to know of a point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Engineering unit, e.g. `°C`.
    pub unit: Option<String>,
    /// What it is, for people.
    pub description: Option<String>,
    /// Lowest and highest plausible value; readings outside are uncertain.
    pub range: Option<(f64, f64)>,
    /// Digits after the decimal point that mean something, for display only.
    pub precision: Option<u8>,
    /// Names of enumerated values.
    pub labels: Vec<(i64, String)>,
}

impl About {
    const NOTHING: Self =
        Self { unit: None, description: None, range: None, precision: None, labels: Vec::new() };
}

impl PointDetails {
    /// Of a point of which nothing else is told.
    #[must_use]
    pub fn new(device: DeviceIndex) -> Self {
        Self { device, stale_after: None, about: None }
    }

    /// What people want to know of it.
    #[must_use]
    pub fn about(&self) -> &About {
        static NOTHING: About = About::NOTHING;
        self.about.as_deref().unwrap_or(&NOTHING)
    }

    /// Tells that instead of what was told before.
    pub fn tell(&mut self, about: About) {
        self.about = (about != About::NOTHING).then(|| Arc::new(about));
    }
}

/// A point as its driver declares it. Cheap to clone: there may be a million, and whoever keeps them shares them.
///
/// It derefs to its traits.
#[derive(Clone, Debug, PartialEq)]
pub struct PointDeclaration {
    /// The full id, device prefix included.
    pub id: PointId,
    /// All else. Points of which the same is said share it ([`Shared`](crate::Shared)): most of a large site.
    pub traits: Arc<PointTraits>,
}

/// What a driver declares of a point, but for its id.
#[derive(Clone, Debug, PartialEq)]
pub struct PointTraits {
    /// Device and what people want to know.
    pub details: PointDetails,
    /// The type of the values its samples carry.
    pub value_type: ValueType,
    /// How often it is read, as revised; `None` for points that come by themselves.
    pub scan_interval: Option<Duration>,
    /// How often it was to be read, where the channel has not the time for that and `scan_interval` is longer.
    pub configured_interval: Option<Duration>,
    /// After which its value counts as stale.
    pub stale_after: StaleAfter,
    /// Whether a setpoint may be written.
    pub writable: bool,
}

impl Deref for PointDeclaration {
    type Target = PointTraits;

    fn deref(&self) -> &PointTraits {
        &self.traits
    }
}

impl PointDeclaration {
    /// A point of the channel's first device that is not scanned, never ages and cannot be written, and of which
    /// nothing else is told.
    #[must_use]
    pub fn bare(id: PointId, value_type: ValueType) -> Self {
        Self { id, traits: Arc::new(PointTraits::bare(value_type)) }
    }

    /// Changes what is declared, for this point alone.
    pub fn change(&mut self, change: impl FnOnce(&mut PointTraits)) {
        change(Arc::make_mut(&mut self.traits));
    }
}

impl PointTraits {
    /// Those of [`PointDeclaration::bare`].
    #[must_use]
    pub fn bare(value_type: ValueType) -> Self {
        Self {
            details: PointDetails::new(DeviceIndex(0)),
            value_type,
            scan_interval: None,
            configured_interval: None,
            stale_after: StaleAfter::Never,
            writable: false,
        }
    }

    /// How often it was to be read, whether the channel has the time for that or not; `None` for points that come by
    /// themselves.
    #[must_use]
    pub fn wanted_interval(&self) -> Option<Duration> {
        self.configured_interval.or(self.scan_interval)
    }
}
