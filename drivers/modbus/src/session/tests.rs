//! Sessions on a simulated bus and on paused time.

mod flights;
mod headers;
mod pace;
mod periods;
mod refusals;
mod scales;
mod silence;
mod sunspec;
mod writes;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use pointcast_api::settings::Refusals;
use pointcast_api::testing::{Heard, Recorder, channel};
use pointcast_api::{DeviceState, Failure, PointIndex, Reading, Value};
use tokio::time::{sleep, timeout};

use super::*;
use crate::address::Table;
use crate::frame::ReadRequest;
use crate::settings::{Kind, check};
use crate::testing::any::AnyLink;
use crate::testing::bus::{Incoming, Sent, Wire, serve, truth};
use crate::testing::{batches, readings, report, take, told};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A channel and all that outlives its sessions.
struct Rig {
    site: Site,
    lessons: Lessons,
    reports: Reports,
    ear: Recorder,
}

impl Rig {
    fn new(kind: Kind, toml: &str) -> Self {
        let mut refusals = Refusals::new();
        let site = check(channel(toml), kind, &mut refusals);
        let site = site.unwrap_or_else(|| panic!("{:#?}", told(refusals)));
        let reports = Reports::new(site.devices.len());
        Self { site, lessons: Lessons::default(), reports, ear: Recorder::default() }
    }

    /// One session of at most `long` on a bus that answers as told; why it ended, if it did.
    async fn run(
        &self,
        long: Duration,
        answer: impl FnMut(Incoming) -> Vec<Sent> + Send + 'static,
    ) -> Option<Lost> {
        let (ours, theirs) = tokio::io::duplex(4096);
        let (link, wire) = AnyLink::of(&self.site, ours);
        tokio::spawn(serve(theirs, wire, answer));
        timeout(long, self.session(link).run()).await.ok()
    }

    fn session<L: Link>(&self, link: L) -> Session<'_, L> {
        Session::new(&self.site, &self.lessons, &self.reports, &self.ear, link)
    }

    /// First address and quantity of every block, as planned with what was learned.
    fn plan(&self) -> Vec<(u16, u16)> {
        let paces = self.lessons.paces();
        let blocks = self.lessons.with(|learned| self.site.plan(learned, &paces));
        blocks.iter().map(|block| (block.first, block.quantity)).collect()
    }
}

fn at_once(bytes: Vec<u8>) -> Vec<Sent> {
    vec![(MS, bytes)]
}

/// `count` points p0, p1, … that are registers from 0.
fn registers(count: u16) -> String {
    let point = |at| format!("{{ name = \"p{at}\", address = \"holding:{at}\", type = \"u16\" }}");
    (0..count).map(point).collect::<Vec<_>>().join(",\n")
}

fn tcp(keys: &str, points: &str) -> String {
    format!("address = \"x\"\n{keys}\n[[devices]]\nname = \"d\"\npoints = [{points}]")
}

fn register(unit: u8, at: u16) -> Reading {
    Reading::Good(Value::U64(truth(unit, Table::HoldingRegisters, at).into()))
}

#[tokio::test(start_paused = true)]
async fn one_reply_is_one_batch_of_right_values() {
    let points = r#"
        { name = "a", address = "holding:100", type = "u16" },
        { name = "b", address = "holding:103", type = "u32" },
        { name = "c", address = "holding:100.15" },
        { name = "d", address = "coil:9" },
        { name = "e", address = "coil:14" },
        { name = "f", address = "holding:500", type = "i16", scan_ms = 5000 }"#;
    let rtu = format!("port = \"x\"\n[[devices]]\nname = \"d\"\nunit_id = 1\npoints = [{points}]");
    for rig in [Rig::new(Kind::Tcp, &tcp("", points)), Rig::new(Kind::Rtu, &rtu)] {
        let lost = rig.run(6 * SECOND, |incoming| at_once(incoming.reply())).await;
        assert!(lost.is_none());
        let heard = take(&rig.ear);
        let of = |table, at| truth(1, table, at);
        let (holding, coils) = (Table::HoldingRegisters, Table::Coils);
        let wide = u64::from(of(holding, 103)) << 16 | u64::from(of(holding, 104));
        let registers = vec![
            (0, register(1, 100)),
            (2, Reading::Good(Value::Bool(of(holding, 100) >> 15 == 1))),
            (1, Reading::Good(Value::U64(wide))),
        ];
        let bit = |at| Reading::Good(Value::Bool(of(coils, at) == 1));
        let bits = vec![(3, bit(9)), (4, bit(14))];
        let count = |batch| batches(&heard).iter().filter(|heard| *heard == batch).count();
        assert!((4..=6).contains(&count(&registers)), "{heard:?}");
        assert_eq!(count(&registers), count(&bits));
        let slow = readings(&heard, PointIndex(5));
        let signed = of(holding, 500).cast_signed();
        assert!((1..=2).contains(&slow.len()));
        assert!(slow.iter().all(|r| *r == Reading::Good(Value::I64(signed.into()))), "{slow:?}");
        assert_eq!(report(&heard, 0).state, DeviceState::Online);
    }
}

/// Answers everything but ranges with one of `illegal` in them.
fn with_illegal(illegal: &'static [u16]) -> impl FnMut(Incoming) -> Vec<Sent> {
    move |incoming| {
        let ReadRequest { first, quantity, .. } = incoming.request;
        let hit = illegal.iter().any(|at| (first..first + quantity).contains(at));
        at_once(if hit { incoming.exception(2) } else { incoming.reply() })
    }
}

#[tokio::test(start_paused = true)]
async fn an_illegal_register_costs_itself_within_the_first_scan() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &registers(100)));
    rig.run(SECOND / 2, with_illegal(&[60])).await;
    let heard = take(&rig.ear);
    for at in 0..100 {
        let readings = readings(&heard, PointIndex(at.into()));
        let expected =
            if at == 60 { Reading::Failed(Failure::DeviceError) } else { register(1, at) };
        assert!(!readings.is_empty(), "{at}");
        assert!(readings.iter().all(|reading| *reading == expected), "{at}: {readings:?}");
    }
    assert_eq!(rig.plan(), [(0, 60), (60, 1), (61, 39)]);
    assert_eq!(report(&heard, 0).state, DeviceState::Degraded);
    // The next session knows it from the start: no refusal but the one that is expected.
    rig.run(SECOND / 2, |incoming| {
        assert!(
            [(0, 60), (60, 1), (61, 39)]
                .contains(&(incoming.request.first, incoming.request.quantity))
        );
        with_illegal(&[60])(incoming)
    })
    .await;
    assert_eq!(readings(&take(&rig.ear), PointIndex(60)).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_register_that_becomes_legal_is_read_together_again() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &registers(20)));
    rig.run(SECOND / 2, with_illegal(&[3, 11])).await;
    assert_eq!(rig.plan(), [(0, 3), (3, 1), (4, 7), (11, 1), (12, 8)]);
    take(&rig.ear);
    rig.run(5 * SECOND, with_illegal(&[])).await;
    assert_eq!(rig.plan(), [(0, 20)]);
    let heard = take(&rig.ear);
    assert_eq!(readings(&heard, PointIndex(3)).first(), Some(&register(1, 3)));
    assert_eq!(report(&heard, 0).state, DeviceState::Online);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_refuses_everything_for_a_while_is_read_as_planned_afterwards() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &registers(50)));
    let booted = Arc::new(AtomicBool::new(false));
    let is_up = Arc::clone(&booted);
    let session = rig.run(60 * SECOND, move |incoming| {
        at_once(match is_up.load(Ordering::Relaxed) {
            true => incoming.reply(),
            false => incoming.exception(2),
        })
    });
    let boots = async {
        sleep(30 * SECOND).await;
        booted.store(true, Ordering::Relaxed);
    };
    tokio::join!(session, boots);
    assert_eq!(rig.plan(), [(0, 50)]);
    assert_eq!(report(&take(&rig.ear), 0).state, DeviceState::Online);
}

#[tokio::test(start_paused = true)]
async fn another_exception_fails_the_block_and_cuts_nothing() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &registers(4)));
    rig.run(SECOND / 2, |incoming| at_once(incoming.exception(4))).await;
    let heard = take(&rig.ear);
    let failed = |at| (at, Reading::Failed(Failure::DeviceError));
    assert!(batches(&heard).contains(&(0..4).map(failed).collect()), "{heard:?}");
    assert_eq!(rig.plan(), [(0, 4)]);
    let report = report(&heard, 0);
    assert_eq!(report.state, DeviceState::Degraded);
    assert_eq!(
        report.last_error.as_deref(),
        Some("unit 1, 03 holding registers 0-3: exception 04 (Server device failure)")
    );
}

#[tokio::test(start_paused = true)]
async fn one_lost_reply_is_hidden_by_a_retry_and_shown_without() {
    for (retries, failures) in [(1, 0), (0, 1)] {
        let rig = Rig::new(Kind::Tcp, &tcp(&format!("retries = {retries}"), &registers(2)));
        let mut count = 0;
        rig.run(5 * SECOND, move |incoming| {
            count += 1;
            if count == 3 { vec![] } else { at_once(incoming.reply()) }
        })
        .await;
        let heard = take(&rig.ear);
        let failed = |at| (at, Reading::Failed(Failure::Timeout));
        let failed: Vec<_> = (0..2).map(failed).collect();
        assert_eq!(batches(&heard).iter().filter(|batch| **batch == failed).count(), failures);
        let report = report(&heard, 0);
        assert_eq!((report.counters.timeouts, report.state), (1, DeviceState::Online));
    }
}

#[tokio::test(start_paused = true)]
async fn reports_count_everything_and_come_once_a_second() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &registers(1)));
    let count = Arc::new(Mutex::new(0_u32));
    let seen = Arc::clone(&count);
    rig.run(Duration::from_millis(9_900), move |incoming| {
        let mut count = seen.lock().unwrap();
        *count += 1;
        match *count {
            2 => at_once([incoming.frame(9, &incoming.pdu()), incoming.reply()].concat()),
            4 => vec![],
            6 => at_once(incoming.exception(4)),
            _ => vec![(20 * MS, incoming.reply())],
        }
    })
    .await;
    let heard = take(&rig.ear);
    let reports: Vec<_> = heard
        .iter()
        .filter_map(|heard| match heard {
            Heard::Report(DeviceIndex(0), report) => Some(report),
            Heard::Report(..) | Heard::Batch(_) | Heard::DeviceFailed(..) => None,
        })
        .collect();
    // Nine seconds, and a change of state at the beginning, at the exception and after it.
    assert!((9..=13).contains(&reports.len()), "{}", reports.len());
    let last = reports.last().unwrap();
    let counters = last.counters;
    assert_eq!((counters.timeouts, counters.exceptions, counters.malformed), (1, 1, 1));
    assert_eq!((counters.foreign, counters.damaged, counters.late), (1, 0, 0));
    assert_eq!(counters.exception_codes.iter().collect::<Vec<_>>(), [(4, 1)]);
    assert!(counters.requests >= 9 && counters.requests <= u64::from(*count.lock().unwrap()));
    assert_eq!(last.response_ms, Some(20.0));
    let use_of_time = last.utilisation.unwrap();
    // Nine answers of 20 ms, and one silence that was heard out for no longer than learned: 200 ms.
    assert!((0.03..0.05).contains(&use_of_time), "{use_of_time}");
    assert_eq!(
        last.last_error.as_deref(),
        Some("unit 1, 03 holding registers 0: exception 04 (Server device failure)")
    );
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_too_slow_skips_and_never_queues() {
    let points: Vec<String> = (0..5)
        .map(|at| {
            format!(
                "{{ name = \"p{at}\", address = \"input:{}\", type = \"u16\", scan_ms = 100 }}",
                at * 300
            )
        })
        .collect();
    let rig = Rig::new(Kind::Tcp, &tcp("", &points.join(",")));
    rig.run(10 * SECOND, |incoming| vec![(100 * MS, incoming.reply())]).await;
    let heard = take(&rig.ear);
    for point in (0..5).map(PointIndex) {
        // Five blocks of 100 ms each in turn, twice a second at first; then every 556 ms, as the tenth that is
        // kept free is kept free here as well. None more than another.
        assert!((17..=20).contains(&readings(&heard, point).len()), "{point:?}");
    }
    let revised = report(&heard, 0).scan_interval.unwrap();
    assert!((550 * MS..570 * MS).contains(&revised), "{revised:?}");
}
