//! Which gateway, and which of its points. Pure.

use hyper::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may stand in a query as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'*');

/// Port of `http://` without one (RFC 9110 §4.2.1).
const HTTP_PORT: u16 = 80;

/// Where the stream is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Name or address to connect to.
    pub(super) host: String,
    /// TCP port.
    pub(super) port: u16,
    /// What goes into the `Host` header.
    pub(super) authority: String,
    /// Path of the gateway, without a slash at its end.
    base: String,
    /// The patterns, fit for a query and joined by commas.
    points: String,
    /// What people call it.
    pub(super) shown: String,
}

impl Target {
    /// Path and query of the stream.
    pub(super) fn stream(&self) -> String {
        format!("{}/api/v1/stream?points={}", self.base, self.points)
    }

    /// Path and query of the page of points behind `cursor`.
    pub(super) fn list(&self, cursor: &str) -> String {
        let cursor = utf8_percent_encode(cursor, PLAIN);
        format!("{}/api/v1/points?match={}&limit=1000&cursor={cursor}", self.base, self.points)
    }

    /// Path and query of the first point that matches `pattern`.
    pub(super) fn first(&self, pattern: &str) -> String {
        let pattern = utf8_percent_encode(pattern, PLAIN);
        format!("{}/api/v1/points?match={pattern}&limit=1", self.base)
    }
}

/// The stream of the points that match `patterns` at the gateway `url`.
///
/// # Errors
/// Words about what is wrong with `url`.
pub(super) fn target(url: &str, patterns: &[String]) -> Result<Target, String> {
    let wrong = |why: &str| format!("--url {url:?}: {why}\n    give it like http://127.0.0.1:8080");
    let full = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let uri: Uri =
        full.parse().map_err(|error| wrong(&format!("no address of a gateway: {error}")))?;
    match uri.scheme_str() {
        Some("http") => {}
        Some("https") => return Err(wrong("watch speaks plain http only, without TLS")),
        Some(_) | None => return Err(wrong("only http:// is spoken")),
    }
    let authority = uri.authority().ok_or_else(|| wrong("no host"))?;
    if authority.as_str().contains('@') {
        return Err(wrong("no user name or password can be sent"));
    }
    if uri.query().is_some() {
        return Err(wrong("a query has no place here; name the points as arguments"));
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() {
        return Err(wrong("no host"));
    }
    let base = uri.path().trim_end_matches('/');
    let points: Vec<String> =
        patterns.iter().map(|pattern| utf8_percent_encode(pattern, PLAIN).to_string()).collect();
    Ok(Target {
        host,
        port: authority.port_u16().unwrap_or(HTTP_PORT),
        authority: authority.to_string(),
        base: base.to_owned(),
        points: points.join(","),
        shown: format!("http://{authority}{base}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream_of(url: &str, patterns: &[&str]) -> Result<Target, String> {
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        target(url, &patterns)
    }

    #[test]
    fn a_gateway_may_be_written_short_or_behind_a_path() {
        let short = stream_of("localhost:8080", &["**"]).unwrap();
        assert_eq!((short.host.as_str(), short.port), ("localhost", 8080));
        assert_eq!(short.authority, "localhost:8080");
        assert_eq!(short.stream(), "/api/v1/stream?points=**");
        let long = stream_of("http://[::1]/site/one/", &["a b/*", "温度,x&y=z"]).unwrap();
        assert_eq!((long.host.as_str(), long.port), ("::1", 80));
        assert_eq!(long.authority, "[::1]");
        assert_eq!(
            long.stream(),
            "/site/one/api/v1/stream?points=a%20b/*,%E6%B8%A9%E5%BA%A6%2Cx%26y%3Dz"
        );
        assert_eq!(short.first("a b/*"), "/api/v1/points?match=a%20b/*&limit=1");
        assert_eq!(short.list("a b/c"), "/api/v1/points?match=**&limit=1000&cursor=a%20b/c");
        assert_eq!(long.shown, "http://[::1]/site/one");
    }

    #[test]
    fn what_cannot_be_spoken_is_said() {
        let why = |url| stream_of(url, &["**"]).unwrap_err();
        assert_eq!(
            why("https://gateway"),
            "--url \"https://gateway\": watch speaks plain http only, without TLS\n    \
             give it like http://127.0.0.1:8080"
        );
        assert!(why("ftp://gateway").contains("only http:// is spoken"));
        assert!(why("http://me:secret@gateway").contains("no user name"));
        assert!(why("http://gateway/?points=a").contains("a query has no place here"));
        assert!(why("http://").contains("no address of a gateway"));
        assert!(why("http://:80").contains("no"));
        assert!(why("a b").contains("no address of a gateway"));
    }
}
