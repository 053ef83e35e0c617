//! Answers that come when nobody waits for them any more.

use super::*;

/// The most important test of this crate: the first answer comes late, by any time up to the bound, and
/// has the shape of the second. The second request must get its own answer or none.
#[tokio::test(start_paused = true)]
async fn a_late_answer_is_never_taken_for_the_next_one() {
    let tcp = timing(Wire::Rtu).line;
    for wire in Wire::ALL {
        let line = wire.coding().map_or(tcp, |_| timing(wire).line).unwrap();
        for late_ms in 0..=400 {
            let requests = [registers(1, 100), registers(1, 200), registers(1, 300)];
            let (answers, _) = asked(wire, &requests, move |count, incoming| {
                let begins = Duration::from_millis(if count == 0 { late_ms } else { 1 });
                vec![(begins + line.reply(&incoming.request), incoming.reply())]
            })
            .await;
            // In between it depends on how long request and reply take on the wire.
            assert!(late_ms >= 80 || answers[0].is_some(), "{wire:?} {late_ms}");
            assert!(late_ms <= 130 || answers[0].is_none(), "{wire:?} {late_ms}");
            assert!(answers[0].is_none() || answers[0] == Some(right(&requests[0])));
            // The guard costs time, never an answer.
            assert_eq!(answers[1], Some(right(&requests[1])), "{wire:?} {late_ms} ms late");
            assert_eq!(answers[2], Some(right(&requests[2])), "{wire:?} {late_ms} ms late");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_exception_is_never_taken_for_the_next_one() {
    for wire in Wire::ALL {
        for late_ms in 150..=400 {
            let requests = [registers(1, 100), registers(1, 200)];
            let (answers, strays) = asked(wire, &requests, move |count, incoming| match count {
                0 => vec![(Duration::from_millis(late_ms), incoming.exception(2))],
                _ => at_once(incoming.reply()),
            })
            .await;
            assert_eq!(answers, [None, Some(right(&requests[1]))], "{wire:?} {late_ms} ms late");
            assert!(strays.len() <= 1);
        }
    }
}

/// While one unit rests, another is asked; the late answer of the first comes in the middle of that, or
/// joined to the other's answer.
#[tokio::test(start_paused = true)]
async fn a_late_answer_between_others_is_thrown_away_and_ends_the_rest() {
    for late_ms in 130..=400 {
        let stream = bus(Wire::Rtu, move |count, incoming| match count {
            0 => vec![(Duration::from_millis(late_ms), incoming.reply())],
            _ => vec![(Duration::from_millis(60), incoming.reply())],
        });
        let mut link = RtuLink::new(stream, timing(Wire::Rtu));
        let first = registers(1, 100);
        assert_eq!(outcome(&mut link, &[first]).await.0, [None]);
        let mut late = 0;
        while link.rests_until(1) > Some(Instant::now()) {
            let other = registers(2, 50);
            let (answers, strays) = outcome(&mut link, &[other]).await;
            assert_eq!(answers, [Some(right(&other))], "{late_ms}");
            late += strays.iter().filter(|stray| stray.0 == StrayKind::Late).count();
        }
        assert_eq!(late, 1, "{late_ms}");
        let again = registers(1, 300);
        assert_eq!(outcome(&mut link, &[again]).await, (vec![Some(right(&again))], vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_did_not_answer_rests_for_the_longest_delay() {
    let stream = bus(Wire::Rtu, |_, _| vec![]);
    let mut link = RtuLink::new(stream, timing(Wire::Rtu));
    let request = registers(1, 100);
    // On a port just opened everybody rests.
    assert!(link.rests_until(9).is_some_and(|until| until > Instant::now() + MAX_REPLY_DELAY));
    let opened = Instant::now();
    assert_eq!(outcome(&mut link, &[request]).await.0, [None]);
    assert!(opened.elapsed() >= MAX_REPLY_DELAY + PATIENCE);
    let rest = link.rests_until(1).unwrap() - Instant::now();
    assert!(rest + PATIENCE >= MAX_REPLY_DELAY, "{rest:?}");
    assert!(link.rests_until(9) <= Some(Instant::now()));
    advance(rest).await;
    assert!(link.rests_until(1) <= Some(Instant::now()));
}

#[tokio::test(start_paused = true)]
async fn what_a_master_before_us_asked_for_is_not_ours() {
    let (ours, mut theirs) = tokio::io::duplex(4096);
    let earlier =
        Incoming { wire: Wire::Rtu, transaction: 0, request: registers(1, 900), is_fence: false };
    tokio::spawn(async move {
        tokio::time::sleep(MAX_REPLY_DELAY).await;
        theirs.write_all(&earlier.reply()).await.unwrap();
        serve(theirs, Wire::Rtu, |incoming| at_once(incoming.reply())).await;
    });
    let request = registers(1, 100);
    let (answers, strays) = outcome(&mut RtuLink::new(ours, timing(Wire::Rtu)), &[request]).await;
    assert_eq!(answers, [Some(right(&request))]);
    assert_eq!(strays, [(StrayKind::Foreign, Some(1))]);
}
