//! The dashboard's files as the built gateway serves them: the page at each of its addresses with its policy, everything
//! else by its content's name, packed, and to be kept for ever.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod peer;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::OnceLock;

use peer::gateway::{Gateway, Site};
use peer::http::{Answer, get, request};

/// One gateway for all tests of this file: none of them changes it.
fn gateway() -> SocketAddr {
    static RUNNING: OnceLock<(Site, Gateway)> = OnceLock::new();
    let (site, _) = RUNNING.get_or_init(|| {
        let site = Site::new("dashboard");
        let gateway = site.start();
        (site, gateway)
    });
    site.address()
}

/// What is sent to somebody who takes `coding`; its head alone, for packed bytes are no text.
fn head(path: &str, coding: &str) -> Answer {
    request(gateway(), "HEAD", path, &[("Accept-Encoding", coding)], "")
}

fn length(answer: &Answer) -> usize {
    answer.header("content-length").expect("a length").parse().unwrap()
}

/// Names of files in a text of the build.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && !"-_.".contains(letter))
        .map(|word| word.trim_start_matches('.'))
        .filter(|word| {
            [".js", ".css", ".svg"]
                .iter()
                .any(|kind| word.strip_suffix(kind).is_some_and(|name| name.len() > 9))
        })
}

/// Every file that the page leads to, itself left out.
fn files() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![get(gateway(), "/").body];
    while let Some(text) = open.pop() {
        for name in named(&text) {
            let path = format!("/assets/{name}");
            let answer = get(gateway(), &path);
            if answer.status == 200 && found.insert(path) {
                open.push(answer.body);
            }
        }
    }
    found
}

#[test]
fn the_page_is_at_each_of_its_addresses_with_its_policy() {
    let page = get(gateway(), "/");
    assert!(page.body.contains("<script type=\"module\""), "no dashboard: {}", page.body);
    for path in ["/", "/trends", "/devices", "/devices/boiler", "/boards", "/boards/heating"] {
        let answer = get(gateway(), path);
        assert_eq!((answer.status, &answer.body), (200, &page.body), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "it names the others");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'self';"), "{policy}");
        for hole in ["unsafe", "data:", "blob:", "*", "http"] {
            assert!(!policy.contains(hole), "{policy}");
        }
    }
    assert_eq!(get(gateway(), "/assets/index.js").status, 404);
    assert_eq!(get(gateway(), "/index.html").status, 404);
}

#[test]
fn where_there_is_nothing_people_get_the_page_and_programs_a_problem() {
    let page = get(gateway(), "/");
    let get_as =
        |path: &str, accept: &str| request(gateway(), "GET", path, &[("Accept", accept)], "");
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    for path in ["/boards/", "/trends/", "/devices/boiler/", "/xyz", "/a/b/c"] {
        let answer = get_as(path, browser);
        assert_eq!((answer.status, &answer.body), (404, &page.body), "{path}");
        for field in
            ["content-type", "cache-control", "content-security-policy", "x-content-type-options"]
        {
            assert_eq!(answer.header(field), page.header(field), "{path}: {field}");
        }
        assert_eq!(answer.header("vary"), Some("accept, accept-encoding"), "{path}");
        let answer = get_as(path, "*/*");
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
    }
    for path in ["/api/v1/nope", "/api", "/assets/index.js", "/healthz/", "/metrics/x"] {
        let answer = get_as(path, browser);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
    }
    let posted = request(gateway(), "POST", "/xyz", &[("Accept", browser)], "");
    assert_eq!(posted.header("content-type"), Some("application/problem+json"));
    let stranger = [("Host", "evil.example"), ("Accept", browser)];
    assert_eq!(
        request(gateway(), "GET", "/xyz", &stranger, "").status,
        421,
        "guarded as the page is"
    );
}

#[test]
fn files_are_packed_and_kept_for_ever_by_their_names() {
    let files = files();
    let of = |kind: &str| files.iter().filter(|path| path.ends_with(kind)).count();
    // The first page, the other pages and the worker; styles; the icon.
    assert!(of(".js") >= 6 && of(".css") >= 1 && of(".svg") == 1, "{files:?}");
    for path in &files {
        let plain = head(path, "identity");
        assert_eq!((plain.status, plain.header("content-encoding")), (200, None), "{path}");
        assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(plain.header("vary"), Some("accept-encoding"), "{path}");
        let packed = head(path, "gzip, br");
        if packed.header("content-encoding").is_some() {
            assert_eq!(packed.header("content-encoding"), Some("gzip"), "{path}");
            assert!(length(&packed) < length(&plain), "{path}");
        } else {
            assert!(length(&plain) < 200, "{path} is sent as it is");
        }
    }
}
