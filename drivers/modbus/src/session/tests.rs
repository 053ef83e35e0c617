//! Sessions on a simulated bus and on paused time.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use pointcast_api::settings::Refusals;
use pointcast_api::testing::{Heard, Recorder, channel};
use pointcast_api::{Failure, PointIndex, Reading, Value};
use tokio::time::{sleep, timeout};

use super::*;
use crate::address::Table;
use crate::link::rtu::RtuLink;
use crate::link::tcp::TcpLink;
use crate::settings::{Kind, Transport, check};
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
        match &self.site.channel.transport {
            Transport::Tcp(_) => {
                tokio::spawn(serve(theirs, Wire::Tcp, answer));
                let link = TcpLink::new(ours, self.site.channel.request_gap);
                timeout(long, self.session(link).run()).await.ok()
            }
            Transport::Rtu(rtu) => {
                tokio::spawn(serve(theirs, Wire::Rtu, answer));
                let link = RtuLink::new(ours, self.site.timing(rtu));
                timeout(long, self.session(link).run()).await.ok()
            }
        }
    }

    fn session<L: Link>(&self, link: L) -> Session<'_, L> {
        Session::new(&self.site, &self.lessons, &self.reports, &self.ear, link)
    }

    /// First address and quantity of every block, as planned with what was learned.
    fn plan(&self) -> Vec<(u16, u16)> {
        let blocks = self.lessons.with(|learned| self.site.plan(learned));
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
    rig.run(SECOND / 2, |incoming| at_once(incoming.exception(6))).await;
    let heard = take(&rig.ear);
    let failed = |at| (at, Reading::Failed(Failure::DeviceError));
    assert!(batches(&heard).contains(&(0..4).map(failed).collect()), "{heard:?}");
    assert_eq!(rig.plan(), [(0, 4)]);
    let report = report(&heard, 0);
    assert_eq!(report.state, DeviceState::Degraded);
    assert_eq!(
        report.last_error.as_deref(),
        Some("unit 1, 03 holding registers 0-3: exception 06 (Server device busy)")
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

fn two_units(kind: &str) -> String {
    format!(
        r#"{kind}
        timeout_ms = 500
        [[devices]]
        name = "live"
        unit_id = 1
        scan_ms = 100
        points = [{{ name = "p", address = "holding:0", type = "u16" }}]
        [[devices]]
        name = "dead"
        unit_id = 2
        scan_ms = 100
        points = [
          {{ name = "a", address = "holding:0", type = "u16" }},
          {{ name = "b", address = "holding:0.1" }},
          {{ name = "c", address = "input:9", type = "u16" }},
        ]"#
    )
}

#[tokio::test(start_paused = true)]
async fn a_dead_unit_costs_a_tenth_of_the_channel_and_comes_back_by_itself() {
    for (kind, keys) in [(Kind::Tcp, "address = \"x\""), (Kind::Rtu, "port = \"x\"")] {
        let rig = Rig::new(kind, &two_units(keys));
        let alive = Arc::new(AtomicBool::new(false));
        let (is_alive, probes) = (Arc::clone(&alive), Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&probes);
        let session = rig.run(400 * SECOND, move |incoming| {
            if incoming.request.unit == 2 {
                counted.fetch_add(1, Ordering::Relaxed);
                if !is_alive.load(Ordering::Relaxed) {
                    return vec![];
                }
            }
            at_once(incoming.reply())
        });
        let script = async {
            // The first tries, and the pauses that grow.
            sleep(20 * SECOND).await;
            let heard = take(&rig.ear);
            let lost = Heard::DeviceFailed(DeviceIndex(1), Failure::Timeout);
            assert_eq!(heard.iter().filter(|heard| **heard == lost).count(), 1, "{kind:?}");
            assert_eq!(report(&heard, 1).state, DeviceState::Offline, "{kind:?}");
            let before = probes.load(Ordering::Relaxed);
            sleep(200 * SECOND).await;
            let heard = take(&rig.ear);
            // A tenth of 200 s at half a second each.
            let spent = probes.load(Ordering::Relaxed) - before;
            assert!((5..=40).contains(&spent), "{kind:?}: {spent}");
            let live = readings(&heard, PointIndex(0));
            assert!(live.len() >= 1_700, "{kind:?}: {}", live.len());
            assert!(live.iter().all(|reading| *reading == register(1, 0)));
            // What is lost already is not told again and again.
            assert!(heard.iter().all(|heard| !matches!(heard, Heard::DeviceFailed(..))));
            assert_eq!(readings(&heard, PointIndex(1)), []);
            alive.store(true, Ordering::Relaxed);
            sleep(32 * SECOND).await;
            let heard = take(&rig.ear);
            assert_eq!(readings(&heard, PointIndex(1)).first(), Some(&register(2, 0)));
            assert!(readings(&heard, PointIndex(3)).len() > 1, "{kind:?}");
            assert_eq!(report(&heard, 1).state, DeviceState::Online, "{kind:?}");
        };
        tokio::select! { lost = session => panic!("{lost:?}"), () = script => {} }
    }
}

/// Eight units, six of which have never been there: how long the others wait at most.
#[tokio::test(start_paused = true)]
async fn dead_units_slow_the_live_ones_by_a_bound() {
    let unit = |unit| {
        format!(
            "[[devices]]\nname = \"u{unit}\"\nunit_id = {unit}\nscan_ms = 200\n\
             points = [{{ name = \"p\", address = \"holding:0\", type = \"u16\" }}]\n"
        )
    };
    let units: String = (1..=8).map(unit).collect();
    let rig = Rig::new(Kind::Rtu, &format!("port = \"x\"\ntimeout_ms = 500\n{units}"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&seen);
    rig.run(100 * SECOND, move |incoming| {
        if incoming.request.unit < 7 {
            return vec![];
        }
        heard.lock().unwrap().push((incoming.request.unit, Instant::now()));
        at_once(incoming.reply())
    })
    .await;
    for unit in [7, 8] {
        let seen = seen.lock().unwrap();
        let times: Vec<Instant> = seen.iter().filter(|(at, _)| *at == unit).map(|s| s.1).collect();
        let waits = times.windows(2).map(|pair| pair[1] - pair[0]);
        // One timeout, and what is in the way beside it.
        let longest = waits.max().unwrap();
        assert!(longest < 900 * MS, "{unit}: {longest:?}");
        // The line is full by plan, so intervals are 233 ms: 430 in all, less a tenth, and at first a half.
        assert!(times.len() > 360, "{unit}: {}", times.len());
    }
}

#[tokio::test(start_paused = true)]
async fn registers_that_meet_silence_cost_their_share_and_no_more() {
    let points = "{ name = \"a\", address = \"holding:0\", type = \"u16\" },
                  { name = \"b\", address = \"input:0\", type = \"u16\" }";
    let rig = Rig::new(Kind::Tcp, &tcp("timeout_ms = 500", points));
    let session = rig.run(110 * SECOND, |incoming| match incoming.request.table {
        Table::InputRegisters => vec![],
        Table::HoldingRegisters | Table::Coils | Table::DiscreteInputs => at_once(incoming.reply()),
    });
    let script = async {
        sleep(10 * SECOND).await;
        take(&rig.ear);
        sleep(90 * SECOND).await;
    };
    tokio::select! { lost = session => panic!("{lost:?}"), () = script => {} }
    let heard = take(&rig.ear);
    assert!(readings(&heard, PointIndex(0)).len() >= 85);
    assert!(readings(&heard, PointIndex(1)).len() >= 2);
    assert!(heard.iter().all(|heard| !matches!(heard, Heard::DeviceFailed(..))));
    let report = report(&heard, 0);
    assert_eq!(report.state, DeviceState::Degraded);
}

#[tokio::test(start_paused = true)]
async fn a_connection_on_which_nobody_answers_is_given_up() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &registers(2)));
    let lost = rig.run(60 * SECOND, |_| vec![]).await;
    assert!(matches!(lost, Some(Lost::Deaf { requests: 4 })), "{lost:?}");
    // A serial line is not: opening it again would change nothing.
    let line = "port = \"x\"\n[[devices]]\nname = \"d\"\nunit_id = 1\npoints = [{ name = \"p\", address = \"coil:1\" }]";
    let rig = Rig::new(Kind::Rtu, line);
    assert!(rig.run(60 * SECOND, |_| vec![]).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_kept_while_anybody_has_answered_on_it() {
    let slow = two_units("address = \"x\"").replacen("scan_ms = 100", "scan_ms = 60000", 1);
    let rig = Rig::new(Kind::Tcp, &slow);
    let lost = rig.run(59 * SECOND, |incoming| match incoming.request.unit {
        1 => at_once(incoming.reply()),
        _ => vec![],
    });
    assert!(lost.await.is_none());
    assert!(report(&rig.ear.heard(), 1).counters.timeouts > 4);
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_comes_back_is_read_whole_whatever_its_intervals() {
    let points = "{ name = \"a\", address = \"holding:0\", type = \"u16\" },
                  { name = \"b\", address = \"input:0\", type = \"u16\", scan_ms = 3600000 }";
    let line = format!("port = \"x\"\n[[devices]]\nname = \"d\"\nunit_id = 1\npoints = [{points}]");
    let rig = Rig::new(Kind::Rtu, &line);
    let start = Instant::now();
    rig.run(60 * SECOND, move |incoming| {
        let gone = (10..30).contains(&start.elapsed().as_secs());
        if gone { vec![] } else { at_once(incoming.reply()) }
    })
    .await;
    let heard = take(&rig.ear);
    assert!(heard.contains(&Heard::DeviceFailed(DeviceIndex(0), Failure::Timeout)));
    assert_eq!(readings(&heard, PointIndex(1)).len(), 2, "before, and at the return");
    assert_eq!(report(&heard, 0).state, DeviceState::Online);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_speaks_for_a_dead_unit_makes_it_lost() {
    let rig = Rig::new(Kind::Tcp, &two_units("address = \"x\""));
    let session = rig.run(30 * SECOND, |incoming| match incoming.request.unit {
        2 => vec![(200 * MS, incoming.exception(0x0B))],
        _ => at_once(incoming.reply()),
    });
    assert!(session.await.is_none());
    let heard = take(&rig.ear);
    let lost =
        |heard: &&Heard| **heard == Heard::DeviceFailed(DeviceIndex(1), Failure::NoCommunication);
    assert_eq!(heard.iter().filter(lost).count(), 1);
    assert_eq!(report(&heard, 1).state, DeviceState::Offline);
    assert!(readings(&heard, PointIndex(0)).len() > 200);
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
    assert!(counters.requests >= 9 && counters.requests <= u64::from(*count.lock().unwrap()));
    assert_eq!(last.response_ms, Some(20.0));
    let use_of_time = last.utilisation.unwrap();
    assert!((0.10..0.14).contains(&use_of_time), "{use_of_time}");
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
        // Five blocks of 100 ms each in turn: every one twice a second, none more than another.
        assert!((19..=20).contains(&readings(&heard, point).len()), "{point:?}");
    }
}
