//! How a stream begins, and how it goes on after a break.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_new_stream_begins_with_its_state_and_then_hears_changes() {
    let bench = Bench::new(3, Limits::default());
    put(&bench.table, &[0, 1], 5);
    let mut feed = bench.open(None, Some(&[0, 1])).unwrap();
    let connect = bench.next(&mut feed).await;
    assert_eq!(connect.data["selection"], "query");
    assert_eq!(connect.data["resumed"], false);
    assert_eq!(connect.data["reset"], Json::Null);
    assert!(connect.id.unwrap().ends_with(".0.0"), "nothing was told yet");
    let subscribed = bench.next(&mut feed).await;
    assert_eq!((subscribed.name.as_str(), &subscribed.id), ("subscribed", &None));
    assert_eq!(subscribed.data, serde_json::json!({"revision": 1, "count": 2}));
    let snapshot = bench.next(&mut feed).await;
    assert_eq!((snapshot.ids(), snapshot.values()), (vec!["p0", "p1"], vec![5, 5]));
    assert_eq!(snapshot.data["snapshot"], 1);
    put(&bench.table, &[0, 1, 2], 6);
    let changes = bench.next(&mut feed).await;
    assert_eq!((changes.ids(), changes.values()), (vec!["p0", "p1"], vec![6, 6]));
    assert!(changes.data.get("snapshot").is_none() && changes.data.get("skipped").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_resume_tells_only_what_changed_since() {
    let bench = Bench::new(3, Limits::default());
    let mut feed = bench.open(None, Some(&[0, 1, 2])).unwrap();
    let id = bench.begin(&mut feed).await;
    drop(feed);
    put(&bench.table, &[1], 7);
    advance(Duration::from_secs(59)).await;
    bench.sessions.sweep(Instant::now());
    let mut feed = bench.open(Some(&id), Some(&[0])).unwrap();
    let connect = bench.next(&mut feed).await;
    assert_eq!(connect.data["resumed"], true);
    assert_eq!(connect.data["selection"], "kept");
    assert_eq!(connect.id.as_deref(), Some(id.as_str()), "a cut right here must lose nothing");
    let changes = bench.next(&mut feed).await;
    assert_eq!((changes.ids(), changes.values()), (vec!["p1"], vec![7]));
}

#[tokio::test(start_paused = true)]
async fn a_resume_that_cannot_be_says_why_and_starts_anew() {
    let bench = Bench::new(1, Limits::default());
    let mut feed = bench.open(None, Some(&[0])).unwrap();
    let id = bench.begin(&mut feed).await;
    let parts: Vec<&str> = id.split('.').collect();
    let (client, epoch) = (parts[0], parts[1]);
    let ahead = format!("{client}.{epoch}.99999.1");
    let unheard = format!("{client}.{epoch}.0.9");
    let restart = format!("{client}.another.0.1");
    let stranger = format!("nobody.{epoch}.0.1");
    for (id, reset, selection) in [
        (ahead.as_str(), "expired", "empty"),
        (unheard.as_str(), "expired", "empty"),
        (restart.as_str(), "restart", "empty"),
        (stranger.as_str(), "expired", "empty"),
        ("nonsense", "expired", "empty"),
    ] {
        let connect = bench.next(&mut bench.open(Some(id), None).unwrap()).await;
        assert_eq!(connect.data["reset"], reset, "{id}");
        assert_eq!(connect.data["resumed"], false);
        assert_eq!(connect.data["selection"], selection);
        assert_ne!(connect.data["client"], client);
    }
    drop(feed);
    advance(Limits::default().session_life).await;
    bench.sessions.sweep(Instant::now());
    let connect = bench.next(&mut bench.open(Some(&id), Some(&[0])).unwrap()).await;
    assert_eq!(
        (&connect.data["reset"], &connect.data["selection"]),
        (&"expired".into(), &"query".into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_large_snapshot_comes_in_frames_and_is_whole_only_with_the_last() {
    let limits = Limits { frame_points: 2, ..Limits::default() };
    let bench = Bench::new(5, limits);
    let mut feed = bench.open(None, Some(&[0, 1, 2, 3, 4])).unwrap();
    bench.next(&mut feed).await;
    bench.next(&mut feed).await;
    let first = bench.next(&mut feed).await;
    assert_eq!((first.ids(), &first.data["more"]), (vec!["p0", "p1"], &Json::from(true)));
    let cut = first.id.unwrap();
    assert!(cut.ends_with(".0.0"), "a cut here must repeat everything");
    let mut feed = bench.open(Some(&cut), None).unwrap();
    bench.next(&mut feed).await;
    assert_eq!(bench.next(&mut feed).await.name, "subscribed");
    let mut all = Vec::new();
    loop {
        let frame = bench.next(&mut feed).await;
        all.extend(frame.ids().iter().map(|id| (*id).to_owned()));
        if frame.data.get("more").is_none() {
            break;
        }
    }
    assert_eq!(all, ["p0", "p1", "p2", "p3", "p4"]);
}
