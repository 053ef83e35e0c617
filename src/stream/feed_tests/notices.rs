//! Messages to clients.

use super::*;
use crate::stream::notices::MAX_KEPT;

fn tell(bench: &Bench, to: Option<&str>, text: &str) -> Option<u64> {
    let to = to.map_or(Addressee::Everybody, |id| Addressee::Client(client_of(id).to_owned()));
    bench.sessions.notify(to, Severity::Warning, text.to_owned(), "10.0.0.7".to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_notice_reaches_whom_it_is_for_at_once_and_nobody_else() {
    let bench = Bench::new(1, Limits::default());
    let (mut a, id_a) = bench.client([("p0", PLAIN)]).await;
    let (mut b, id_b) = bench.client([]).await;
    bench.quiet(&mut a, 1_000).await;
    assert_eq!(tell(&bench, Some(&id_b), "to b"), Some(1));
    assert_eq!(tell(&bench, None, "to \"all\""), Some(2));
    assert_eq!(tell(&bench, Some(&id_a), "to a"), Some(3));
    let first = bench.next_after(&mut a, 0).await;
    assert_eq!((first.name.as_str(), first.id), ("notice", None), "it is no position");
    let Json::Object(mut fields) = first.data else { panic!("an object") };
    assert!(fields.remove("time").is_some_and(|time| time.is_u64()));
    let expected =
        json!({"id": 2, "severity": "warning", "text": "to \"all\"", "from": "10.0.0.7"});
    assert_eq!(Json::Object(fields), expected);
    assert_eq!(bench.next_after(&mut a, 0).await.data["id"], 3);
    bench.quiet(&mut a, 1_000).await;
    for (id, text) in [(1, "to b"), (2, "to \"all\"")] {
        let notice = bench.next_after(&mut b, 0).await.data;
        assert_eq!((&notice["id"], &notice["text"]), (&json!(id), &json!(text)));
    }
    bench.quiet(&mut b, 1_000).await;
    assert_eq!(tell(&bench, Some("nobody.e.0.0"), "?"), None);
}

#[tokio::test(start_paused = true)]
async fn what_came_while_a_client_was_away_comes_with_its_resume() {
    let bench = Bench::new(1, Limits::default());
    tell(&bench, None, "before its time");
    let (mut feed, id) = bench.client([("p0", PLAIN)]).await;
    tell(&bench, None, "while it is there");
    assert_eq!(bench.next(&mut feed).await.data["id"], 2);
    bench.quiet(&mut feed, 1_000).await;
    advance(Duration::from_secs(31)).await;
    drop(feed);
    tell(&bench, Some(&id), "while it is away");
    tell(&bench, None, "and another");
    let mut feed = bench.resume(&id).await;
    for id in [3, 4] {
        assert_eq!(bench.next_after(&mut feed, 0).await.data["id"], id);
    }
    advance(Duration::from_secs(31)).await;
    let mut feed = bench.resume(&id).await;
    bench.heartbeat(&mut feed).await;
}

/// A peer that vanished takes nothing, and is given up within thirty seconds.
#[tokio::test(start_paused = true)]
async fn what_was_written_shortly_before_a_connection_ended_is_written_again() {
    let bench = Bench::new(1, Limits::default());
    tell(&bench, None, "before its time");
    let (mut feed, id) = bench.client([("p0", PLAIN)]).await;
    tell(&bench, None, "it has arrived");
    assert_eq!(bench.next_after(&mut feed, 0).await.data["id"], 2);
    advance(Duration::from_millis(1_500)).await;
    tell(&bench, None, "nobody knows");
    assert_eq!(bench.next(&mut feed).await.data["id"], 3);
    advance(Duration::from_millis(29_500)).await;
    drop(feed);
    advance(Duration::from_secs(20)).await;
    let mut feed = bench.resume(&id).await;
    assert_eq!(bench.next_after(&mut feed, 0).await.data["id"], 3);
    // Another connection takes over: what this one was given is in doubt.
    let mut feed = bench.resume(&id).await;
    bench.heartbeat(&mut feed).await;
}

#[tokio::test(start_paused = true)]
async fn the_last_thousand_are_kept_for_who_is_away() {
    let bench = Bench::new(1, Limits::default());
    let (feed, id) = bench.client([("p0", PLAIN)]).await;
    drop(feed);
    assert_eq!(MAX_KEPT, 1_000);
    for _ in 0..=MAX_KEPT {
        tell(&bench, None, "again");
    }
    let mut feed = bench.resume(&id).await;
    for id in 2..=1_001 {
        assert_eq!(bench.next_after(&mut feed, 0).await.data["id"], id);
    }
    bench.heartbeat(&mut feed).await;
}
