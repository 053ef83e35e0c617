//! Changes whose marks are still being placed.

use pointcast_api::{Reading, UnixMs, Value};

use super::*;
use crate::table::{Batch, Update};

/// Begins a batch that gives a point a value.
fn begin(bench: &Bench, point: Index, value: i64) -> Batch {
    let reading = Reading::Good(Value::I64(value));
    bench.table.begin([(point, Update::Read(&reading, UnixMs(1)))]).unwrap()
}

fn mark(bench: &Bench, batch: &mut Batch) {
    while bench.table.mark_next(batch) {}
}

#[tokio::test(start_paused = true)]
async fn a_point_that_changes_in_more_batches_than_it_keeps_states_for_is_told_when_they_settle() {
    let bench = Bench::new(2, Limits::default());
    let (mut feed, id) = bench.client([("p0", PLAIN), ("p1", PLAIN)]).await;
    let told = super::super::EventId::parse(&id).unwrap().seq;
    let mut open: Vec<Batch> = (1..=20).map(|value| begin(&bench, 0, value)).collect();
    open.iter_mut().for_each(|batch| mark(&bench, batch));
    put(&bench.table, &[1], 5);
    // Nothing is at hand of the first point, and of the second nothing that is settled.
    bench.quiet(&mut feed, 1_000).await;
    bench.table.settle(open.remove(0));
    bench.quiet(&mut feed, 1_000).await;
    let heartbeat = bench.heartbeat(&mut feed).await;
    assert_eq!(heartbeat.seq(), told, "a change is settled that is in no frame");
    let mut feed = bench.resume(heartbeat.id.as_deref().unwrap()).await;
    bench.quiet(&mut feed, 1_000).await;
    open.into_iter().for_each(|batch| bench.table.settle(batch));
    let all = bench.next_after(&mut feed, 0).await;
    assert_eq!((all.ids(), all.values()), (vec!["p0", "p1"], vec![20, 5]));
    assert_eq!(all.seq(), bench.table.settled());
}

#[tokio::test(start_paused = true)]
async fn beside_such_a_point_the_others_go_on_and_the_position_stays() {
    let bench = Bench::new(2, Limits::default());
    let (mut feed, id) = bench.client([("p0", PLAIN), ("p1", PLAIN)]).await;
    let told = super::super::EventId::parse(&id).unwrap().seq;
    put(&bench.table, &[1], 5);
    let mut open: Vec<Batch> = (1..=20).map(|value| begin(&bench, 0, value)).collect();
    open.iter_mut().for_each(|batch| mark(&bench, batch));
    let first = bench.next_after(&mut feed, 0).await;
    assert_eq!((first.ids(), first.seq()), (vec!["p1"], told));
    open.into_iter().for_each(|batch| bench.table.settle(batch));
    let last = bench.next_after(&mut feed, 0).await;
    assert_eq!((last.values(), &last.data["skipped"]), (vec![20], &json!(19)));
    assert_eq!(last.seq(), bench.table.settled());
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_a_lane_and_is_not_at_hand_goes_on_waiting_and_holds_the_position() {
    let bench = Bench::new(2, Limits::default());
    let (mut feed, _) = bench.client([("p0", every(1_000)), ("p1", PLAIN)]).await;
    put(&bench.table, &[0], 1);
    let told = bench.next(&mut feed).await.seq();
    put(&bench.table, &[0], 2);
    bench.quiet(&mut feed, 100).await;
    let mut open: Vec<Batch> = (3..=22).map(|value| begin(&bench, 0, value)).collect();
    open.iter_mut().for_each(|batch| mark(&bench, batch));
    bench.quiet(&mut feed, 2_000).await;
    assert_eq!(bench.heartbeat(&mut feed).await.seq(), told);
    open.into_iter().for_each(|batch| bench.table.settle(batch));
    let last = bench.next_after(&mut feed, 0).await;
    assert_eq!((last.values(), last.seq()), (vec![22], bench.table.settled()));
}
