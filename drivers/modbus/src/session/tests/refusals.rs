//! Registers that a device refuses, and devices that are busy.

use super::*;
use pointcast_api::PlannedRequest;

/// What was asked, in order: first address, quantity, and when.
type Asked = Arc<Mutex<Vec<(u16, u16, Instant)>>>;

fn heard(asked: &Asked, incoming: &Incoming) {
    let ReadRequest { first, quantity, .. } = incoming.request;
    asked.lock().unwrap().push((first, quantity, Instant::now()));
}

fn holds(incoming: &Incoming, at: u16) -> bool {
    let ReadRequest { first, quantity, .. } = incoming.request;
    (first..first + quantity).contains(&at)
}

/// n = 100: seven halves and one more.
#[tokio::test(start_paused = true)]
async fn one_illegal_register_costs_eight_requests_on_the_wire() {
    for bad in [0, 1, 49, 50, 60, 98, 99] {
        let rig = Rig::new(Kind::Tcp, &tcp("", &registers(100)));
        let asked = Asked::default();
        let seen = Arc::clone(&asked);
        let answered = Arc::new(Mutex::new((std::collections::BTreeSet::new(), None)));
        let read = Arc::clone(&answered);
        rig.run(SECOND / 2, move |incoming| {
            heard(&seen, &incoming);
            if holds(&incoming, bad) {
                return at_once(incoming.exception(2));
            }
            let ReadRequest { first, quantity, .. } = incoming.request;
            let (points, all_after) = &mut *read.lock().unwrap();
            points.extend(first..first + quantity);
            if points.len() == 99 && all_after.is_none() {
                *all_after = Some(seen.lock().unwrap().len());
            }
            at_once(incoming.reply())
        })
        .await;
        let all_after = answered.lock().unwrap().1.unwrap();
        // The one that was refused, ⌈log₂ 100⌉ and one.
        assert!(all_after <= 1 + 7 + 1, "{bad}: {all_after}");
        let heard = take(&rig.ear);
        for at in 0..100 {
            let failed = Reading::Failed(Failure::DeviceError);
            let expected = if at == bad { failed } else { register(1, at) };
            let readings = readings(&heard, PointIndex(at.into()));
            assert!(!readings.is_empty() && readings.iter().all(|r| *r == expected), "{bad} {at}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hole_is_probed_more_and_more_rarely_and_at_once_when_there_is_reason() {
    let points = "{ name = \"a\", address = \"holding:0\", type = \"u16\" },
                  { name = \"b\", address = \"holding:1\", type = \"u16\" },
                  { name = \"c\", address = \"holding:2\", type = \"u16\" }";
    let rig = Rig::new(Kind::Tcp, &tcp("", points));
    let (asked, healed) = (Asked::default(), Arc::new(AtomicBool::new(false)));
    let (seen, is_healed) = (Arc::clone(&asked), Arc::clone(&healed));
    let session = rig.run(10 * 3_600 * SECOND, move |incoming| {
        heard(&seen, &incoming);
        let hole = holds(&incoming, 1) || holds(&incoming, 2) && !is_healed.load(Ordering::Relaxed);
        at_once(if hole { incoming.exception(2) } else { incoming.reply() })
    });
    let script = async {
        sleep(6 * 3_600 * SECOND).await;
        let of = |first| {
            let asked = asked.lock().unwrap();
            let times: Vec<_> =
                asked.iter().filter(|a| (a.0, a.1) == (first, 1)).map(|a| a.2).collect();
            times
        };
        // Every second the first, and the others 10 s, 20 s, 40 s … an hour apart.
        assert!(of(0).len() > 21_000, "{}", of(0).len());
        for hole in [1, 2] {
            assert!((12..=20).contains(&of(hole).len()), "{hole}: {}", of(hole).len());
        }
        let healed_at = Instant::now();
        healed.store(true, Ordering::Relaxed);
        sleep(3_700 * SECOND).await;
        let found = of(2).into_iter().find(|at| *at >= healed_at).unwrap();
        assert_eq!(readings(&take(&rig.ear), PointIndex(2)).last(), Some(&register(1, 2)));
        // One was found legal, so the other was asked for too.
        assert!(of(1).iter().any(|at| (found..found + SECOND).contains(at)));
    };
    tokio::select! { lost = session => panic!("{lost:?}"), () = script => {} }
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_now_is_told_with_what_is_refused() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &registers(100)));
    let told = |rig: &Rig| {
        let plans = rig.ear.plans();
        let line = |request: &PlannedRequest| {
            let refused = if request.is_refused { " refused" } else { "" };
            format!("{}{refused}, {}", request.request, request.points.len())
        };
        plans.iter().map(|plan| plan.iter().map(line).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    rig.run(5 * SECOND, |incoming| at_once(incoming.reply())).await;
    assert_eq!(told(&rig), [["03 holding registers 0-99, 100"]], "once, as nothing changes");
    let refuse = |incoming: Incoming| {
        let hole = holds(&incoming, 60);
        at_once(if hole { incoming.exception(2) } else { incoming.reply() })
    };
    rig.run(60 * SECOND, refuse).await;
    let parts = [
        "03 holding registers 0-59, 60",
        "03 holding registers 60 refused, 1",
        "03 holding registers 61-99, 39",
    ];
    assert_eq!(told(&rig).last().unwrap(), &parts);
    // Another session knows it from the start, and tells when it is over.
    let known = told(&rig).len();
    rig.run(SECOND * 3 / 2, refuse).await;
    assert_eq!(told(&rig)[known..], [parts]);
    rig.run(3 * SECOND, |incoming| at_once(incoming.reply())).await;
    assert_eq!(told(&rig).last().unwrap(), &["03 holding registers 0-99, 100"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_search_leaves_aside_is_read_when_a_part_of_it_fails_otherwise() {
    let rig = Rig::new(Kind::Tcp, &tcp("timeout_ms = 100", &registers(100)));
    // Register 60 is illegal; a short block with register 10 in it is met with silence, a device failure or both.
    for fault in [None, Some(4)] {
        rig.run(30 * SECOND, move |incoming| {
            let short = incoming.request.quantity < 60;
            match (holds(&incoming, 60), holds(&incoming, 10) && short) {
                (_, true) => fault.map_or(vec![], |code| at_once(incoming.exception(code))),
                (true, false) => at_once(incoming.exception(2)),
                (false, false) => at_once(incoming.reply()),
            }
        })
        .await;
        let heard = take(&rig.ear);
        for at in [50_u16, 59, 61, 99] {
            let readings = readings(&heard, PointIndex(at.into()));
            assert!(readings.len() > 20, "{fault:?} {at}: {}", readings.len());
        }
    }
}

fn busy_site() -> String {
    let unit = |unit: u8| {
        format!(
            "[[devices]]\nname = \"u{unit}\"\nunit_id = {unit}\nscan_ms = 5000\n\
             points = [{{ name = \"p\", address = \"holding:0\", type = \"u16\" }}]\n"
        )
    };
    format!("address = \"x\"\n{}{}", unit(1), unit(2).replace("5000", "100"))
}

/// Application Protocol V1.1b3 §7: 05 and 06 mean "later", not "no".
#[tokio::test(start_paused = true)]
async fn a_busy_device_is_asked_again_before_its_points_fail() {
    for code in [5, 6] {
        let rig = Rig::new(Kind::Tcp, &busy_site());
        let mut count = 0;
        rig.run(20 * SECOND, move |incoming| {
            if incoming.request.unit == 2 {
                return at_once(incoming.reply());
            }
            count += 1;
            at_once(if count % 5 == 0 { incoming.reply() } else { incoming.exception(code) })
        })
        .await;
        let heard = take(&rig.ear);
        let all = readings(&heard, PointIndex(0));
        assert!((3..=5).contains(&all.len()), "{}", all.len());
        assert!(all.iter().all(|reading| *reading == register(1, 0)), "{all:?}");
        let report = report(&heard, 0);
        assert_eq!(report.state, DeviceState::Online);
        assert_eq!(report.counters.timeouts, 0);
        assert!(report.counters.exceptions >= 12);
        // Nobody else waits meanwhile.
        assert!(readings(&heard, PointIndex(1)).len() >= 198);
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_that_stays_busy_fails_within_two_seconds_and_is_not_hammered() {
    let rig = Rig::new(Kind::Tcp, &busy_site());
    let start = Instant::now();
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let session = rig.run(60 * SECOND, move |incoming| {
        if incoming.request.unit == 2 {
            return at_once(incoming.reply());
        }
        heard(&seen, &incoming);
        at_once(incoming.exception(6))
    });
    let script = async {
        sleep(2 * SECOND).await;
        let failed = Reading::Failed(Failure::DeviceError);
        let heard = take(&rig.ear);
        assert_eq!(readings(&heard, PointIndex(0)), [failed]);
        assert_eq!(report(&heard, 0).state, DeviceState::Degraded);
        sleep(57 * SECOND).await;
        let times: Vec<_> =
            asked.lock().unwrap().iter().map(|a| (a.2 - start).as_millis()).collect();
        assert!(times[..5].windows(2).all(|pair| pair[1] - pair[0] >= 100), "{times:?}");
        // Five tries at first, then one each slot.
        assert!((14..=18).contains(&times.len()), "{times:?}");
    };
    tokio::select! { lost = session => panic!("{lost:?}"), () = script => {} }
}

#[tokio::test(start_paused = true)]
async fn a_device_that_answers_everything_with_exceptions_costs_little_and_is_there() {
    for code in [1, 2, 3, 4, 6] {
        let rig = Rig::new(Kind::Tcp, &tcp("", &registers(40)));
        let asked = Asked::default();
        let seen = Arc::clone(&asked);
        rig.run(600 * SECOND, move |incoming| {
            heard(&seen, &incoming);
            at_once(incoming.exception(code))
        })
        .await;
        let heard = take(&rig.ear);
        let report = report(&heard, 0);
        assert_eq!(report.state, DeviceState::Degraded, "{code}");
        assert_eq!(report.counters.timeouts, 0);
        for at in 0..40 {
            let readings = readings(&heard, PointIndex(at));
            let failed = Reading::Failed(Failure::DeviceError);
            assert!(!readings.is_empty() && readings.iter().all(|r| *r == failed), "{code} {at}");
        }
        // Ten minutes. Refused for good: some ten probes of each; for now: each second.
        let count = asked.lock().unwrap().len();
        assert!(count <= if code < 4 { 700 } else { 620 }, "{code}: {count}");
    }
}
