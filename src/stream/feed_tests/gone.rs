//! What is left of points that went, and for how long.

use super::*;

impl Bench {
    /// A point comes, and the stream tells of it.
    async fn comes(&self, feed: &mut Feed, id: &str) -> (Index, Event) {
        let place = self.add([id])[0];
        assert_eq!(self.next_after(feed, 0).await.name, "catalog");
        let came = self.next_after(feed, 0).await;
        assert_eq!(came.ids(), [id]);
        (place, came)
    }

    /// A point goes, and the stream tells of it.
    async fn goes(&self, feed: &mut Feed, place: Index) -> Event {
        self.sessions.remove_points(&[place]);
        assert_eq!(self.next_after(feed, 0).await.name, "catalog");
        let removed = self.next_after(feed, 0).await;
        assert_eq!(removed.name, "removed");
        removed
    }

    /// What `connect` says to a client that comes back with this id.
    async fn comes_back(&self, id: &Option<String>) -> (bool, Json) {
        let mut feed = self.open(id.as_deref(), None).unwrap();
        let connect = self.next(&mut feed).await;
        (connect.data["resumed"] == true, connect.data["reset"].clone())
    }
}

#[tokio::test(start_paused = true)]
async fn points_that_went_do_not_count_against_a_limit_however_many_there_were() {
    let limits = Limits { points_per_client: 5, selected_points: 7, ..Limits::default() };
    let bench = Bench::keeping(10, 1, limits);
    let (mut feed, id) = bench.client([("**", PLAIN)]).await;
    let session = bench.session(&id);
    for round in 0..40 {
        let (place, _) = bench.comes(&mut feed, &format!("new/{round}")).await;
        assert_eq!((bench.sessions.selected_points(), session.overview().points), (2, 2));
        bench.goes(&mut feed, place).await;
        let (points, kept, places) = session.holds();
        assert_eq!((points, bench.sessions.selected_points()), (1, 1));
        assert!(kept <= 10 && places <= 12, "{kept} are kept at {places} places");
    }
    for id in ["a", "b", "c", "d"] {
        bench.comes(&mut feed, id).await;
    }
    bench.add(["e"]);
    assert_eq!(bench.next_after(&mut feed, 0).await.name, "catalog");
    bench.quiet(&mut feed, 1_000).await;
    bench.patch(&id, [], &["**"]);
    assert_eq!((session.holds(), bench.sessions.selected_points()), ((0, 0, 0), 0));
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_again_has_the_place_that_it_had_whatever_the_limits_say() {
    let bench = Bench::new(2, Limits { points_per_client: 2, ..Limits::default() });
    let (mut feed, id) = bench.client([("**", PLAIN)]).await;
    bench.goes(&mut feed, 0).await;
    bench.comes(&mut feed, "other").await;
    bench.add(["more"]);
    assert_eq!(bench.next_after(&mut feed, 0).await.name, "catalog");
    bench.comes(&mut feed, "p0").await;
    assert_eq!(bench.session(&id).holds(), (3, 0, 3));
}

#[tokio::test(start_paused = true)]
async fn who_missed_the_end_of_a_point_that_is_not_kept_begins_anew() {
    let bench = Bench::keeping(2, 6, Limits::default());
    let (mut feed, before) = bench.client([("*", PLAIN)]).await;
    let session = bench.session(&before);
    let mut ids = vec![Some(before)];
    for place in 0..5 {
        ids.push(bench.goes(&mut feed, place).await.id);
    }
    assert_eq!(session.holds(), (1, 2, 6));
    // Behind the first, the second and the third end the client lacks at most what is kept.
    for (id, knows) in ids.iter().zip([false, false, false, true, true, true]) {
        let expected = if knows { (true, Json::Null) } else { (false, "expired".into()) };
        assert_eq!(bench.comes_back(id).await, expected, "{id:?}");
    }
    // The last of them knew of all.
    assert_eq!(session.holds(), (1, 0, 6));
    assert_eq!(bench.comes_back(&ids[4]).await, (false, "expired".into()));
    assert_eq!(bench.comes_back(&ids[5]).await, (true, Json::Null));
}

#[tokio::test(start_paused = true)]
async fn what_was_not_told_is_kept_whatever_the_bound() {
    let bench = Bench::keeping(1, 6, Limits::default());
    let (mut feed, id) = bench.client([("*", PLAIN)]).await;
    bench.sessions.remove_points(&[0, 1, 2, 3]);
    bench.add(["new"]);
    assert_eq!(bench.session(&id).holds(), (3, 4, 7));
    let mut again = bench.resume(&id).await;
    let removed = bench.next_after(&mut again, 0).await;
    assert_eq!(removed.ids_removed(), ["p0", "p1", "p2", "p3"]);
    assert_eq!(bench.session(&id).holds(), (3, 1, 7), "the oldest go first");
    assert_eq!(bench.next_after(&mut again, 0).await.ids(), ["new"]);
    assert_eq!(bench.next(&mut feed).await.name, "replaced");
    bench.comes(&mut again, "p1").await;
    bench.comes(&mut again, "p3").await;
    assert_eq!(bench.session(&id).holds(), (5, 0, 7), "no place is made while there is one");
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_client_takes_nothing_ends_when_too_much_was_removed() {
    let limits = Limits { points_per_client: 2, ..Limits::default() };
    let bench = Bench::keeping(1, 1, limits);
    let (mut feed, id) = bench.client([("**", PLAIN)]).await;
    let mut there = true;
    for round in 0..5 {
        let place = bench.add([format!("new/{round}").as_str()])[0];
        bench.sessions.remove_points(&[place]);
        there = bench.session(&id).edit(Edit::Patch { add: vec![], remove: vec![] }, Some(9))
            != Err(EditError::Over);
        if !there {
            break;
        }
    }
    assert!(!there, "so much is kept: {:?}", bench.session(&id).holds());
    assert!(feed.next(&bench.stop).await.is_none(), "the stream ends");
    drop(feed);
    assert_eq!(bench.comes_back(&Some(id)).await, (false, "expired".into()));
    bench.sessions.sweep(Instant::now());
    assert_eq!((bench.sessions.held(), bench.sessions.selected_points()), (1, 0));
}
