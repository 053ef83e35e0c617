//! Who may speak to the gateway at all.
//!
//! A page of another site can have a browser send requests to a gateway on loopback or in the plant's
//! network. By DNS rebinding it can even read the answers, but then `Host` bears a name that is not the
//! gateway's. So `Host` must be the gateway's (an address it is reached at, `localhost` on loopback, or a
//! configured name), and a browser that says it speaks for a page of another host is refused.

use std::net::{IpAddr, SocketAddr};

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Api;
use super::accept::Peer;
use super::problem::Problem;

/// The names under which the gateway may be addressed, besides `localhost` and the address that a connection
/// reached. An address may be a name too: behind a port that is forwarded, clients know another one.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// These names; case does not matter.
    #[must_use]
    pub fn new(names: &[String]) -> Self {
        Self(names.iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    /// Whether `host` (without port) means the gateway on a connection that reached it at `local`.
    #[must_use]
    pub fn is_ours(&self, host: &str, local: IpAddr) -> bool {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = bare.parse::<IpAddr>() {
            let address = address.to_canonical();
            let named = || self.0.iter().any(|name| name.parse() == Ok(address));
            return address == local.to_canonical() || address.is_loopback() || named();
        }
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        host == "localhost" || self.0.iter().any(|name| name == host)
    }
}

pub(super) async fn check(
    State(api): State<Api>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    match verdict(&api.hosts, peer.local, request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn verdict(
    hosts: &Hosts,
    local: SocketAddr,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let title = "The request is meant for another host";
    let refuse = |detail: String| {
        Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "misdirected", title, detail))
    };
    let mut given = headers.get_all(header::HOST).iter();
    let named = given.next().and_then(|value| value.to_str().ok());
    if given.next().is_some() {
        return refuse("there is more than one Host header".to_owned());
    }
    let target = uri.authority().map(|authority| authority.host().to_owned());
    let Some(named) = named.and_then(host_of) else {
        return refuse("the Host header is missing or malformed".to_owned());
    };
    for host in std::iter::once(named).chain(target) {
        if !hosts.is_ours(&host, local.ip()) {
            return refuse(format!(
                "{host:?} is not a name of this gateway; names are given in [gateway] hosts"
            ));
        }
    }
    same_site(hosts, local, uri, headers)
}

fn same_site(
    hosts: &Hosts,
    local: SocketAddr,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let origin = headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or("null"));
    let foreign_origin = origin.is_some_and(|origin| {
        let host = origin.split_once("://").and_then(|(_, authority)| host_of(authority));
        !host.is_some_and(|host| hosts.is_ours(&host, local.ip()))
    });
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    // Following a link to the page is what a person does; the API is for scripts.
    let foreign_script = site == Some("cross-site") && uri.path().starts_with("/api/");
    if foreign_origin || foreign_script {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "foreign-origin",
            "The request comes from a page of another site",
            format!("origin {:?} may not use this gateway", origin.unwrap_or("(not named)")),
        ));
    }
    Ok(())
}

fn host_of(authority: &str) -> Option<String> {
    let authority: Authority = authority.parse().ok()?;
    (!authority.as_str().contains('@')).then(|| authority.host().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&'static str, &'static str)], path: &str) -> u16 {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        let hosts = Hosts::new(&["Gateway.plant".to_owned(), "10.9.8.7".to_owned()]);
        let local = "192.168.0.5:8080".parse().unwrap();
        match verdict(&hosts, local, &path.parse().unwrap(), &headers) {
            Ok(()) => 200,
            Err(problem) => problem.into_response().status().as_u16(),
        }
    }

    #[test]
    fn only_the_gateways_own_names_reach_it() {
        for host in [
            "192.168.0.5",
            "192.168.0.5:8080",
            "127.0.0.1:9",
            "localhost:8080",
            "[::1]:8080",
            "GATEWAY.plant:80",
            "gateway.plant.",
            "10.9.8.7:80",
        ] {
            assert_eq!(check(&[("host", host)], "/"), 200, "{host}");
        }
        for host in [
            "evil.example",
            "192.168.0.6",
            "localhost.evil.example",
            "gateway.plant.evil.example",
            "",
            "a b",
            "u@localhost",
        ] {
            assert_eq!(check(&[("host", host)], "/"), 421, "{host}");
        }
        assert_eq!(check(&[], "/"), 421);
        assert_eq!(check(&[("host", "localhost"), ("host", "evil.example")], "/"), 421);
        assert_eq!(check(&[("host", "localhost")], "http://evil.example/"), 421);
    }

    #[test]
    fn a_page_of_another_site_is_refused() {
        let with = |name, value| check(&[("host", "localhost"), (name, value)], "/api/v1/points");
        assert_eq!(with("origin", "http://localhost:8080"), 200);
        assert_eq!(with("origin", "https://evil.example"), 403);
        assert_eq!(with("origin", "null"), 403);
        assert_eq!(with("sec-fetch-site", "cross-site"), 403);
        assert_eq!(with("sec-fetch-site", "same-origin"), 200);
        assert_eq!(check(&[("host", "localhost"), ("sec-fetch-site", "cross-site")], "/"), 200);
    }
}
