//! Threats in what is asked for: patterns that are dear to look up, in great numbers.

use std::thread;

use serde_json::{Value as Json, json};

use crate::healthy::Healthy;
use crate::peer::http::{Stream, get, send};
use crate::target::Target;

/// Entries of one selection: as many as there may be.
const ENTRIES: usize = 10_000;

/// Clients that attack at a time.
const CLIENTS: usize = 2;

/// Memory that the selections of this file may take, generously: text, entries and places for each client.
const SELECTIONS_KB: u64 = 128 * 1024;

/// Patterns as dear as can be: nothing of their beginning tells where to look.
fn bombs() -> Vec<(&'static str, Vec<String>)> {
    vec![
        ("one different segment at the end", (0..ENTRIES).map(|at| format!("*/*/{at}")).collect()),
        ("none that match", (0..ENTRIES).map(|at| format!("*/*/*/*/{at}/**")).collect()),
        (
            "the longest there are",
            (0..ENTRIES)
                .map(|at| format!("{at}/{}/**", "*/x/".repeat(6).trim_end_matches('/')))
                .collect(),
        ),
        ("ids that are no points", (0..ENTRIES).map(|at| format!("line/nothing/{at}")).collect()),
    ]
}

/// Selections of thousands of dear patterns, put again and again by several clients.
#[test]
fn pattern_bombs_cost_a_bounded_share() {
    let target = Target::start("bombs", "body_bytes = 4194304");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut stream = Stream::open(target.address, "points=line/count/*");
                let client = stream.next().unwrap().data["client"].as_str().unwrap().to_owned();
                let path = format!("/api/v1/clients/{client}/subscription");
                for (what, entries) in bombs() {
                    let answer = send(target.address, "PUT", &path, &json!({ "points": entries }));
                    let refused = answer.status == 400 && names_points(&answer.json());
                    assert!(
                        answer.status == 200 || refused,
                        "{what}: {} {}",
                        answer.status,
                        answer.body
                    );
                }
            });
        }
    });
    healthy.goes_on();
    before.peak_is_below(SELECTIONS_KB);
    healthy.settle(&target);
}

fn names_points(problem: &Json) -> bool {
    problem["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .all(|error| error["field"].as_str().is_some_and(|field| field.starts_with("points")))
}

/// The same by those who hold no session: pollers with lists of patterns, and streams' queries.
#[test]
fn pattern_bombs_in_queries_cost_a_bounded_share() {
    let target = Target::start("query-bombs", "");
    let healthy = Healthy::follow(&target);
    let before = target.before();
    let stars = |entries: usize| vec!["*/*/*/*/*/*/*/x"; entries].join(",");
    let queries = [
        (format!("points?limit=10000&match={}", stars(32)), 200),
        (format!("points?match={}", stars(400)), 400),
        (format!("stream?points={}", stars(400)), 200),
        (format!("stream?points={}", stars(1_000)), 400),
        (format!("stream?points={}", ",".repeat(3_000)), 400),
    ];
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                for _ in 0..20 {
                    for (query, status) in &queries {
                        let path = format!("/api/v1/{query}");
                        match (query.starts_with("stream"), *status) {
                            (true, 200) => drop(Stream::open_with(target.address, &path, &[])),
                            _ => assert_eq!(get(target.address, &path).status, *status),
                        }
                    }
                }
            });
        }
    });
    healthy.goes_on();
    before.peak_is_below(SELECTIONS_KB);
    healthy.settle(&target);
}
