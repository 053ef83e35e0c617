//! Every refusal is a problem document (RFC 9457), and one kind of refusal looks the same everywhere.

use std::collections::BTreeMap;

use crate::peer::http::Answer;
use crate::place::among_others;
use crate::stream::{Stream, ask};

/// Most bad fields that one answer names.
const MOST_ERRORS: usize = 100;

/// Checks the document; its type and title.
#[track_caller]
fn problem(what: &str, answer: &Answer, status: u16) -> (String, String) {
    assert_eq!(answer.status, status, "{what}: {}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    let document = answer.json();
    let known = ["type", "title", "status", "detail", "errors"];
    assert!(
        document.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())),
        "{document}"
    );
    assert_eq!(document["status"], status, "{what}");
    let text =
        |key: &str| document[key].as_str().filter(|text| !text.is_empty()).unwrap().to_owned();
    // A URI: a scheme and something behind it.
    let kind = text("type");
    assert!(
        kind.split_once(':').is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty()),
        "{kind}"
    );
    assert!(!text("detail").is_empty());
    let errors = document.get("errors").map(|errors| errors.as_array().unwrap().clone());
    assert_eq!(errors.is_some(), status == 400, "{what}: which field is bad: {document}");
    for error in errors.into_iter().flatten() {
        assert!(error["field"].is_string() && error["detail"].is_string(), "{document}");
        assert_eq!(error.as_object().unwrap().len(), 2, "{document}");
    }
    (kind, text("title"))
}

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A request, its fields, its body, and the status of its refusal.
type Refused<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, u16);

const REFUSED: [Refused<'_>; 23] = [
    ("GET", "/api/v1/points/a//b", &[], "", 400),
    ("GET", "/api/v1/points/%FF", &[], "", 400),
    ("GET", "/api/v1/points?limit=0", &[], "", 400),
    ("GET", "/api/v1/points?nonsense=1", &[], "", 400),
    ("GET", "/api/v1/stream?points=a,,b", &[], "", 400),
    ("POST", "/api/v1/points/read", &[JSON], "{", 400),
    ("POST", "/api/v1/points/read", &[JSON], "\"x\"", 400),
    ("POST", "/api/v1/points/read", &[JSON], "{\"ids\":[1]}", 400),
    ("POST", "/api/v1/points/read", &[JSON], "{\"ids\":[],\"ids\":[]}", 400),
    ("GET", "/api/v1/stream", &[("Sec-Fetch-Site", "cross-site")], "", 403),
    ("GET", "/api/v1/points", &[("Origin", "null")], "", 403),
    ("GET", "/api/v1/points/no/such", &[], "", 404),
    ("GET", "/api/v1/devices/nobody", &[], "", 404),
    ("GET", "/api/v1/clients/nobody/subscription", &[], "", 404),
    ("GET", "/api/v1/nothing", &[], "", 404),
    ("GET", "/nothing", &[], "", 404),
    ("DELETE", "/api/v1/points", &[], "", 405),
    ("POST", "/api/v1/stream", &[JSON], "{}", 405),
    ("PUT", "/healthz", &[], "", 405),
    ("GET", "/api/v1/stream", &[("Accept", "text/html")], "", 406),
    ("POST", "/api/v1/points/read", &[("Content-Type", "text/plain")], "{\"ids\":[]}", 415),
    ("POST", "/api/v1/points/read", &[], "{\"ids\":[]}", 415),
    ("GET", "/api/v1/points", &[("Host", "elsewhere.example")], "", 421),
];

#[test]
fn every_refusal_is_a_document_and_a_type_has_one_title() {
    let _among = among_others();
    let mut titles: BTreeMap<String, String> = BTreeMap::new();
    for (method, path, fields, body, status) in REFUSED {
        let answer = ask(method, path, fields, body);
        let (kind, title) = problem(&format!("{method} {path}"), &answer, status);
        if status == 405 {
            assert!(answer.header("allow").is_some(), "{path} says what it takes");
        }
        let known = titles.entry(kind.clone()).or_insert_with(|| title.clone());
        assert_eq!(*known, title, "{kind}");
    }
}

#[test]
fn a_refusal_names_no_more_bad_fields_than_help() {
    let _among = among_others();
    let many = |entries: usize| vec!["\"a//b\""; entries].join(",");
    let read = format!("{{\"ids\":[{}]}}", many(5_000));
    let answers = [
        ask("POST", "/api/v1/points/read", &[JSON], &read),
        ask("PUT", &Stream::open("").subscription_path(), &[JSON], &read.replace("ids", "points")),
    ];
    for answer in answers {
        problem("many bad fields", &answer, 400);
        let named = answer.json()["errors"].as_array().unwrap().len();
        assert!((1..=MOST_ERRORS).contains(&named), "{named}");
    }
}

#[test]
fn what_a_request_contained_does_not_break_the_document() {
    let _among = among_others();
    for path in ["%22%5C%0A", "%E2%80%AE", "%00", "%3Cscript%3E"] {
        for resource in ["points", "devices"] {
            let answer = ask("GET", &format!("/api/v1/{resource}/{path}"), &[], "");
            let status = answer.status;
            assert!(status == 400 || status == 404, "{path}: {status}");
            problem(path, &answer, status);
        }
    }
}
