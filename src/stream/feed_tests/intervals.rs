//! Entries that want to hear less often.

use super::*;

#[tokio::test(start_paused = true)]
async fn each_entry_has_its_own_interval() {
    let bench = Bench::new(2, Limits::default());
    let (mut feed, _) = bench.client([("p0", every(1_000)), ("p1", PLAIN)]).await;
    put(&bench.table, &[0, 1], 1);
    let first = bench.next_after(&mut feed, 0).await;
    assert_eq!(first.ids(), ["p0", "p1"], "the first change after quiet goes at once");
    for value in 2..5 {
        put(&bench.table, &[0, 1], value);
        let changes = bench.next_after(&mut feed, 0).await;
        assert_eq!((changes.ids(), changes.values()), (vec!["p1"], vec![value]));
    }
    let gathered = bench.next_after(&mut feed, 1_000).await;
    assert_eq!((gathered.ids(), gathered.values()), (vec!["p0"], vec![4]));
    assert_eq!(gathered.data["skipped"], 2);
    advance(Duration::from_secs(1)).await;
    put(&bench.table, &[0], 5);
    assert_eq!(bench.next_after(&mut feed, 0).await.values(), [5]);
}

#[tokio::test(start_paused = true)]
async fn a_reply_stays_together_among_entries_with_equal_interval() {
    let bench = Bench::new(4, Limits::default());
    let wanted = [("p0", every(500)), ("p1", every(500)), ("p2", every(700)), ("p3", PLAIN)];
    let (mut feed, _) = bench.client(wanted).await;
    put(&bench.table, &[0], 1);
    assert_eq!(bench.next_after(&mut feed, 0).await.ids(), ["p0"]);
    advance(Duration::from_millis(100)).await;
    put(&bench.table, &[0, 1, 2, 3], 2);
    assert_eq!(bench.next_after(&mut feed, 0).await.ids(), ["p2", "p3"]);
    let together = bench.next_after(&mut feed, 400).await;
    assert_eq!((together.ids(), together.values()), (vec!["p0", "p1"], vec![2, 2]));
}

#[tokio::test(start_paused = true)]
async fn what_an_interval_holds_back_is_behind_the_position_and_comes_with_a_resume() {
    let bench = Bench::new(2, Limits::default());
    let (mut feed, _) = bench.client([("p0", every(60_000)), ("p1", PLAIN)]).await;
    put(&bench.table, &[0], 1);
    let told = bench.next(&mut feed).await.seq();
    put(&bench.table, &[0], 2);
    put(&bench.table, &[1], 3);
    let other = bench.next(&mut feed).await;
    assert_eq!((other.ids(), other.seq()), (vec!["p1"], told));
    let heartbeat = bench.heartbeat(&mut feed).await;
    assert_eq!(heartbeat.seq(), told, "it is behind, and says so");
    let mut feed = bench.resume(heartbeat.id.as_deref().unwrap()).await;
    let missed = bench.next_after(&mut feed, 0).await;
    assert_eq!((missed.ids(), missed.values()), (vec!["p0", "p1"], vec![2, 3]));
    assert_eq!(missed.seq(), bench.table.settled());
}

#[tokio::test(start_paused = true)]
async fn an_edit_neither_opens_the_gate_nor_loses_what_waits() {
    let bench = Bench::new(2, Limits::default());
    let (mut feed, id) = bench.client([("p0", every(1_000))]).await;
    put(&bench.table, &[0], 1);
    bench.next(&mut feed).await;
    put(&bench.table, &[0], 2);
    bench.quiet(&mut feed, 400).await;
    bench.patch(&id, [("p1", PLAIN)], &[]);
    assert_eq!(bench.next_after(&mut feed, 0).await.name, "subscribed");
    assert_eq!(bench.next_after(&mut feed, 0).await.ids(), ["p1"]);
    assert_eq!(bench.next_after(&mut feed, 600).await.values(), [2]);
    put(&bench.table, &[0], 3);
    bench.quiet(&mut feed, 100).await;
    bench.patch(&id, [("p0", PLAIN)], &[]);
    assert_eq!(bench.next_after(&mut feed, 0).await.name, "subscribed");
    assert_eq!(bench.next_after(&mut feed, 0).await.data["points"], json!([]), "nothing joined");
    let at_once = bench.next_after(&mut feed, 0).await;
    assert_eq!(at_once.values(), [3], "who no longer wants to wait does not");
    assert_eq!(at_once.seq(), bench.table.settled());
}

#[tokio::test(start_paused = true)]
async fn the_streams_own_interval_holds_for_all_entries() {
    let bench = Bench::new(2, Limits::default());
    let pace = Pace { interval_ms: 300, ..PACE };
    let mut feed = bench.open_at(None, Some(&[0, 1]), pace).unwrap();
    let id = bench.begin(&mut feed).await;
    bench.patch(&id, [("p0", every(1_000))], &[]);
    for _ in 0..2 {
        bench.next(&mut feed).await;
    }
    put(&bench.table, &[0, 1], 1);
    assert_eq!(bench.next_after(&mut feed, 0).await.ids(), ["p0", "p1"]);
    put(&bench.table, &[0, 1], 2);
    assert_eq!(bench.next_after(&mut feed, 300).await.ids(), ["p1"]);
    assert_eq!(bench.next_after(&mut feed, 700).await.ids(), ["p0"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_quality_waits_for_its_interval_too_and_what_came_back_is_told() {
    let bench = Bench::new(1, Limits::default());
    let (mut feed, _) = bench.client([("p0", every(1_000))]).await;
    put(&bench.table, &[0], 1);
    bench.next(&mut feed).await;
    let failed =
        crate::table::Update::Fail(pointcast_api::Failure::Timeout, pointcast_api::UnixMs(2));
    bench.table.apply([(0, failed)]);
    put(&bench.table, &[0], 1);
    let back = bench.next_after(&mut feed, 1_000).await;
    assert_eq!((back.values(), &back.data["skipped"]), (vec![1], &json!(1)));
}
