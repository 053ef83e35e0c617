//! Limits refuse the new and never hurt the old.

use super::*;

#[tokio::test(start_paused = true)]
async fn limits_refuse_the_new_and_never_hurt_the_old() {
    let limits = Limits { streams: 1, points_per_client: 1, ..Limits::default() };
    let bench = Bench::new(2, limits);
    assert_eq!(bench.open(None, Some(&[0, 1])).unwrap_err(), Refused::Points);
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
