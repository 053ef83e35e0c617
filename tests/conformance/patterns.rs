//! Chapter "Patterns": what an entry of a selection means.

use std::collections::BTreeSet;

use serde_json::json;

use crate::peer::http::get;
use crate::place::{among_others, place};
use crate::stream::Stream;

/// The ids of all points, the gateway's own among them.
fn all_ids() -> BTreeSet<String> {
    let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let path = format!("/api/v1/points?limit=1000&cursor={cursor}");
        let page = get(place().address, &path).json();
        for point in page["points"].as_array().unwrap() {
            assert!(ids.insert(point["id"].as_str().unwrap().to_owned()), "{point} on two pages");
        }
        match page["cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return ids,
        }
    }
}

/// The contract's two sentences: `*` is exactly one segment, a last `**` is one or more; `$…` points match only a
/// pattern that itself begins with `$`.
fn matches(pattern: &str, id: &str) -> bool {
    if id.starts_with('$') && !pattern.starts_with('$') {
        return false;
    }
    let (pattern, id): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), id.split('/').collect());
    let (parts, length_fits) = match pattern.split_last() {
        Some((&"**", parts)) => (parts, id.len() > parts.len()),
        _ => (pattern.as_slice(), id.len() == pattern.len()),
    };
    length_fits && parts.iter().zip(id).all(|(part, segment)| *part == "*" || *part == segment)
}

#[test]
fn a_pattern_selects_what_it_means_and_nothing_else() {
    let _among = among_others();
    let ids = all_ids();
    let mut stream = Stream::open("");
    for pattern in [
        "kinds/i16",
        "kinds/*",
        "kinds/**",
        "kinds/*/*",
        "*/exact",
        "*/*/exact",
        "*/*",
        "*/value",
        "lane/**",
        "lane/*/a",
        "lane/01/*",
        "lane/01/**",
        "*/*/*",
        "lane",
        "lane/01",
        "kinds/i64/**",
        "kinds/i64/exact/**",
        "$devices/**",
        "$devices/*/state",
        "$gateway/*",
    ] {
        let meant: Vec<&String> = ids.iter().filter(|id| matches(pattern, id)).collect();
        let answer = stream.put(&json!([pattern]));
        assert_eq!(answer["entries"][0]["count"], meant.len(), "{pattern}");
        let status = if meant.is_empty() { "unknown" } else { "ok" };
        assert_eq!(answer["entries"][0]["status"], status, "{pattern}");
        assert_eq!(stream.next_named("subscribed").data["count"], meant.len(), "{pattern}");
        let (_, mut told) = stream.snapshot();
        told.sort();
        assert_eq!(told.iter().collect::<Vec<_>>(), meant, "{pattern}");
        let page =
            get(place().address, &format!("/api/v1/points?limit=10000&match={pattern}")).json();
        assert_eq!(page["points"].as_array().unwrap().len(), meant.len(), "{pattern} for pollers");
    }
}

#[test]
fn what_is_no_pattern_is_refused_everywhere() {
    let _among = among_others();
    let stream = Stream::open("");
    let deep = vec!["*"; 17].join("/");
    let long = format!("{}/*", "a".repeat(255));
    for pattern in [
        "**/a", "a/**/b", "a*", "a/b*/c", "***", "", "a//b", "a/", "$*/x", "e\u{301}", &deep, &long,
    ] {
        let answer = stream.subscription("PUT", &json!({"points": ["kinds/*", pattern]}));
        assert_eq!(answer.status, 400, "{pattern:?}: {}", answer.body);
        assert_eq!(answer.json()["errors"][0]["field"], "points[1]", "{pattern:?}");
        let encoded = pattern.replace('\u{301}', "%CC%81");
        for (path, field) in [("stream?points", "points"), ("points?match", "match")] {
            let answer = get(place().address, &format!("/api/v1/{path}=kinds/*,{encoded}"));
            assert_eq!(answer.status, 400, "{path} {pattern:?}: {}", answer.body);
            assert_eq!(answer.json()["errors"][0]["field"], field, "{pattern:?}");
        }
    }
    let shown = get(place().address, &stream.subscription_path()).json();
    assert_eq!(
        (&shown["revision"], &shown["entries"]),
        (&json!(0), &json!([])),
        "nothing was taken"
    );
}
