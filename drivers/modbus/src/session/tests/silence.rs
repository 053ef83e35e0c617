//! Units, registers and connections that do not answer.

use super::*;

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
    for (kind, keys) in [
        (Kind::Tcp, "address = \"x\""),
        (Kind::Rtu, "port = \"x\""),
        (Kind::RtuOverTcp, "address = \"x:1\""),
        (Kind::AsciiOverTcp, "address = \"x:1\""),
    ] {
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

/// The commonest fault at commissioning must not read like a dead device.
#[tokio::test(start_paused = true)]
async fn a_line_with_wrong_parameters_is_told_from_a_silent_one() {
    let rig = Rig::new(Kind::Rtu, &two_units("port = \"x\""));
    let session = rig.run(20 * SECOND, |incoming| {
        let mut reply = incoming.reply();
        if incoming.request.unit == 2 {
            reply.iter_mut().for_each(|byte| *byte ^= 0x55);
        }
        at_once(reply)
    });
    let script = async {
        sleep(15 * SECOND).await;
        let error = report(&take(&rig.ear), 1).last_error.unwrap();
        assert!(
            error.ends_with("only damaged bytes within 500 ms: check baud, parity and wiring"),
            "{error}"
        );
    };
    tokio::select! { lost = session => panic!("{lost:?}"), () = script => {} }
}

/// One lost reply behind a connection: the device is asked again once it has shown that nothing is held up. One
/// that never answers what is no value, against the standard, is reached again over a new connection.
#[tokio::test(start_paused = true)]
async fn after_a_lost_reply_over_a_connection_values_go_on() {
    for answers_fences in [true, false] {
        let points = "points = [{ name = \"p\", address = \"holding:0\", type = \"u16\" }]";
        let device = format!("[[devices]]\nname = \"d\"\nunit_id = 1\nscan_ms = 100\n{points}");
        let rig = Rig::new(Kind::RtuOverTcp, &format!("address = \"x:1\"\n{device}"));
        let mut count = 0;
        let lost = rig.run(60 * SECOND, move |incoming| {
            count += 1;
            let is_lost = count == 20 || incoming.is_fence && !answers_fences;
            if is_lost { vec![] } else { at_once(incoming.reply()) }
        });
        let lost = lost.await;
        let heard = take(&rig.ear);
        assert!(readings(&heard, PointIndex(0)).contains(&register(1, 0)));
        if answers_fences {
            assert!(lost.is_none(), "{lost:?}");
            let failed = |reading: &Reading| matches!(reading, Reading::Failed(_));
            let all = readings(&heard, PointIndex(0));
            assert!(all.len() > 500 && !all.iter().any(failed), "a retry hides it");
        } else {
            assert!(matches!(lost, Some(Lost::Deaf { requests: 4 })), "{lost:?}");
            rig.run(10 * SECOND, |incoming| at_once(incoming.reply())).await;
            assert_eq!(readings(&take(&rig.ear), PointIndex(0)).first(), Some(&register(1, 0)));
        }
    }
}
