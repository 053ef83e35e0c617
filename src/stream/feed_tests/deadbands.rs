//! Entries that want to hear only of larger changes.

use pointcast_api::{About, Failure, UnixMs};

use super::*;
use crate::table::{Catalog, Update};

const FLUSHED: Wish =
    Wish { interval_ms: 0, deadband: Some(Deadband::Absolute(5.0)), flush_ms: Some(10_000) };

#[tokio::test(start_paused = true)]
async fn only_what_moves_further_than_its_deadband_is_sent() {
    let bench = Bench::new(1, Limits::default());
    let (mut feed, _) = bench.client([("p0", beyond(5.0))]).await;
    put(&bench.table, &[0], 10);
    assert_eq!(bench.next(&mut feed).await.values(), [10]);
    for value in [12, 15, 5, 14] {
        put(&bench.table, &[0], value);
        bench.quiet(&mut feed, 1_000).await;
    }
    put(&bench.table, &[0], 16);
    let far = bench.next_after(&mut feed, 0).await;
    assert_eq!((far.values(), &far.data["skipped"]), (vec![16], &json!(4)));
    put(&bench.table, &[0], 12);
    let heartbeat = bench.heartbeat(&mut feed).await;
    assert_eq!(heartbeat.seq(), bench.table.settled(), "what is passed over holds nothing up");
}

#[tokio::test(start_paused = true)]
async fn a_percentage_is_of_the_points_range() {
    let declare = |(id, range)| {
        let mut point = PointDeclaration::bare(PointId::new(id).unwrap(), ValueType::I64);
        point.change(|traits| traits.details.tell(About { range, ..About::default() }));
        (point, String::new())
    };
    let points = [("p0", Some((-100.0, 100.0))), ("p1", None)].map(declare);
    let table = Arc::new(Table::new(Catalog::new(points.into()).unwrap()));
    let bench = Bench::of(table, Limits::default());
    let percent = Wish { deadband: Some(Deadband::Percent(5.0)), ..PLAIN };
    let (mut feed, _) = bench.client([("*", percent)]).await;
    put(&bench.table, &[0, 1], 50);
    assert_eq!(bench.next(&mut feed).await.ids(), ["p0", "p1"]);
    put(&bench.table, &[0, 1], 60);
    assert_eq!(bench.next(&mut feed).await.ids(), ["p1"], "without a range there is no deadband");
    put(&bench.table, &[0, 1], 61);
    assert_eq!(bench.next(&mut feed).await.ids(), ["p0", "p1"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_quality_is_sent_whatever_the_deadband() {
    let bench = Bench::new(1, Limits::default());
    let (mut feed, _) = bench.client([("p0", beyond(1e9))]).await;
    put(&bench.table, &[0], 10);
    assert_eq!(bench.next(&mut feed).await.values(), [10]);
    bench.table.apply([(0, Update::Fail(Failure::Timeout, UnixMs(2)))]);
    let failed = bench.next_after(&mut feed, 0).await;
    assert_eq!(failed.data["points"][0]["reason"], "timeout");
    put(&bench.table, &[0], 10);
    assert_eq!(bench.next_after(&mut feed, 0).await.data["points"][0]["quality"], "good");
}

#[tokio::test(start_paused = true)]
async fn a_small_change_is_flushed_in_time_and_holds_the_position_until_then() {
    let bench = Bench::new(2, Limits::default());
    let (mut feed, _) = bench.client([("p0", FLUSHED), ("p1", PLAIN)]).await;
    put(&bench.table, &[0], 10);
    let told = bench.next(&mut feed).await.seq();
    put(&bench.table, &[0], 11);
    bench.quiet(&mut feed, 4_000).await;
    put(&bench.table, &[0, 1], 12);
    let other = bench.next_after(&mut feed, 0).await;
    assert_eq!((other.ids(), other.seq()), (vec!["p1"], told));
    let flushed = bench.next_after(&mut feed, 6_000).await;
    assert_eq!((flushed.ids(), flushed.values()), (vec!["p0"], vec![12]));
    assert_eq!(flushed.seq(), bench.table.settled());
    put(&bench.table, &[0], 17);
    bench.quiet(&mut feed, 5_000).await;
    let mut feed = bench.resume(flushed.id.as_deref().unwrap()).await;
    let resumed = bench.next_after(&mut feed, 0).await;
    assert_eq!(resumed.values(), [17], "a resume tells it, whatever the deadband says");
}

#[tokio::test(start_paused = true)]
async fn neither_edits_nor_points_that_come_put_a_flush_off() {
    let bench = Bench::new(2, Limits::default());
    let (mut feed, id) = bench.client([("**", FLUSHED)]).await;
    put(&bench.table, &[0], 10);
    bench.next(&mut feed).await;
    put(&bench.table, &[0], 11);
    bench.quiet(&mut feed, 3_000).await;
    bench.patch(&id, [("q", PLAIN)], &[]);
    for _ in ["subscribed", "points"] {
        bench.next_after(&mut feed, 0).await;
    }
    bench.quiet(&mut feed, 3_000).await;
    bench.add(["r"]);
    for _ in ["catalog", "points"] {
        bench.next_after(&mut feed, 0).await;
    }
    let flushed = bench.next_after(&mut feed, 4_000).await;
    assert_eq!((flushed.ids(), flushed.values()), (vec!["p0"], vec![11]));
}

#[tokio::test(start_paused = true)]
async fn who_wants_to_hear_more_is_told_what_was_passed_over() {
    let bench = Bench::new(2, Limits::default());
    let (mut feed, id) = bench.client([("p0", beyond(5.0)), ("p1", beyond(5.0))]).await;
    put(&bench.table, &[0, 1], 10);
    bench.next(&mut feed).await;
    put(&bench.table, &[0], 12);
    put(&bench.table, &[1], 14);
    bench.quiet(&mut feed, 1_000).await;
    bench.patch(&id, [("p1", beyond(3.0))], &[]);
    for _ in ["subscribed", "points"] {
        bench.next_after(&mut feed, 0).await;
    }
    let narrower = bench.next_after(&mut feed, 0).await;
    assert_eq!((narrower.ids(), narrower.values()), (vec!["p1"], vec![14]));
    bench.patch(&id, [("p0", PLAIN), ("p1", PLAIN)], &[]);
    for _ in ["subscribed", "points"] {
        bench.next_after(&mut feed, 0).await;
    }
    let exact = bench.next_after(&mut feed, 0).await;
    assert_eq!((exact.ids(), exact.values()), (vec!["p0"], vec![12]));
    bench.quiet(&mut feed, 1_000).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_passed_over_comes_with_every_resume_until_a_position_tells_of_it() {
    let bench = Bench::new(1, Limits::default());
    let (mut feed, _) = bench.client([("p0", beyond(5.0))]).await;
    put(&bench.table, &[0], 10);
    bench.next(&mut feed).await;
    put(&bench.table, &[0], 12);
    let id = bench.heartbeat(&mut feed).await.id.unwrap();
    // The first may have been lost on its way: the position is the same before and after it.
    for _ in 0..2 {
        let mut feed = bench.resume(&id).await;
        let resumed = bench.next_after(&mut feed, 0).await;
        assert_eq!((resumed.values(), resumed.id.as_deref()), (vec![12], Some(id.as_str())));
    }
    put(&bench.table, &[0], 20);
    let mut feed = bench.resume(&id).await;
    let id = bench.next_after(&mut feed, 0).await.id.unwrap();
    let mut feed = bench.resume(&id).await;
    bench.heartbeat(&mut feed).await;
}
