//! Selections that change while a stream is open.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_edit_is_acknowledged_before_any_event_of_the_new_selection() {
    let bench = Bench::new(3, Limits::default());
    let mut feed = bench.open(None, Some(&[0])).unwrap();
    let id = bench.begin(&mut feed).await;
    let session = bench.sessions.find(client_of(&id)).unwrap();
    put(&bench.table, &[0, 1], 1);
    let add = Edit::Patch { add: entries([1]), remove: vec!["p0".to_owned(), "p9".to_owned()] };
    let edited = session.edit(add, Some(1)).unwrap();
    let verdicts: Vec<_> = edited.entries.iter().map(|entry| entry.verdict).collect();
    assert_eq!(verdicts, [Verdict::Selected(1), Verdict::Removed, Verdict::NoSuchEntry]);
    assert_eq!(session.edit(Edit::Put(Vec::new()), Some(1)), Err(EditError::Conflict(2)));
    let subscribed = bench.next(&mut feed).await;
    assert_eq!(subscribed.data, serde_json::json!({"revision": 2, "count": 1}));
    let snapshot = bench.next(&mut feed).await;
    assert_eq!((snapshot.ids(), &snapshot.data["snapshot"]), (vec!["p1"], &Json::from(2)));
    session.edit(Edit::Put(Vec::new()), None).unwrap();
    assert_eq!(bench.next(&mut feed).await.data["count"], 0);
    let empty = bench.next(&mut feed).await;
    assert_eq!((empty.ids(), &empty.data["snapshot"]), (vec![], &Json::from(3)));
}
