//! The dashboard: the files that the build script made of `web/`, or the page in their place.
//!
//! A file below `assets/` has its content in its name and may be kept for ever; the page itself is asked for each time.
//! Where there is nothing, people get the page too, with status 404: it says so itself.

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::problem;

/// Nothing but the gateway's own files and streams: no inline script or style, no frame, no other site.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/// The addresses of pages. All are one file, which looks at its address itself.
const PAGES: [&str; 6] =
    ["/", "/trends", "/devices", "/devices/{device}", "/boards", "/boards/{board}"];

/// What programs ask for: below these nothing is a page.
const NO_PAGES: [&str; 5] = ["api", "assets", "healthz", "readyz", "metrics"];

const INDEX: &str = "index.html";

/// A file of the dashboard.
#[derive(Debug, Clone, Copy)]
struct Asset {
    /// Its path, without a `/` in front.
    path: &'static str,
    plain: &'static [u8],
    /// The same in gzip, where that is shorter.
    packed: Option<&'static [u8]>,
}

static ASSETS: &[Asset] = &include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A route for each file, and the page at each of its addresses.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let files = ASSETS.iter().filter(|asset| asset.path != INDEX);
    let pages = ASSETS.iter().filter(|asset| asset.path == INDEX);
    let pages = pages.flat_map(|page| PAGES.iter().map(|path| ((*path).to_owned(), *page)));
    files.map(|file| (format!("/{}", file.path), *file)).chain(pages).fold(
        Router::new(),
        |router, (path, asset)| {
            router.route(&path, get(move |head: HeaderMap| async move { serve(asset, &head) }))
        },
    )
}

/// Answers where there is nothing: a person with the page, everybody else with a problem document.
pub(super) async fn missing(method: Method, uri: Uri, head: HeaderMap) -> Response {
    let page = ASSETS.iter().find(|asset| asset.path == INDEX);
    match page.filter(|_| is_of_person(&method, uri.path(), &head)) {
        Some(page) => {
            let mut response = (StatusCode::NOT_FOUND, serve(*page, &head)).into_response();
            let varies = HeaderValue::from_static("accept, accept-encoding");
            response.headers_mut().insert(header::VARY, varies);
            response
        }
        None => problem::no_such_resource(uri).await.into_response(),
    }
}

/// Whether somebody looks for a page: a browser that is given an address names `text/html`, scripts do not.
fn is_of_person(method: &Method, path: &str, head: &HeaderMap) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let accepted = head.get_all(header::ACCEPT);
    let mut kinds =
        accepted.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    let is_html = |kind: &str| {
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("text/html")
    };
    [Method::GET, Method::HEAD].contains(method) && !NO_PAGES.contains(&first) && kinds.any(is_html)
}

fn serve(asset: Asset, head: &HeaderMap) -> impl IntoResponse + use<> {
    let packed = asset.packed.filter(|_| takes_gzip(head));
    let caching =
        if asset.path == INDEX { "no-cache" } else { "public, max-age=31536000, immutable" };
    let fixed = [
        (header::CONTENT_TYPE, kind(asset.path)),
        (header::CACHE_CONTROL, caching),
        (header::VARY, "accept-encoding"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let encoding = packed.map(|_| (header::CONTENT_ENCODING, HeaderValue::from_static("gzip")));
    (fixed, HeaderMap::from_iter(encoding), packed.unwrap_or(asset.plain))
}

/// Whether `Accept-Encoding` names gzip, or anything, and does not refuse it (RFC 9110, 12.5.3).
fn takes_gzip(head: &HeaderMap) -> bool {
    let all = head.get_all(header::ACCEPT_ENCODING);
    let codings = all.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    let weights = codings.filter_map(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight
            .trim()
            .strip_prefix(['q', 'Q'])
            .and_then(|q| q.strip_prefix('='))
            .is_some_and(|q| q.parse() == Ok(0.0));
        let name = name.trim().to_ascii_lowercase();
        matches!(&*name, "gzip" | "x-gzip" | "*").then_some((name == "*", !refused))
    });
    // A word about gzip itself counts before one about everything.
    weights.min().is_some_and(|(_, taken)| taken)
}

fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.') {
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

    fn taking(codings: &str) -> bool {
        takes_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, codings.parse().unwrap())]))
    }

    #[test]
    fn gzip_is_sent_to_whoever_takes_it() {
        assert!(taking("gzip, deflate, br, zstd"));
        assert!(taking("br;q=1.0, GZIP;q=0.8, *;q=0.1"));
        assert!(taking("*"));
        assert!(taking("*;q=0, gzip"));
        assert!(!taking("gzip;q=0, *"));
        assert!(!taking("gzip;q=0.000"));
        assert!(!taking("gzip; Q=0"));
        assert!(!taking("identity"));
        assert!(!taking("br"));
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn people_are_who_asks_for_html_where_pages_are() {
        let is_of_person = |method, path, accept: &str| {
            let head = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            is_of_person(&method, path, &head)
        };
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for path in ["/boards/", "/xyz", "/devices/boiler/", "/apiary", "/a/api/b"] {
            assert!(is_of_person(Method::GET, path, browser), "{path}");
            assert!(is_of_person(Method::HEAD, path, "*/*, Text/HTML;q=0.5"), "{path}");
            assert!(!is_of_person(Method::POST, path, browser), "{path}");
            assert!(!is_of_person(Method::GET, path, "*/*"), "{path}");
            assert!(!super::is_of_person(&Method::GET, path, &HeaderMap::new()), "{path}");
        }
        for path in ["/api", "/api/v1/nope", "//api/v1", "/assets/x.js", "/healthz/", "/metrics/a"]
        {
            assert!(!is_of_person(Method::GET, path, browser), "{path}");
        }
    }

    #[test]
    fn there_is_a_page_and_every_file_has_a_kind() {
        assert_eq!(ASSETS.iter().filter(|asset| asset.path == INDEX).count(), 1);
        for asset in ASSETS {
            assert_ne!(kind(asset.path), "application/octet-stream", "{}", asset.path);
            assert!(asset.path == INDEX || asset.path.starts_with("assets/"), "{}", asset.path);
        }
    }

    #[test]
    #[cfg(not(feature = "dashboard"))]
    fn without_the_dashboard_the_page_says_why() {
        let page = ASSETS.iter().find(|asset| asset.path == INDEX).unwrap();
        let text = std::str::from_utf8(page.plain).unwrap();
        assert!(text.contains("its feature dashboard was switched off"), "{text}");
    }
}
