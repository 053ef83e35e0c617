//! The gateway's own points, under `$gateway/`: what it is called, and what it sends to whom.
//!
//! They are points like others: read once a second, as one batch, and stale when nobody reads them any more. Their
//! telling changes none of them: what is sent of them alone is left out of what they count, and so are heartbeats. So
//! whoever follows them hears once a second at most, and nothing once nothing else happens. What all streams together
//! sent, these points' share included, is in `/metrics`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use pointcast_api::{
    About, NameError, PointDeclaration, PointId, Reading, StaleAfter, UnixMs, Value, ValueType,
};

use crate::devices::own_point;
use crate::stream::{Delays, Sent, Sessions};
use crate::table::{Index, Table, Update};

use ValueType::{F64, Text, U64};

/// An own point: the last segment of its id, its type, its unit, and what it is.
type Own = (&'static str, ValueType, Option<&'static str>, &'static str);

/// What never changes.
const FIXED: [Own; 3] = [
    ("name", Text, None, "as configured"),
    ("version", Text, None, "of the program"),
    ("started", Text, None, "when the program started, UTC"),
];

const P50: &str = "half of the changes of the last 5 s took no longer from being read to being sent; \
                   the upper bound of a class, so it may have been less";
const P99: &str = "99 of 100 changes of the last 5 s took no longer from being read to being sent; \
                   the upper bound of a class, so it may have been less";

/// What is read again and again.
const LIVE: [Own; 10] = [
    ("streams", U64, None, "open streams"),
    ("sessions", U64, None, "clients that are connected or may still come back"),
    ("frames", U64, None, "frames sent since the start, but those of $gateway/ alone"),
    ("changes", U64, None, "changes sent since the start, but those of $gateway/"),
    ("skipped", U64, None, "changes not sent since the start, as newer ones overtook them"),
    ("sent_bytes", U64, Some("B"), "of events since the start, but heartbeats and $gateway/ alone"),
    ("encodes", U64, None, "texts of changes made since the start, each for all its readers"),
    ("pending_bytes", U64, Some("B"), "of events that wait for slow readers"),
    ("delay_p50_ms", F64, Some("ms"), P50),
    ("delay_p99_ms", F64, Some("ms"), P99),
];

/// Digits of a delay: the least class ends at 0.1 ms, the next at 0.25.
const DELAY_PRECISION: u8 = 2;

/// Reads that delays are of: of one alone, they would come and go with each change of a quiet site.
const DELAY_READS: usize = 5;

/// Reads that may be missed before the values count as stale.
const STALE_AFTER_READS: u32 = 3;

/// The declarations of all own points, in the order of the table.
///
/// # Errors
/// [`NameError`] for an id that breaks a rule: a defect.
pub fn declarations() -> Result<Vec<PointDeclaration>, NameError> {
    let declare = |(name, value_type, unit, description): &Own| {
        let id = PointId::new(&format!("$gateway/{name}"))?;
        let traits = Arc::new(own_point(*value_type, *unit, description));
        Ok(PointDeclaration { id, traits })
    };
    let mut points: Vec<_> =
        FIXED.iter().chain(&LIVE).map(declare).collect::<Result<_, NameError>>()?;
    for point in points.iter_mut().skip(FIXED.len()) {
        point.change(|traits| {
            traits.scan_interval = Some(OwnPoints::READ_EVERY);
            traits.stale_after = StaleAfter::Elapsed(STALE_AFTER_READS * OwnPoints::READ_EVERY);
            let about = traits.details.about();
            let precision = about.precision.map(|_| DELAY_PRECISION);
            traits.details.tell(About { precision, ..about.clone() });
        });
    }
    Ok(points)
}

/// The own points in the table.
#[derive(Debug)]
pub struct OwnPoints {
    table: Arc<Table>,
    sessions: Arc<Sessions>,
    /// The place of the first that is live.
    first: Index,
    /// All delays up to each of the last [`DELAY_READS`] reads, oldest first.
    before: VecDeque<Delays>,
}

/// What the live ones are read from.
#[derive(Debug, Clone, Copy)]
struct Now {
    streams: usize,
    sessions: usize,
    sent: Sent,
    encodes: u64,
    pending_bytes: usize,
    /// Of the changes of the last [`DELAY_READS`] reads.
    delays: Delays,
}

impl OwnPoints {
    /// How often [`read`](Self::read) is due.
    pub const READ_EVERY: Duration = Duration::from_secs(1);

    /// The own points, the first of which is at `first` in the table. Tells what never changes.
    #[must_use]
    pub fn new(table: Arc<Table>, sessions: Arc<Sessions>, first: Index, name: &str) -> Self {
        let started = UnixMs::now();
        let texts = [name, env!("CARGO_PKG_VERSION"), &moment(SystemTime::now())];
        let fixed = texts.map(|text| Value::text(text).map(Reading::Good));
        tell(&table, first, fixed.iter().map(Option::as_ref), started);
        let live = (first..).nth(FIXED.len()).unwrap_or(Index::MAX);
        Self { table, sessions, first: live, before: VecDeque::new() }
    }

    /// Reads the live ones into the table. What did not change since the last time is no change.
    pub fn read(&mut self, time: UnixMs) {
        let totals = self.sessions.totals();
        let delays = totals.from_put();
        let before = self.before.front().copied().unwrap_or_default();
        let now = Now {
            streams: self.sessions.open_streams(),
            sessions: self.sessions.held(),
            sent: totals.sent_but_echo(),
            encodes: self.table.encodes_of_others(),
            pending_bytes: totals.pending().bytes(),
            delays: delays.since(&before),
        };
        if self.before.len() >= DELAY_READS {
            self.before.pop_front();
        }
        self.before.push_back(delays);
        tell(&self.table, self.first, readings(&now).iter().map(Some), time);
    }
}

/// One batch of the points from `first` on.
fn tell<'a>(
    table: &Table,
    first: Index,
    readings: impl Iterator<Item = Option<&'a Reading>>,
    time: UnixMs,
) {
    let told = (first..).zip(readings);
    table.apply(told.filter_map(|(at, reading)| Some((at, Update::Read(reading?, time)))));
}

/// In the order of [`LIVE`].
fn readings(now: &Now) -> [Reading; LIVE.len()] {
    let count = |count: u64| Reading::Good(Value::U64(count));
    let size = |size: usize| count(u64::try_from(size).unwrap_or(u64::MAX));
    [
        size(now.streams),
        size(now.sessions),
        count(now.sent.frames),
        count(now.sent.changes),
        count(now.sent.skipped),
        count(now.sent.bytes),
        count(now.encodes),
        size(now.pending_bytes),
        delay(&now.delays, 0.5),
        delay(&now.delays, 0.99),
    ]
}

/// Where nothing was sent there is no delay, and an old one must not look like one.
fn delay(delays: &Delays, share: f64) -> Reading {
    let bound_us = delays.within_us(share).and_then(|bound_us| u32::try_from(bound_us).ok());
    let value = bound_us.and_then(|bound_us| Value::f64(f64::from(bound_us) / 1_000.0));
    value.map_or(Reading::NotANumber, Reading::Good)
}

/// To the second: `2026-11-20T08:15:30Z`.
fn moment(time: SystemTime) -> String {
    let moment = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{moment:.0}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::stream::DELAY_BOUNDS_US;
    use crate::table::Catalog;
    use pointcast_api::Reason;

    fn own() -> (Arc<Table>, OwnPoints) {
        let points = declarations().unwrap();
        let count = Index::try_from(points.len()).unwrap();
        let points = points.into_iter().map(|point| (point, String::new())).collect();
        let table = Arc::new(Table::new(Catalog::new(points).unwrap()).with_own(0..count));
        let sessions = Sessions::new(Arc::clone(&table), Arc::new(Limits::default()));
        let own = OwnPoints::new(Arc::clone(&table), Arc::new(sessions), 0, "Plant 7");
        (table, own)
    }

    fn value(table: &Table, name: &str) -> Option<String> {
        let id = PointId::new(&format!("$gateway/{name}")).unwrap();
        let state = table.read(table.catalog().find(&id).unwrap()).unwrap();
        state.value.map(|value| value.to_string())
    }

    #[test]
    fn each_reading_stands_under_its_name() {
        let mut delays = Delays::default();
        delays.counts[2] = 98;
        delays.counts[DELAY_BOUNDS_US.len()] = 2;
        let sent = Sent { frames: 3, changes: 4, skipped: 5, bytes: 6 };
        let now = Now { streams: 1, sessions: 2, sent, encodes: 7, pending_bytes: 8, delays };
        let (table, own) = own();
        tell(&table, own.first, readings(&now).iter().map(Some), UnixMs(1));
        let expected = [
            ("name", "Plant 7"),
            ("version", env!("CARGO_PKG_VERSION")),
            ("streams", "1"),
            ("sessions", "2"),
            ("frames", "3"),
            ("changes", "4"),
            ("skipped", "5"),
            ("sent_bytes", "6"),
            ("encodes", "7"),
            ("pending_bytes", "8"),
            ("delay_p50_ms", "0.5"),
            ("delay_p99_ms", "60000"),
        ];
        for (name, expected) in expected {
            assert_eq!(value(&table, name).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn what_stays_the_same_is_no_change_and_no_delay_is_no_value() {
        let (table, mut own) = own();
        own.read(UnixMs(1));
        let settled = table.settled();
        own.read(UnixMs(2));
        assert_eq!(table.settled(), settled);
        assert_eq!(value(&table, "streams").as_deref(), Some("0"));
        let (first, last) = (own.first, own.first + 9);
        let delay = table.read(last).unwrap();
        assert_eq!(delay.doubt, Some((Reason::NotANumber, UnixMs(1))));
        assert_eq!((delay.value, delay.time), (None, Some(UnixMs(1))));
        assert_eq!(table.read(first).unwrap().checked, Some(UnixMs(2)), "it was read again");
    }

    #[test]
    fn a_moment_is_told_to_the_second() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_777_900);
        assert_eq!(moment(time), "1994-11-06T08:49:37Z");
    }
}
