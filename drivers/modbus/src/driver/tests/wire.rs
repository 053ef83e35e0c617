//! Plans held against the traffic on paced lines, as the simulated slaves recorded it: they know nothing of how this
//! crate computes time. On paused time, so that whatever else the machine does shows nowhere.

use std::collections::HashMap;

use pointcast_api::{Outcome, PlannedRequest, Verdict};
use pointcast_sim::{Answer, Capture, Coding as Spoken, Direction, Entry, Pace, serve_line};
use tokio::io::duplex;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::*;
use crate::frame::{ReadRequest, Request};
use crate::testing::any::AnyLink;
use crate::testing::bus::Incoming;
use crate::testing::memory::{Heard, Memory};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// How far a prediction may be from what was recorded.
const TOLERANCE: f64 = 0.1;

/// A unit's reply to a request, if it is one of `units`.
fn truthful(units: std::ops::RangeInclusive<u8>) -> impl FnMut(u8, &[u8]) -> Option<Answer> {
    move |unit, pdu| {
        let request = read_of(unit, pdu)?;
        let incoming = Incoming { wire: Wire::Rtu, transaction: 0, request, is_fence: false };
        let answer = Answer { pdu: incoming.pdu(), fault: pointcast_sim::Fault::Ok };
        units.contains(&unit).then_some(answer)
    }
}

fn read_of(unit: u8, pdu: &[u8]) -> Option<ReadRequest> {
    let table = match pdu.first()? {
        1 => Table::Coils,
        2 => Table::DiscreteInputs,
        3 => Table::HoldingRegisters,
        4 => Table::InputRegisters,
        _ => return None,
    };
    let word = |at: usize| u16::from_be_bytes([pdu[at], pdu[at + 1]]);
    Some(ReadRequest { unit, table, first: word(1), quantity: word(3) })
}

/// What is asked on which line, how fast it is, and whether slaves think as long as configured.
struct Bench {
    driver: ModbusDriver,
    line: pointcast_sim::Line,
}

impl Bench {
    fn new(kind: Kind, baud: u32, turnaround: Duration, devices: &str) -> Self {
        let keys = format!("port = \"x\"\nbaud = {baud}\ntimeout_ms = 500\n{devices}");
        let coding = if kind == Kind::Ascii { Spoken::Ascii } else { Spoken::Rtu };
        let line = Pace { baud, format: None, turnaround }.line(coding);
        Self { driver: driver_of(kind, &keys), line }
    }

    /// Reads for so long, beside `script`; what was on the line.
    async fn run(
        &self,
        answer: impl FnMut(u8, &[u8]) -> Option<Answer>,
        script: impl AsyncFnOnce(&mpsc::Sender<Command>, &Capture),
    ) -> Vec<Entry> {
        let (ours, theirs) = duplex(4_096);
        let (link, _) = AnyLink::of(&self.driver.site, ours);
        let (capture, ear) = (Capture::in_memory(), Recorder::default());
        let tap = capture.tap("line");
        let (commands, mut inlet) = command_queue();
        tokio::select! {
            lost = self.driver.run(link, &ear, &mut inlet) => panic!("{lost}"),
            ended = serve_line(theirs, self.line, answer, &tap) => panic!("{ended:?}"),
            () = script(&commands, &capture) => {}
        }
        capture.entries()
    }
}

/// A request and the reply to it, if any, as they were on the line.
struct Exchange {
    unit: u8,
    request: String,
    function: u8,
    from: Instant,
    until: Option<Instant>,
}

fn exchanges(coding: Kind, entries: &[Entry]) -> Vec<Exchange> {
    let wire = if coding == Kind::Ascii { Wire::Ascii } else { Wire::Rtu };
    let mut exchanges: Vec<Exchange> = Vec::new();
    for entry in entries {
        if entry.direction == Direction::Reply {
            exchanges.last_mut().unwrap().until = Some(entry.until);
            continue;
        }
        let (_, unit, pdu) = wire.unwrap(&entry.bytes);
        let request = read_of(unit, &pdu).map(|read| Request::Read(read).to_string());
        let (request, function) = (request.unwrap_or_default(), pdu[0]);
        exchanges.push(Exchange { unit, request, function, from: entry.from, until: None });
    }
    exchanges
}

/// How much of a line was in use from a moment on: exchanges, and the silence that must stand behind each.
fn used(bench: &Bench, exchanges: &[Exchange], from: Instant) -> f64 {
    let counted: Vec<&Exchange> = exchanges.iter().filter(|it| it.from >= from).collect();
    // From one request to another; the last may be cut off.
    let (last, counted) = counted.split_last().unwrap();
    let span = last.from - counted[0].from;
    let silence = bench.line.silence();
    let each = counted.iter().map(|it| it.until.unwrap() - it.from + silence);
    each.sum::<Duration>().as_secs_f64() / span.as_secs_f64()
}

/// No request begins before the line was silent for as long as the standard wants.
fn keep_silence(bench: &Bench, exchanges: &[Exchange]) {
    for pair in exchanges.windows(2) {
        let Some(until) = pair[0].until else { continue };
        assert!(pair[1].from >= until + bench.line.silence(), "{:?}", pair[1].from - until);
    }
}

/// The greatest difference between what was predicted of a request and what it took, as a share of the latter.
fn worst(plan: &[PlannedRequest], exchanges: &[Exchange]) -> f64 {
    let predicted: HashMap<(u32, &str), Duration> = plan
        .iter()
        .map(|planned| ((planned.device.0, &*planned.request), planned.wire_time.unwrap()))
        .collect();
    let mut asked = HashMap::new();
    let mut worst = 0.0_f64;
    for exchange in exchanges.iter().filter(|exchange| exchange.until.is_some()) {
        let key = (u32::from(exchange.unit) - 1, &*exchange.request);
        let predicted = predicted.get(&key).unwrap_or_else(|| panic!("{key:?} was not planned"));
        let took = (exchange.until.unwrap() - exchange.from).as_secs_f64();
        worst = worst.max((predicted.as_secs_f64() - took).abs() / took);
        *asked.entry(key).or_insert(0) += 1;
    }
    assert_eq!(asked.len(), plan.len(), "each planned request was asked");
    assert!(asked.values().all(|times| *times > 10), "{asked:?}");
    worst
}

/// Three units: much and rarely, something with a gap and bits, little and often.
fn three_units() -> String {
    let register =
        |at: u16| format!("{{ name = \"p{at}\", address = \"holding:{at}\", type = \"u16\" }}");
    let registers = |range: std::ops::Range<u16>| range.map(register).collect::<Vec<_>>().join(",");
    format!(
        "[[devices]]\nname = \"much\"\nunit_id = 1\nscan_ms = 2000\npoints = [{}]
         [[devices]]\nname = \"mixed\"\nunit_id = 2\nscan_ms = 500\npoints = [{}, {},
           {{ name = \"b\", address = \"coil:3\" }}, {{ name = \"c\", address = \"coil:30\" }}]
         [[devices]]\nname = \"little\"\nunit_id = 3\nscan_ms = 250\npoints = [{}]",
        registers(0..90),
        registers(0..4),
        registers(8..16),
        registers(0..1),
    )
}

#[tokio::test(start_paused = true)]
async fn wire_time_and_utilisation_are_as_planned_within_10_percent() {
    for kind in [Kind::Rtu, Kind::Ascii] {
        for baud in [9_600, 19_200, 115_200] {
            // As long as assumed, and then longer: learned after a while.
            for (thinks, long_s) in [(5, 40), (20, 75)] {
                let bench = Bench::new(kind, baud, thinks * MS, &three_units());
                let assumed = bench.driver.plan();
                let planned = bench.driver.utilisation().unwrap().revised;
                let start = Instant::now();
                let entries =
                    bench.run(truthful(1..=3), async |_, _| sleep(long_s * SECOND).await).await;
                let all = exchanges(kind, &entries);
                keep_silence(&bench, &all);
                let learned = worst(&bench.driver.plan(), &all);
                let at_first = worst(&assumed, &all);
                let used = used(&bench, &all, start + 10 * SECOND);
                println!(
                    "{kind:?} {baud} baud, {thinks} ms: wire time off by {at_first:.4} as assumed and {learned:.4} \
                     as learned; used {used:.3}, planned {planned:.3}"
                );
                assert!(learned <= TOLERANCE, "{kind:?} {baud}");
                if thinks == 5 {
                    assert!(at_first <= TOLERANCE, "{kind:?} {baud}");
                    assert!((used / planned - 1.0).abs() <= TOLERANCE, "{kind:?} {baud}");
                }
            }
        }
    }
}

/// Ten units of ten registers each, asked as often as the line carries.
fn ten_units(writable: &str) -> String {
    let register = |at| {
        format!("{{ name = \"p{at}\", address = \"holding:{at}\", type = \"u16\"{writable} }}")
    };
    let points = (0..10).map(register).collect::<Vec<_>>().join(",");
    let unit = |unit: u8| {
        format!(
            "[[devices]]\nname = \"u{unit}\"\nunit_id = {unit}\nscan_ms = 50\npoints = [{points}]\n"
        )
    };
    (1..=10).map(unit).collect()
}

#[tokio::test(start_paused = true)]
async fn two_dead_of_ten_stretch_the_periods_on_the_line_by_at_most_15_percent() {
    for baud in [9_600, 115_200] {
        let mut periods = Vec::new();
        for dead in [false, true] {
            let bench = Bench::new(Kind::Rtu, baud, 5 * MS, &ten_units(""));
            let mut all = truthful(1..=10);
            let answer = move |unit, pdu: &[u8]| match unit {
                3 | 8 if dead => None,
                _ => all(unit, pdu),
            };
            let start = Instant::now();
            let entries = bench.run(answer, async |_, _| sleep(150 * SECOND).await).await;
            let all = exchanges(Kind::Rtu, &entries);
            let period = |unit| {
                let of_unit = |it: &&Exchange| it.unit == unit && it.from > start + 30 * SECOND;
                let times: Vec<Instant> = all.iter().filter(of_unit).map(|it| it.from).collect();
                let count = u32::try_from(times.len()).unwrap();
                (*times.last().unwrap() - times[0]) / (count - 1)
            };
            periods.push([1, 2, 4, 5, 6, 7, 9, 10].map(period).into_iter().max().unwrap());
            let unanswered = all.iter().filter(|it| it.until.is_none()).count();
            assert_eq!(unanswered > 10, dead, "{unanswered}");
        }
        let stretch = periods[1].as_secs_f64() / periods[0].as_secs_f64();
        println!("{baud} baud: {periods:?}, {stretch:.3}");
        assert!(stretch <= 1.15, "{baud}: {periods:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn at_full_load_a_write_is_on_the_line_within_one_frame() {
    for baud in [9_600, 115_200] {
        let bench = Bench::new(Kind::Rtu, baud, 5 * MS, &ten_units(", writable = true"));
        let silence = bench.line.silence();
        let mut memory = Memory::default();
        let answer = move |unit, pdu: &[u8]| {
            let heard = Heard {
                wire: Wire::Rtu,
                transaction: 0,
                unit,
                pdu: pdu.to_vec(),
                at: Instant::now(),
            };
            Some(Answer { pdu: memory.answer(&heard), fault: pointcast_sim::Fault::Ok })
        };
        let mut asked_at = Vec::new();
        let script = async |commands: &mpsc::Sender<Command>, _: &Capture| {
            // Until a read has shown that the line does not echo, nothing is written.
            sleep(3 * SECOND).await;
            for turn in 0..20_u32 {
                sleep(Duration::from_millis(1_237)).await;
                let now = Instant::now();
                let (value, within) = (Value::U64(u64::from(turn)), now + 30 * SECOND);
                let (command, mut ticket) =
                    Command::new(PointIndex(turn * 5), value.clone(), within);
                commands.send(command).await.unwrap();
                asked_at.push(now);
                let applied = Outcome { verdict: Verdict::Applied, value: Some(value) };
                assert_eq!(ticket.answer().await, Ok(applied));
            }
        };
        let entries = bench.run(answer, script).await;
        let all = exchanges(Kind::Rtu, &entries);
        let writes: Vec<usize> = (0..all.len()).filter(|at| all[*at].function == 6).collect();
        assert_eq!(writes.len(), asked_at.len());
        // Timers go by whole milliseconds: one for the reply, one for the silence.
        let pause = silence + 2 * MS;
        let took = |exchange: &Exchange| exchange.until.unwrap() - exchange.from;
        let frame = all.iter().filter(|it| it.until.is_some()).map(took).max().unwrap();
        let mut longest = Duration::ZERO;
        for (at, asked) in writes.into_iter().zip(asked_at) {
            let (before, write) = (&all[at - 1], &all[at]);
            // What was under way, and no read that waited for the silence to be over.
            assert!(before.from <= asked, "{baud}: {:?} later", before.from - asked);
            assert!(write.from <= before.until.unwrap() + pause, "{baud}: nothing is waited for");
            longest = longest.max(write.from - asked);
        }
        assert!(longest <= frame + pause, "{baud}: {longest:?}");
        println!(
            "{baud} baud: at most {longest:?} from the command to the line, a read takes {frame:?}"
        );
    }
}
