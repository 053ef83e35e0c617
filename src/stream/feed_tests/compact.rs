//! The compact form.

use pointcast_api::{Failure, Reading, UnixMs, Value};

use super::*;
use crate::table::Update;

/// A new client, which has its snapshot; with that and its last id.
async fn begin(bench: &Bench, points: &[usize]) -> (Feed, Json, String) {
    let mut feed = bench.open_in(Form::Compact, None, Some(points));
    for expected in ["connect", "subscribed"] {
        assert_eq!(bench.next(&mut feed).await.name, expected);
    }
    let snapshot = bench.next(&mut feed).await;
    (feed, snapshot.data, snapshot.id.unwrap())
}

#[tokio::test(start_paused = true)]
async fn its_first_event_tells_what_times_are_counted_from_and_that_of_the_plain_form_does_not() {
    let bench = Bench::new(1, Limits::default());
    let connect = bench.next(&mut bench.open_in(Form::Compact, None, None)).await;
    assert_eq!(connect.data["t0"].as_u64(), Some(bench.table.t0().0));
    assert_eq!(connect.data["catalog"], 1);
    let connect = bench.next(&mut bench.open_in(Form::Plain, None, None)).await;
    assert_eq!(connect.data.get("t0"), None);
    assert_eq!(connect.data["catalog"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_row_is_alias_value_time_and_a_reason_if_there_is_one() {
    let bench = Bench::new(2, Limits::default());
    let (mut feed, snapshot, _) = begin(&bench, &[0, 1]).await;
    assert_eq!(snapshot["points"], json!([[0, null, null, "waiting"], [1, null, null, "waiting"]]));
    let later = UnixMs(bench.table.t0().0 + 250);
    let reading = Reading::Good(Value::I64(7));
    bench.table.apply([(1, Update::Read(&reading, later))]);
    assert_eq!(bench.next(&mut feed).await.data, json!({"points": [[1, 7, 250]]}));
    bench.table.apply([(1, Update::Fail(Failure::DeviceError, later))]);
    let failed = bench.next(&mut feed).await;
    assert_eq!(failed.data, json!({"points": [[1, 7, 250, "device_error"]]}));
    bench.sessions.remove_points(&[1]);
    assert_eq!(bench.next(&mut feed).await.name, "catalog");
    assert_eq!(bench.next(&mut feed).await.data, json!({"points": ["p1"], "why": "deleted"}));
}

#[tokio::test(start_paused = true)]
async fn a_name_is_declared_where_its_alias_first_stands_on_a_connection() {
    let bench = Bench::new(3, Limits::default());
    let (mut feed, snapshot, id) = begin(&bench, &[2, 0]).await;
    assert_eq!(snapshot["names"], json!({"2": "p2", "0": "p0"}));
    put(&bench.table, &[0], 1);
    assert_eq!(bench.next(&mut feed).await.data.get("names"), None, "it is known by now");
    bench.patch(&id, [("p1", PLAIN), ("q", PLAIN)], &[]);
    bench.next(&mut feed).await;
    assert_eq!(bench.next(&mut feed).await.data["names"], json!({"1": "p1"}));
    bench.add(["q"]);
    bench.next(&mut feed).await;
    let came = bench.next(&mut feed).await;
    assert_eq!(came.data["names"], json!({"3": "q"}));
    put(&bench.table, &[2], 2);
    let last = bench.next(&mut feed).await.id.unwrap();
    put(&bench.table, &[0, 3], 3);
    let mut feed = bench.open_in(Form::Compact, Some(&last), None);
    bench.next(&mut feed).await;
    let resumed = bench.next(&mut feed).await;
    assert_eq!(resumed.data["names"], json!({"0": "p0", "3": "q"}), "a new connection knows none");
    let (_, other, _) = begin(&bench, &[0, 1, 2]).await;
    let everyone = json!({"0": "p0", "1": "p1", "2": "p2"});
    assert_eq!(other["names"], everyone, "an alias means the same to all");
}

#[tokio::test(start_paused = true)]
async fn a_client_may_come_back_in_the_other_form() {
    let bench = Bench::new(2, Limits::default());
    let (feed, _, id) = begin(&bench, &[0, 1]).await;
    drop(feed);
    put(&bench.table, &[0], 1);
    let mut feed = bench.resume(&id).await;
    let plain = bench.next(&mut feed).await;
    assert_eq!((plain.ids(), plain.data.get("names")), (vec!["p0"], None));
    let mut feed = bench.open_in(Form::Compact, Some(&id), None);
    bench.next(&mut feed).await;
    assert_eq!(bench.next(&mut feed).await.data["names"], json!({"0": "p0"}));
}
