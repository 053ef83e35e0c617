//! Points that come and go while streams are open.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_point_that_comes_is_told_behind_its_catalogue() {
    let bench = Bench::new(1, Limits::default());
    let (mut feed, id) = bench.client([("*", PLAIN), ("line/speed", PLAIN)]).await;
    let places = bench.add(["p1", "line/speed", "line/other"]);
    assert_eq!(bench.next_after(&mut feed, 0).await.data, json!({"generation": 2}));
    let came = bench.next_after(&mut feed, 0).await;
    assert_eq!(came.ids(), ["p1", "line/speed"]);
    assert_eq!(came.data["points"][0]["reason"], "waiting");
    assert!(came.data.get("snapshot").is_none(), "it is a change like any other");
    assert_eq!(came.seq(), bench.table.settled());
    put(&bench.table, &places, 3);
    assert_eq!(bench.next_after(&mut feed, 0).await.ids(), ["p1", "line/speed"]);
    let verdicts = bench.session(&id).subscription().entries;
    let verdicts: Vec<_> = verdicts.into_iter().map(|entry| entry.verdict).collect();
    assert_eq!(verdicts, [Verdict::Selected(2), Verdict::Selected(1)]);
    let mut feed = bench.open(None, None).unwrap();
    assert_eq!(bench.next(&mut feed).await.data["catalog"], 2, "who comes later hears it at once");
}

#[tokio::test(start_paused = true)]
async fn a_catalogue_is_told_to_everybody_once_and_who_was_away_hears_it_when_coming_back() {
    let bench = Bench::new(1, Limits::default());
    let (mut feed, id) = bench.client([("p0", PLAIN)]).await;
    bench.add(["a"]);
    bench.add(["b"]);
    let catalog = bench.next_after(&mut feed, 0).await;
    assert_eq!((catalog.data["generation"].as_u64(), catalog.id), (Some(3), None));
    bench.quiet(&mut feed, 1_000).await;
    bench.add(["c"]);
    let mut feed = bench.open(Some(&id), None).unwrap();
    assert_eq!(bench.next(&mut feed).await.data["catalog"], 4);
    bench.add(["d"]);
    assert_eq!(bench.next_after(&mut feed, 0).await.data["generation"], 5);
}

#[tokio::test(start_paused = true)]
async fn a_point_that_goes_is_told_and_a_resume_repeats_it() {
    let bench = Bench::new(4, Limits::default());
    let (mut feed, before) = bench.client([("*", PLAIN)]).await;
    bench.sessions.remove_points(&[1, 3]);
    assert_eq!(bench.next_after(&mut feed, 0).await.data["generation"], 2);
    let removed = bench.next_after(&mut feed, 0).await;
    assert_eq!(removed.name, "removed");
    assert_eq!(removed.data, json!({"points": ["p1", "p3"], "why": "deleted"}));
    let after = removed.id.clone().unwrap();
    assert_eq!(removed.seq(), bench.table.settled());
    put(&bench.table, &[1, 3], 9);
    bench.quiet(&mut feed, 1_000).await;
    let mut feed = bench.resume(&before).await;
    let again = bench.next_after(&mut feed, 0).await;
    assert_eq!((&again.data, again.id), (&removed.data, removed.id));
    let mut feed = bench.resume(&after).await;
    bench.heartbeat(&mut feed).await;
}

#[tokio::test(start_paused = true)]
async fn a_point_that_goes_and_comes_again_is_another_point_of_the_same_id() {
    let bench = Bench::new(2, Limits::default());
    let (mut feed, before) = bench.client([("p0", PLAIN), ("p1", beyond(5.0))]).await;
    put(&bench.table, &[0, 1], 5);
    bench.next(&mut feed).await;
    bench.sessions.remove_points(&[0, 1]);
    for name in ["catalog", "removed"] {
        assert_eq!(bench.next_after(&mut feed, 0).await.name, name);
    }
    let new = bench.add(["p0", "p1"]);
    assert_eq!(new, [2, 3], "a place is never given twice");
    assert_eq!(bench.next_after(&mut feed, 0).await.name, "catalog");
    let came = bench.next_after(&mut feed, 0).await;
    assert_eq!(came.ids(), ["p0", "p1"]);
    put(&bench.table, &new, 6);
    assert_eq!(bench.next_after(&mut feed, 0).await.values(), [6, 6], "the deadband begins anew");
    // Who was away for all of it need know only what is there now.
    let mut feed = bench.resume(&before).await;
    let now = bench.next_after(&mut feed, 0).await;
    assert_eq!((now.ids(), now.values()), (vec!["p0", "p1"], vec![6, 6]));
    bench.heartbeat(&mut feed).await;
}

#[tokio::test(start_paused = true)]
async fn removals_wait_for_no_interval_of_an_entry_and_tear_no_reply() {
    let bench = Bench::new(3, Limits::default());
    let (mut feed, _) = bench.client([("p0", PLAIN), ("p1", every(9_000)), ("p2", PLAIN)]).await;
    put(&bench.table, &[1], 1);
    bench.next(&mut feed).await;
    put(&bench.table, &[0, 1], 2);
    bench.sessions.remove_points(&[1]);
    put(&bench.table, &[0, 2], 3);
    assert_eq!(bench.next_after(&mut feed, 0).await.name, "catalog");
    // The mark of the removed point stands between those of the reply.
    let reply = bench.next_after(&mut feed, 0).await;
    assert_eq!((reply.ids(), reply.values()), (vec!["p0", "p2"], vec![3, 3]));
    let removed = bench.next_after(&mut feed, 0).await;
    assert_eq!(removed.data["points"], json!(["p1"]));
    assert!(reply.seq() < removed.seq(), "no position before all up to it was told");
    assert_eq!(removed.seq(), bench.table.settled());
}

#[tokio::test(start_paused = true)]
async fn a_point_that_goes_in_mid_snapshot_is_told_behind_it() {
    let limits = Limits { frame_points: 2, ..Limits::default() };
    let bench = Bench::new(4, limits);
    let mut feed = bench.open(None, Some(&[0, 1, 2, 3])).unwrap();
    for _ in ["connect", "subscribed"] {
        bench.next(&mut feed).await;
    }
    assert_eq!(bench.next(&mut feed).await.ids(), ["p0", "p1"]);
    bench.sessions.remove_points(&[1, 2]);
    assert_eq!(bench.next(&mut feed).await.name, "catalog");
    let rest = bench.next(&mut feed).await;
    assert_eq!((rest.ids(), rest.data.get("more")), (vec!["p3"], None));
    let removed = bench.next(&mut feed).await;
    assert_eq!(removed.data["points"], json!(["p1", "p2"]));
    assert!(rest.seq() < removed.seq());
    assert_eq!(removed.seq(), bench.table.settled());
}

#[tokio::test(start_paused = true)]
async fn a_selection_made_anew_does_not_hide_that_a_point_went() {
    let bench = Bench::new(2, Limits::default());
    let (mut feed, id) = bench.client([("p0", PLAIN), ("p1", PLAIN)]).await;
    let again = Edit::Put(["p0", "p1"].map(|id| entry((id, PLAIN))).into());
    bench.session(&id).edit(again, None).unwrap();
    bench.sessions.remove_points(&[1]);
    assert_eq!(bench.next(&mut feed).await.name, "catalog");
    assert_eq!(bench.next(&mut feed).await.data, json!({"revision": 2, "count": 1}));
    let snapshot = bench.next(&mut feed).await;
    assert_eq!(snapshot.ids(), ["p0"]);
    let removed = bench.next(&mut feed).await;
    assert_eq!(removed.data["points"], json!(["p1"]));
    assert!(snapshot.seq() < removed.seq(), "a cut between them repeats it");
}

#[tokio::test(start_paused = true)]
async fn who_left_a_point_hears_nothing_of_its_end() {
    let bench = Bench::new(2, Limits::default());
    let (mut feed, id) = bench.client([("p0", PLAIN), ("p1", PLAIN)]).await;
    bench.sessions.remove_points(&[0]);
    bench.patch(&id, [], &["p0"]);
    for name in ["catalog", "subscribed", "points"] {
        assert_eq!(bench.next_after(&mut feed, 0).await.name, name);
    }
    bench.heartbeat(&mut feed).await;
}

#[tokio::test(start_paused = true)]
async fn points_that_pass_a_limit_are_left_out_and_open_streams_go_on() {
    let limits = Limits { points_per_client: 2, selected_points: 3, ..Limits::default() };
    let bench = Bench::new(1, limits);
    let (mut all, _) = bench.client([("*", PLAIN)]).await;
    let (mut one, _) = bench.client([("p1", PLAIN), ("p9", PLAIN)]).await;
    let new = bench.add(["p1", "p2"]);
    for feed in [&mut all, &mut one] {
        assert_eq!(bench.next_after(feed, 0).await.name, "catalog");
        assert_eq!(bench.next_after(feed, 0).await.ids(), ["p1"]);
    }
    assert_eq!(bench.sessions.selected_points(), 3);
    bench.add(["p9"]);
    assert_eq!(bench.next_after(&mut one, 0).await.name, "catalog");
    bench.quiet(&mut one, 1_000).await;
    put(&bench.table, &[0, new[0], new[1]], 1);
    let changes = bench.next(&mut all).await;
    assert_eq!(
        (changes.name.as_str(), bench.next(&mut all).await.ids()),
        ("catalog", vec!["p0", "p1"])
    );
    assert_eq!(bench.next(&mut one).await.ids(), ["p1"]);
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_passed_a_limit_leaves_the_others_their_wishes_when_points_come() {
    let limits = Limits { points_per_client: 2, ..Limits::default() };
    let bench = Bench::new(3, limits);
    let (mut feed, id) = bench.client([]).await;
    let wanted = [("*", every(9_000)), ("p1", every(1_000)), ("q", PLAIN)].map(entry);
    let edited = bench.session(&id).edit(Edit::Put(wanted.into()), None).unwrap();
    let verdicts: Vec<_> = edited.entries.iter().map(|entry| entry.verdict).collect();
    assert_eq!(verdicts, [Verdict::Limit, Verdict::Selected(1), Verdict::Unknown]);
    bench.add(["q"]);
    for name in ["catalog", "subscribed", "points"] {
        assert_eq!(bench.next(&mut feed).await.name, name);
    }
    put(&bench.table, &[1], 1);
    assert_eq!(bench.next_after(&mut feed, 0).await.values(), [1]);
    put(&bench.table, &[1], 2);
    assert_eq!(bench.next_after(&mut feed, 1_000).await.values(), [2]);
}
