//! The server under test, the devices that the suite plays for it, and who may use what of them at a time.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{OnceLock, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::peer::device::{Device, Unit};
use crate::peer::gateway::{Gateway, Site};
use crate::peer::http::get;
use crate::peer::wait_for;
use crate::site::{self, LANE_POINTS, LANES, Rare};
use crate::stream::DUE_WITHIN;

/// Where the server is, if it is not to be started.
const URL: &str = "POINTCAST_CONFORMANCE_URL";

/// Where that server expects the devices of the site.
const DEVICES: &str = "POINTCAST_CONFORMANCE_DEVICES";

/// The server and the devices.
pub(crate) struct Place {
    pub(crate) address: SocketAddr,
    pub(crate) device: Device,
    _started: Option<(Site, Gateway)>,
}

/// The place, made ready once for all tests.
pub(crate) fn place() -> &'static Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    PLACE.get_or_init(|| {
        let place = match std::env::var(URL) {
            Ok(url) => Place::given(&url),
            Err(_) => Place::started(),
        };
        wait_for("the points of all lanes to be read", DUE_WITHIN, || {
            let path = format!("/api/v1/points?match={}&limit=10000", site::LANE_PATTERN);
            let page = get(place.address, &path).json();
            let points = page["points"].as_array()?;
            let all = points.len() == LANE_POINTS.len() * usize::from(LANES);
            (all && points.iter().all(|point| point["quality"] == "good")).then_some(())
        });
        place
    })
}

impl Place {
    fn started() -> Self {
        let site = Site::of("conformance", site::text);
        let device = played(site.devices());
        let gateway = site.start();
        Self { address: site.address(), device, _started: Some((site, gateway)) }
    }

    fn given(url: &str) -> Self {
        let authority = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        let mut addresses = authority.expect("http://host:port").to_socket_addrs().unwrap();
        let address = addresses.next().expect("an address");
        let devices = std::env::var(DEVICES).unwrap_or_else(|_| "127.0.0.1:15020".to_owned());
        Self { address, device: played(devices.parse().unwrap()), _started: None }
    }

    /// A unit that only this test uses.
    pub(crate) fn rare(&self, rare: Rare, act: impl FnOnce(&mut Unit)) {
        self.device.with(rare as u8, act);
    }
}

fn played(address: SocketAddr) -> Device {
    let device = Device::listen(address);
    device.with(Rare::Kinds as u8, site::fill_kinds);
    device
}

/// A device that only one test moves.
pub(crate) struct Lane {
    number: u8,
}

/// The next lane that nobody has yet.
#[track_caller]
pub(crate) fn lane() -> Lane {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    place();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    assert!(number <= LANES, "more tests than lanes: raise LANES");
    Lane { number }
}

impl Lane {
    /// The id of one of its points.
    pub(crate) fn id(&self, point: &str) -> String {
        format!("lane/{:02}/{point}", self.number)
    }

    /// A pattern for all of them.
    pub(crate) fn all(&self) -> String {
        self.id("**")
    }

    /// Changes its device between two replies.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Unit) -> T) -> T {
        place().device.with(site::FIRST_LANE_UNIT + self.number - 1, act)
    }

    /// Sets the register of one whole number.
    pub(crate) fn set(&self, point: &str, value: i32) {
        self.with(|unit| unit.set_i32(site::register(point), value));
    }

    /// Sets several in one moment.
    pub(crate) fn set_all(&self, values: &[(&str, i32)]) {
        self.with(|unit| {
            for (point, value) in values {
                unit.set_i32(site::register(point), *value);
            }
        });
    }
}

static GATE: RwLock<()> = RwLock::new(());

/// Held by tests that others do not disturb, and who must not be disturbed by one that exhausts a limit.
pub(crate) fn among_others() -> RwLockReadGuard<'static, ()> {
    GATE.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Held by a test that exhausts a limit.
pub(crate) fn alone() -> RwLockWriteGuard<'static, ()> {
    GATE.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}
