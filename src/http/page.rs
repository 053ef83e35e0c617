//! The page at `/`: the files of `web/`, built into the program.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

/// Nothing but the gateway's own files and streams: no inline script, no frame, no other site.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../web/", $name)))),*]
    };
}

/// Name and text of each file.
const FILES: &[(&str, &str)] = files![
    "index.html",
    "app.js",
    "catalog.js",
    "clock.js",
    "connection.js",
    "contact.js",
    "details.js",
    "favicon.svg",
    "format.js",
    "lamps.js",
    "notices.js",
    "pattern.js",
    "points.js",
    "shelf.js",
    "stream.js",
    "style.css",
    "table.js",
];

/// A route for each file, and `/` for the first.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let index = FILES.iter().take(1).map(|(name, text)| ("/".to_owned(), *name, *text));
    let files = FILES.iter().map(|(name, text)| (format!("/{name}"), *name, *text));
    index.chain(files).fold(Router::new(), |router, (path, name, text)| {
        router.route(&path, get(move || async move { file(name, text) }))
    })
}

fn file(name: &str, text: &'static str) -> impl IntoResponse {
    let head = [
        (header::CONTENT_TYPE, kind(name)),
        // The files carry no version in their names yet: the browser is to ask.
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (head, text)
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/web");
        let mut missing: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| kind(name) != "application/octet-stream")
            .filter(|name| !FILES.iter().any(|(known, _)| known == name))
            .collect();
        missing.sort();
        assert_eq!(missing, Vec::<String>::new(), "add them to FILES");
    }
}
