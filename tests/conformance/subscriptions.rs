//! Chapter "Subscriptions": entries, verdicts, revisions and their conflicts.

use serde_json::{Value as Json, json};

use crate::peer::http::{get, send};
use crate::place::{among_others, lane, place};
use crate::site::LANE_POINTS;
use crate::stream::{Stream, ask};

/// The verdicts of an answer, in their order.
fn verdicts(answer: &Json) -> Vec<(&str, Option<u64>)> {
    let entries = answer["entries"].as_array().unwrap();
    entries.iter().map(|e| (e["status"].as_str().unwrap(), e["count"].as_u64())).collect()
}

#[test]
fn each_entry_has_a_verdict_in_the_order_in_which_they_were_given() {
    let _among = among_others();
    let lane = lane();
    let stream = Stream::open("");
    let entries = json!([lane.id("b"), "no/such", {"match": lane.all()}, "no/*"]);
    let answer = stream.subscription("PUT", &json!({ "points": entries }));
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let answer = answer.json();
    let all = LANE_POINTS.len() as u64;
    let wanted = [("ok", Some(1)), ("unknown", Some(0)), ("ok", Some(all)), ("unknown", Some(0))];
    assert_eq!(verdicts(&answer), wanted);
    let matches: Vec<&Json> =
        answer["entries"].as_array().unwrap().iter().map(|e| &e["match"]).collect();
    assert_eq!(
        matches,
        [&json!(lane.id("b")), &json!("no/such"), &json!(lane.all()), &json!("no/*")]
    );
}

#[test]
fn a_point_in_several_entries_is_one_point() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::open("");
    stream.put(&json!([lane.id("a"), lane.id("*"), lane.all()]));
    assert_eq!(stream.next_named("subscribed").data["count"], LANE_POINTS.len());
    assert_eq!(stream.snapshot().1.len(), LANE_POINTS.len());
    // It stays as long as one of them does.
    let remove = json!({"remove": [lane.id("*"), lane.all()]});
    assert_eq!(stream.subscription("PATCH", &remove).status, 200);
    assert_eq!(stream.next_named("subscribed").data["count"], 1);
    stream.snapshot();
    lane.set("a", 1);
    stream.until(&lane.id("a"), &json!(1));
}

#[test]
fn what_is_removed_is_named_as_it_was_given() {
    let _among = among_others();
    let lane = lane();
    let stream = Stream::open("");
    stream.put(&json!([lane.id("a"), lane.all()]));
    let body = json!({"remove": [lane.id("b"), lane.id("a"), "no/such"]});
    let answer = stream.subscription("PATCH", &body).json();
    assert_eq!(verdicts(&answer), [("unknown", None), ("ok", None), ("unknown", None)]);
    let shown = get(place().address, &stream.subscription_path()).json();
    assert_eq!(
        shown["entries"],
        json!([{"match": lane.all(), "status": "ok", "count": LANE_POINTS.len()}])
    );
}

#[test]
fn every_change_is_a_revision_and_the_etag_names_it() {
    let _among = among_others();
    let lane = lane();
    let stream = Stream::open("");
    for (revision, body) in
        [(1, json!({"points": [lane.all()]})), (2, json!({"points": [lane.all()]}))]
    {
        let answer = stream.subscription("PUT", &body);
        assert_eq!(answer.header("etag"), Some(format!("\"{revision}\"").as_str()));
        assert_eq!(answer.json()["revision"], revision);
    }
    let shown = get(place().address, &stream.subscription_path());
    assert_eq!(
        (shown.status, shown.header("etag")),
        (200, Some("\"2\"")),
        "to look changes nothing"
    );
    let emptied = ask("DELETE", &stream.subscription_path(), &[], "");
    assert_eq!((emptied.header("etag"), &emptied.json()["entries"]), (Some("\"3\""), &json!([])));
}

#[test]
fn of_two_editors_the_second_is_told_of_the_first() {
    let _among = among_others();
    let lane = lane();
    let stream = Stream::open("");
    stream.put(&json!([lane.id("a")]));
    let edit = |method: &str, revision: &str, body: &Json| {
        let fields = [("Content-Type", "application/json"), ("If-Match", revision)];
        ask(method, &stream.subscription_path(), &fields, &body.to_string())
    };
    let add = json!({"add": [lane.id("b")]});
    assert_eq!(edit("PATCH", "\"1\"", &add).status, 200);
    for (method, body) in [("PATCH", &add), ("PUT", &json!({"points": []})), ("DELETE", &json!({}))]
    {
        let late = edit(method, "\"1\"", body);
        assert_eq!(late.status, 412, "{method}: {}", late.body);
        assert_eq!(late.header("content-type"), Some("application/problem+json"));
        let malformed = edit(method, "1", body);
        assert_eq!(
            (malformed.status, &malformed.json()["errors"][0]["field"]),
            (400, &json!("If-Match"))
        );
    }
    let shown = get(place().address, &stream.subscription_path()).json();
    assert_eq!((&shown["revision"], shown["entries"].as_array().unwrap().len()), (&json!(2), 2));
    assert_eq!(edit("PUT", "*", &json!({"points": []})).json()["revision"], 3, "any will do");
}

#[test]
fn a_bad_entry_is_named_and_none_of_the_good_ones_is_taken() {
    let _among = among_others();
    let lane = lane();
    let stream = Stream::open("");
    let named = |method: &str, body: &Json| -> Vec<String> {
        let answer = stream.subscription(method, body);
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    };
    let good = lane.id("a");
    assert_eq!(
        named("PUT", &json!({"points": [good, "a//b", 5, null, {"match": 1}, {"match": "a*"}]})),
        ["points[1]", "points[2]", "points[3]", "points[4].match", "points[5]"]
    );
    assert_eq!(
        named("PUT", &json!({"points": [{"match": good, "intervall_ms": 5}]})),
        ["points[0].intervall_ms"]
    );
    assert_eq!(named("PUT", &json!({"points": {"match": good}})), ["points"]);
    assert_eq!(named("PUT", &json!({})), ["points"]);
    assert_eq!(named("PUT", &json!([good])), ["body"]);
    assert_eq!(named("PUT", &json!({"points": [good], "more": 1})), ["more"]);
    assert_eq!(
        named("PATCH", &json!({"add": [good, "a//b"], "remove": [good, 5]})),
        ["add[1]", "remove[1]"]
    );
    let shown = get(place().address, &stream.subscription_path()).json();
    assert_eq!((&shown["revision"], &shown["entries"]), (&json!(0), &json!([])));
}

#[test]
fn a_client_that_is_not_there_is_unknown_to_every_method() {
    let _among = among_others();
    for client in ["nobody", &"x".repeat(22), "%2e%2e"] {
        let path = format!("/api/v1/clients/{client}/subscription");
        for (method, body) in
            [("GET", ""), ("DELETE", ""), ("PUT", "{\"points\":[]}"), ("PATCH", "{}")]
        {
            let answer = ask(method, &path, &[("Content-Type", "application/json")], body);
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.body);
        }
    }
}

#[test]
fn a_subscription_outlives_its_connection() {
    let _among = among_others();
    let lane = lane();
    let stream = Stream::of(&lane.id("a"));
    let (path, id) = (stream.subscription_path(), stream.last_id.clone().unwrap().to_string());
    drop(stream);
    let answer = send(place().address, "PUT", &path, &json!({"points": [lane.id("c")]}));
    assert_eq!((answer.status, &answer.json()["revision"]), (200, &json!(2)));
    let mut back = Stream::open_with("", &[("Last-Event-ID", &id)]);
    assert_eq!(back.snapshot().1, [lane.id("c")]);
}

#[test]
fn many_edits_while_the_stream_runs_end_in_the_last() {
    let _among = among_others();
    let lane = lane();
    let mut stream = Stream::of(&lane.all());
    for turn in 0..50 {
        stream.put(&json!([lane.id(LANE_POINTS[turn % LANE_POINTS.len()])]));
    }
    while stream.next_named("subscribed").data["revision"] != 51 {}
    let last = lane.id(LANE_POINTS[49 % LANE_POINTS.len()]);
    assert_eq!(stream.snapshot().1, [last]);
}
