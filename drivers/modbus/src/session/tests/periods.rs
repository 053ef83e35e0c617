//! How often points are really read, by the traffic on a line that takes its time.

use proptest::prelude::*;

use super::*;
use crate::line::Line;

/// What was asked: unit, first address, quantity, and when.
type Traffic = Arc<Mutex<Vec<(ReadRequest, Instant)>>>;

/// What a unit does with a request.
enum Does {
    /// Thinks for so long and answers.
    Answer(Duration),
    Nothing,
}

/// A bus on which every byte takes its time.
fn paced(
    line: Line,
    traffic: &Traffic,
    mut does: impl FnMut(&ReadRequest) -> Does + Send + 'static,
) -> impl FnMut(Incoming) -> Vec<Sent> + Send + 'static {
    let traffic = Arc::clone(traffic);
    move |incoming| {
        let request = incoming.request;
        traffic.lock().unwrap().push((request, Instant::now()));
        match does(&request) {
            Does::Answer(turnaround) => {
                let takes = line.request(&request) + turnaround + line.reply(&request);
                vec![(takes, incoming.reply())]
            }
            Does::Nothing => vec![],
        }
    }
}

/// Ten units of ten registers each.
fn ten_units(baud: u32, scan_ms: u32) -> Rig {
    let unit = |unit: u8| {
        format!(
            "[[devices]]\nname = \"u{unit}\"\nunit_id = {unit}\nscan_ms = {scan_ms}\npoints = [{}]\n",
            registers(10)
        )
    };
    let units: String = (1..=10).map(unit).collect();
    Rig::new(Kind::Rtu, &format!("port = \"x\"\nbaud = {baud}\n{units}"))
}

/// The gaps between requests to a unit, of those made at `from` or later.
fn gaps(traffic: &Traffic, unit: u8, from: Instant) -> Vec<Duration> {
    let traffic = traffic.lock().unwrap();
    let of_unit = |(request, at): &&(ReadRequest, Instant)| request.unit == unit && *at >= from;
    let times: Vec<Instant> = traffic.iter().filter(of_unit).map(|(_, at)| *at).collect();
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn mean(gaps: &[Duration]) -> Duration {
    gaps.iter().sum::<Duration>() / u32::try_from(gaps.len()).unwrap()
}

const THINKS: Duration = Duration::from_millis(5);

/// Two of ten are not there: from the start, and from some time on. What that costs the others, at an easy pace
/// and at the fastest the line carries.
#[tokio::test(start_paused = true)]
async fn two_dead_of_ten_stretch_the_others_by_at_most_15_percent() {
    for (baud, scan_ms) in [(9_600, 1_000), (9_600, 100), (19_200, 500), (115_200, 1_000)] {
        let mut periods = Vec::new();
        for dead in [false, true] {
            let rig = ten_units(baud, scan_ms);
            let (traffic, start) = (Traffic::default(), Instant::now());
            let does = move |request: &ReadRequest| match request.unit {
                3 if dead => Does::Nothing,
                8 if dead && start.elapsed() > 60 * SECOND => Does::Nothing,
                _ => Does::Answer(THINKS),
            };
            let line = *rig.site.line().unwrap();
            rig.run(660 * SECOND, paced(line, &traffic, does)).await;
            let living = [1, 2, 4, 5, 6, 7, 9, 10];
            let of_unit = |unit| mean(&gaps(&traffic, unit, start + 60 * SECOND));
            periods.push(living.map(of_unit).into_iter().max().unwrap());
            if dead {
                let probes = gaps(&traffic, 3, start).len() + gaps(&traffic, 8, start).len();
                assert!(probes > 20, "{baud}: {probes}: they are still looked for");
            }
        }
        let stretch = periods[1].as_secs_f64() / periods[0].as_secs_f64();
        println!("{baud} baud, {scan_ms} ms: {periods:?}, {stretch:.3}");
        assert!(stretch <= 1.15, "{baud} {scan_ms}: {periods:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_that_comes_back_is_read_at_once() {
    let rig = ten_units(9_600, 1_000);
    let (traffic, start) = (Traffic::default(), Instant::now());
    let does = move |request: &ReadRequest| {
        let gone = (30..200).contains(&start.elapsed().as_secs());
        if request.unit == 3 && gone { Does::Nothing } else { Does::Answer(THINKS) }
    };
    let line = *rig.site.line().unwrap();
    rig.run(260 * SECOND, paced(line, &traffic, does)).await;
    let traffic = traffic.lock().unwrap();
    let back = start + 200 * SECOND;
    let times: Vec<Instant> =
        traffic.iter().filter(|(r, at)| r.unit == 3 && *at >= back).map(|(_, at)| *at).collect();
    // The longest pause between two probes, and the rest of its slots on time.
    assert!(times[0] - back <= 31 * SECOND, "{:?}", times[0] - back);
    assert!(times[1] - times[0] < 1_600 * MS, "and goes on in its rhythm");
    assert!(times.len() >= 28, "{}", times.len());
}

/// One of ten thinks nearly as long as its interval: it is asked more rarely, and nobody else is.
#[tokio::test(start_paused = true)]
async fn one_slow_device_takes_nothing_from_the_others() {
    let rig = ten_units(9_600, 1_000);
    let (traffic, start) = (Traffic::default(), Instant::now());
    let does =
        |request: &ReadRequest| Does::Answer(if request.unit == 3 { 900 * MS } else { THINKS });
    let line = *rig.site.line().unwrap();
    let session = rig.run(400 * SECOND, paced(line, &traffic, does));
    let script = async {
        sleep(300 * SECOND).await;
        let settled = start + 60 * SECOND;
        for unit in [1, 2, 4, 5, 6, 7, 8, 9, 10] {
            let mean = mean(&gaps(&traffic, unit, settled));
            // A request of the slow one cannot be interrupted, so a slot is skipped now and then.
            assert!(mean <= 1_050 * MS, "{unit}: {mean:?}");
        }
        // What is left of nine tenths when nine took 52 ms each.
        let slow = mean(&gaps(&traffic, 3, settled));
        let heard = take(&rig.ear);
        let revised = report(&heard, 2).scan_interval.unwrap();
        println!("revised to {revised:?}, asked every {slow:?}");
        assert!((1_900 * MS..2_300 * MS).contains(&slow), "{slow:?}");
        assert!(revised.abs_diff(slow) < 60 * MS, "{revised:?}, {slow:?}");
        assert_eq!(report(&heard, 3).scan_interval, None);
        assert_eq!(report(&heard, 2).state, DeviceState::Online);
    };
    tokio::select! { lost = session => panic!("{lost:?}"), () = script => {} }
}

/// A gap of 20 registers costs 46 ms at 9 600 baud: more than a request of a device that thinks for 5 ms, as it
/// is assumed, and less than one of a device that thinks for 60.
#[tokio::test(start_paused = true)]
async fn the_plan_follows_what_was_measured_once_it_matters() {
    let points = "{ name = \"a\", address = \"holding:0\", type = \"u16\" },
                  { name = \"b\", address = \"holding:21\", type = \"u16\" }";
    let line = format!("port = \"x\"\n[[devices]]\nname = \"d\"\nunit_id = 1\npoints = [{points}]");
    for (thinks, planned) in [(60 * MS, vec![(0, 22)]), (6 * MS, vec![(0, 1), (21, 1)])] {
        let rig = Rig::new(Kind::Rtu, &line);
        assert_eq!(rig.plan(), [(0, 1), (21, 1)]);
        let (traffic, line) = (Traffic::default(), *rig.site.line().unwrap());
        rig.run(60 * SECOND, paced(line, &traffic, move |_| Does::Answer(thinks))).await;
        assert_eq!(rig.plan(), planned, "{thinks:?}");
        let asked = traffic.lock().unwrap().last().map(|(request, _)| request.quantity);
        assert_eq!(asked, planned.last().map(|block| block.1));
        let heard = take(&rig.ear);
        assert!(readings(&heard, PointIndex(1)).iter().all(|reading| *reading == register(1, 21)));
    }
}

/// What the schedule promises: two intervals and the longest request between two readings at most, and one
/// interval on average.
fn check_periods(points: &[(u8, u16, u16, u32)]) -> Result<(), TestCaseError> {
    let unit = |unit: u8| {
        let of_unit = points.iter().enumerate().filter(|(_, point)| point.0 == unit);
        let points: String = of_unit
            .map(|(at, (_, first, length, scan_ms))| {
                format!(
                    "{{ name = \"p{at}\", address = \"holding:{first}\", type = \"string\", \
                     length = {length}, scan_ms = {scan_ms}, overlap = true }},"
                )
            })
            .collect();
        format!("[[devices]]\nname = \"u{unit}\"\nunit_id = {unit}\npoints = [{points}]\n")
    };
    let units: String = (1..=3).map(unit).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let rig = Rig::new(Kind::Rtu, &format!("port = \"x\"\n{units}"));
        let line = *rig.site.line().unwrap();
        let (traffic, start, long) = (Traffic::default(), Instant::now(), 120 * SECOND);
        rig.run(long, paced(line, &traffic, |_| Does::Answer(THINKS))).await;
        let end = Instant::now();
        let traffic = traffic.lock().unwrap();
        let longest = traffic.iter().map(|(request, _)| line.exchange(request)).max().unwrap();
        // Silence, and timers that go by the millisecond.
        let longest = longest + line.silence() + 3 * MS;
        prop_assert!(rig.site.utilisation.revised <= 0.901);
        for (want, point) in rig.site.wants.iter().zip(&rig.site.points) {
            let unit = rig.site.units[want.device.at()].id;
            let interval = point.scan_interval.unwrap();
            let reads = |(request, _): &&(ReadRequest, Instant)| {
                request.unit == unit
                    && request.first <= want.first
                    && u32::from(request.first) + u32::from(request.quantity) >= want.end()
            };
            let times: Vec<Instant> = traffic.iter().filter(reads).map(|(_, at)| *at).collect();
            // Units rest for two seconds at the start; the first interval may be half as long again.
            prop_assert!(times[0] - start <= 3 * SECOND + interval + longest);
            let mut rhythm = times[1..].to_vec();
            rhythm.push(end);
            let gap = rhythm.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default();
            prop_assert!(gap <= interval * 2 + longest, "{want:?}: {gap:?}");
            let slots = (end - times[0]).as_secs_f64() / interval.as_secs_f64();
            // A block longer than the shortest interval makes that skip a slot now and then.
            let fits =
                longest < rig.site.points.iter().filter_map(|p| p.scan_interval).min().unwrap() / 4;
            if fits {
                let count = f64::from(u32::try_from(times.len()).unwrap());
                prop_assert!(count >= slots - 1.5, "{count} of {slots}");
            }
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn no_point_is_read_later_than_its_revised_interval_allows(
        points in proptest::collection::vec(
            (
                1_u8..=3,
                0_u16..400,
                1_u16..60,
                prop_oneof![Just(50), Just(100), Just(250), Just(500), Just(1_000), Just(3_000), Just(7_000)],
            ),
            1..12,
        ),
    ) {
        check_periods(&points)?;
    }
}
