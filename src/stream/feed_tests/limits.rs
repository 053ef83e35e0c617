//! Limits refuse the new and never hurt the old.

use super::*;

#[tokio::test(start_paused = true)]
async fn limits_refuse_the_new_and_never_hurt_the_old() {
    let limits = Limits { streams: 1, points_per_client: 1, ..Limits::default() };
    let bench = Bench::new(2, limits);
    assert_eq!(bench.open(None, Some(&[0, 1])).unwrap_err(), Refused::Points(1, 10_000_000));
    let mut feed = bench.open(None, Some(&[0])).unwrap();
    let id = bench.begin(&mut feed).await;
    assert_eq!(bench.open(None, None).unwrap_err(), Refused::Streams(1));
    let session = bench.sessions.find(client_of(&id)).unwrap();
    let edited = session.edit(Edit::Put(entries([0, 1])), None).unwrap();
    let verdicts: Vec<_> = edited.entries.iter().map(|entry| entry.verdict).collect();
    assert_eq!(verdicts, [Verdict::Selected(1), Verdict::Limit]);
    assert_eq!(session.subscription().entries.len(), 1, "what did not fit is not kept");
    drop(feed);
    assert_eq!(bench.sessions.open_streams(), 0);
    assert!(bench.open(Some(&id), None).is_ok(), "a session within its life keeps its place");
}

#[tokio::test(start_paused = true)]
async fn who_opens_and_drops_streams_fills_only_its_own_share_and_that_for_a_while() {
    let bench = Bench::new(1, Limits { sessions_per_address: 2, ..Limits::default() });
    for _ in 0..2 {
        drop(bench.open(None, None).unwrap());
    }
    assert_eq!(bench.open(None, None).unwrap_err(), Refused::SessionsPerAddress(2));
    let elsewhere = Opening {
        last_event_id: None,
        points: None,
        pace: PACE,
        form: Form::Plain,
        address: "127.0.0.2".parse().unwrap(),
    };
    assert!(bench.sessions.open(elsewhere).is_ok());
    advance(Limits::default().session_life).await;
    bench.sessions.sweep(Instant::now());
    assert!(bench.open(None, None).is_ok());
}

#[tokio::test(start_paused = true)]
async fn resumes_are_paid_for_like_edits() {
    let bench = Bench::new(1, Limits { snapshots_per_second: 2, ..Limits::default() });
    let mut feed = bench.open(None, None).unwrap();
    let id = bench.next(&mut feed).await.id.unwrap();
    for _ in 0..2 {
        drop(bench.resume(&id).await);
    }
    assert_eq!(bench.open(Some(&id), None).unwrap_err(), Refused::TooOften(2));
    assert_eq!(bench.sessions.open_streams(), 1);
    advance(Duration::from_millis(500)).await;
    drop(bench.resume(&id).await);
}

#[test]
fn many_at_once_do_not_pass_a_limit_together() {
    let limits = Limits { streams: 3, selected_points: 250, ..Limits::default() };
    let bench = Bench::new(100, limits);
    let open = || bench.open(None, Some(&(0..100).collect::<Vec<_>>()));
    let feeds: Vec<_> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..16).map(|_| scope.spawn(open)).collect();
        tries.into_iter().map(|tried| tried.join().unwrap()).collect()
    });
    let let_in = feeds.iter().flatten().count();
    assert!((1..=2).contains(&let_in), "{let_in}");
    assert_eq!(bench.sessions.open_streams(), let_in);
    assert_eq!(bench.sessions.selected_points(), 100 * let_in);
}

#[tokio::test(start_paused = true)]
async fn what_is_held_back_is_looked_at_in_pieces() {
    let bench = Bench::new(10_000, Limits::default());
    let (mut feed, _) = bench.client([("**", beyond(5.0))]).await;
    put(&bench.table, &(0..10_000).collect::<Vec<_>>(), 1);
    let told = bench.next(&mut feed).await;
    assert_eq!(told.name, "points", "a first number is sent");
    while timeout(Duration::from_millis(1), feed.next(&bench.stop)).await.is_ok() {}
    put(&bench.table, &(0..10_000).collect::<Vec<_>>(), 2);
    let mut out = Outgoing::default();
    let mut context = Context::from_waker(Waker::noop());
    let mut looks = 0;
    let now = Instant::now();
    while feed.poll(&mut context, now, &mut out) == Next::Idle(now) {
        looks += 1;
    }
    // It had been called, so the first poll looked twice.
    assert_eq!((looks, out.bytes.len()), (1, 0), "there was more to look at");
}

#[tokio::test(start_paused = true)]
async fn what_readers_do_not_take_is_counted_and_makes_frames_small() {
    let bench = Bench::new(1_000, Limits { pending_bytes: 100, ..Limits::default() });
    let snapshot = async || {
        let mut feed = bench.open(None, Some(&(0..1_000).collect::<Vec<_>>())).unwrap();
        for _ in ["connect", "subscribed"] {
            feed.next(&bench.stop).await.unwrap();
        }
        feed.next(&bench.stop).await.unwrap()
    };
    let pending = bench.sessions.totals().pending();
    let large = snapshot().await;
    assert!(large.len() > 2 * SMALL_BYTES, "{}", large.len());
    assert_eq!(pending.bytes(), large.len());
    let small = snapshot().await;
    assert!(small.len() < SMALL_BYTES + 512, "{}", small.len());
    assert_eq!(pending.bytes(), large.len() + small.len());
    drop((large, small));
    assert_eq!(pending.bytes(), 0);
    assert!(snapshot().await.len() > 2 * SMALL_BYTES);
}
