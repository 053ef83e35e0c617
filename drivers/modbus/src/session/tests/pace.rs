//! Timeouts that are learned, and devices that are slow but there.

use super::*;

fn both(scan_ms: u32) -> [(Kind, String); 2] {
    let device = format!(
        "[[devices]]\nname = \"d\"\nunit_id = 1\nscan_ms = {scan_ms}\n\
         points = [{{ name = \"p\", address = \"holding:0\", type = \"u16\" }}]"
    );
    [
        (Kind::Tcp, format!("address = \"x\"\n{device}")),
        (Kind::Rtu, format!("port = \"x\"\n{device}")),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_asked_for_again_as_soon_as_was_learned() {
    for (kind, toml) in both(1_000) {
        let rig = Rig::new(kind, &toml);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        rig.run(30 * SECOND, move |incoming| {
            let mut seen = seen.lock().unwrap();
            seen.push(Instant::now());
            if seen.len() == 10 { vec![] } else { vec![(5 * MS, incoming.reply())] }
        })
        .await;
        let asked = asked.lock().unwrap();
        let again = asked[10] - asked[9];
        // On TCP at once. On a line the unit rests until no late answer can be taken for the next.
        let expected = if kind == Kind::Tcp { 200 * MS } else { 2 * SECOND };
        assert!((expected..expected + 100 * MS).contains(&again), "{kind:?}: {again:?}");
        assert!(readings(&take(&rig.ear), PointIndex(0)).iter().all(|r| *r == register(1, 0)));
    }
}

/// The floor: whoever answers within `timeout_ms` never looks dead, however fast it was before.
#[tokio::test(start_paused = true)]
async fn a_device_that_becomes_slow_never_fails() {
    for (kind, toml) in both(2_000) {
        let rig = Rig::new(kind, &toml);
        let mut count = 0;
        let asked = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&asked);
        rig.run(400 * SECOND, move |incoming| {
            count += 1;
            seen.store(count, Ordering::Relaxed);
            // Fast, then slow for good, then slow now and then.
            let slow = (50..100).contains(&count) || count >= 100 && count % 7 == 0;
            vec![(if slow { 950 * MS } else { 5 * MS }, incoming.reply())]
        })
        .await;
        let heard = take(&rig.ear);
        let all = readings(&heard, PointIndex(0));
        assert!(all.len() > 180, "{kind:?}: {}", all.len());
        assert!(all.iter().all(|reading| *reading == register(1, 0)), "{kind:?}");
        assert!(!heard.iter().any(|heard| matches!(heard, Heard::DeviceFailed(..))));
        let counters = report(&heard, 0).counters;
        // What became slow for good is asked twice only until that is learned.
        assert!(counters.timeouts <= 25, "{kind:?}: {counters:?}");
    }
}

/// What a gateway says for a unit it cannot reach says nothing about how long the unit takes.
#[tokio::test(start_paused = true)]
async fn a_gateways_own_patience_is_not_learned() {
    let [(kind, toml), _] = both(1_000);
    let rig = Rig::new(kind, &toml);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    rig.run(60 * SECOND, move |incoming| {
        let mut seen = seen.lock().unwrap();
        seen.push(Instant::now());
        match seen.len() {
            count if count % 2 == 0 && count < 30 => vec![(150 * MS, incoming.exception(0x0B))],
            31 => vec![],
            _ => vec![(5 * MS, incoming.reply())],
        }
    })
    .await;
    let asked = asked.lock().unwrap();
    let again = asked[31] - asked[30];
    assert!((200 * MS..230 * MS).contains(&again), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_retry_nothing_is_cut_short() {
    let [(kind, toml), _] = both(2_000);
    let rig = Rig::new(kind, &format!("retries = 0\n{toml}"));
    let mut count = 0;
    rig.run(100 * SECOND, move |incoming| {
        count += 1;
        vec![(if count % 10 == 0 { 990 * MS } else { MS }, incoming.reply())]
    })
    .await;
    let heard = take(&rig.ear);
    assert_eq!(report(&heard, 0).counters.timeouts, 0);
    assert!(readings(&heard, PointIndex(0)).len() >= 49);
}

/// What is predicted of the plan that runs is by what was measured, also where no other plan would be better for that.
#[tokio::test(start_paused = true)]
async fn a_plan_is_told_with_the_times_that_were_measured() {
    let rig = Rig::new(Kind::Tcp, &tcp("", &registers(3)));
    let mut count = 0;
    rig.run(100 * SECOND, move |incoming| {
        count += 1;
        vec![(if count < 50 { MS } else { 3 * MS }, incoming.reply())]
    })
    .await;
    let plans = rig.ear.plans();
    let told: Vec<u128> = plans.iter().map(|plan| plan[0].wire_time.unwrap().as_millis()).collect();
    assert_eq!(told[..2], [2, 1], "as assumed, then as measured: {told:?}");
    // Within a tenth of what it is now.
    let last = plans.last().unwrap()[0].wire_time.unwrap();
    assert!((27 * MS / 10..31 * MS / 10).contains(&last), "{last:?}");
    assert!(told.len() <= 2 + 100 / 10, "now and then: {told:?}");
}
