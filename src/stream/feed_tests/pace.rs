//! When a stream speaks: heartbeats, its own interval, slow readers.

use super::*;

#[tokio::test(start_paused = true)]
async fn silence_is_broken_by_a_heartbeat_that_proves_the_position() {
    let bench = Bench::new(2, Limits::default());
    let mut feed = bench.open(None, Some(&[0])).unwrap();
    bench.begin(&mut feed).await;
    put(&bench.table, &[1], 1);
    let before = Instant::now();
    let heartbeat = bench.next(&mut feed).await;
    assert_eq!(heartbeat.name, "heartbeat");
    assert_eq!(before.elapsed(), HEARTBEAT);
    assert_eq!(heartbeat.data["heartbeat_ms"], 15_000);
    let settled = bench.table.settled();
    assert!(heartbeat.id.unwrap().ends_with(&format!(".{settled}.1")));
}

#[tokio::test(start_paused = true)]
async fn an_interval_gathers_but_the_first_change_after_quiet_goes_at_once() {
    let bench = Bench::new(1, Limits::default());
    let pace = Pace { interval_ms: 1_000, ..PACE };
    let mut feed = bench.open_at(None, Some(&[0]), pace).unwrap();
    bench.begin(&mut feed).await;
    let begin = Instant::now();
    put(&bench.table, &[0], 1);
    assert_eq!(bench.next(&mut feed).await.values(), [1]);
    assert_eq!(begin.elapsed(), Duration::ZERO);
    for value in 2..=4 {
        put(&bench.table, &[0], value);
    }
    let gathered = bench.next(&mut feed).await;
    assert_eq!(begin.elapsed(), Duration::from_secs(1));
    assert_eq!((gathered.values(), &gathered.data["skipped"]), (vec![4], &Json::from(2)));
    advance(Duration::from_secs(5)).await;
    let quiet_over = Instant::now();
    put(&bench.table, &[0], 5);
    assert_eq!(bench.next(&mut feed).await.values(), [5]);
    assert_eq!(quiet_over.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_gets_the_newest_and_hears_what_it_missed() {
    let bench = Bench::new(2, Limits::default());
    let mut feed = bench.open(None, Some(&[0, 1])).unwrap();
    bench.begin(&mut feed).await;
    for value in 1..=100 {
        put(&bench.table, &[0, 1], value);
    }
    let late = bench.next(&mut feed).await;
    assert_eq!(late.values(), [100, 100]);
    assert_eq!(late.data["skipped"], 198);
}
