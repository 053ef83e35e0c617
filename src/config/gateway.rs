//! `[gateway]`: where to listen and under which names.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use pointcast_api::settings::{Located, Refusals, Settings};

/// Where the gateway listens unless told otherwise: this machine only.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Where what was learned is kept unless told otherwise, beside the main file.
const DEFAULT_DATA: &str = "data";

/// Where the boards lie that come with the configuration, beside the main file.
const BOARDS: &str = "boards";

/// Says that nothing is to be kept.
const NO_DATA: &str = "none";

/// Where profiles lie unless told otherwise, relative to the main file.
pub(super) const DEFAULT_PROFILES: &str = "profiles";

/// Most host names the gateway may be addressed by.
pub const MAX_HOSTS: usize = 64;

/// Most characters in a host name (RFC 1035 §2.3.4, without the closing dot).
const MAX_HOST_CHARS: usize = 253;

/// Most characters in the gateway's name.
const MAX_NAME_CHARS: usize = 64;

/// The gateway itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// What it is called on the dashboard and in logs.
    pub name: String,
    /// Where it takes HTTP connections. Port 0 takes any that is free.
    pub listen: SocketAddr,
    /// Names it may be addressed by in `Host`, in lower case, besides IP addresses and `localhost`.
    pub hosts: Vec<String>,
    /// The folder in which is kept what was learned of devices; `None`: it is not kept.
    pub data: Option<PathBuf>,
    /// The folder of the boards that come with the configuration; it need not be there.
    pub boards: PathBuf,
    /// Patterns of `include` that no file matches.
    pub unmatched: Vec<String>,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            name: "Pointcast".to_owned(),
            listen: DEFAULT_LISTEN,
            hosts: Vec::new(),
            data: None,
            boards: PathBuf::from(BOARDS),
            unmatched: Vec::new(),
        }
    }
}

/// Where the rest of the configuration lies, as far as that is written.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Patterns of further files.
    pub(super) include: Option<Located<Vec<String>>>,
    /// Folders of profiles.
    pub(super) profiles: Option<Located<Vec<String>>>,
}

/// Takes `[gateway]` out of the main file, which stands at `path`.
pub(super) fn take(
    path: &Path,
    main: &mut Settings,
    refusals: &mut Refusals,
) -> (Gateway, Sources) {
    let folder = path.parent().unwrap_or(Path::new(""));
    let (data, boards) = (Some(folder.join(DEFAULT_DATA)), folder.join(BOARDS));
    let mut gateway = Gateway { data, boards, ..Gateway::default() };
    let Some(mut section) = main.section("gateway", "gateway", refusals) else {
        return (gateway, Sources::default());
    };
    if let Some(name) = section.text("name", refusals) {
        if name.value.chars().count() > MAX_NAME_CHARS || name.value.contains(char::is_control) {
            let remedy =
                format!("give at most {MAX_NAME_CHARS} characters, none a control character");
            name.refuse(refusals, "not a name to show", remedy);
        }
        gateway.name = name.value;
    }
    if let Some(listen) = section.text("listen", refusals) {
        match listen.value.parse() {
            Ok(address) => gateway.listen = address,
            Err(_) => listen.refuse(
                refusals,
                format!("{:?} is no IP address with a port", listen.value),
                "give \"127.0.0.1:8080\" for this machine only, \"0.0.0.0:8080\" for the whole network",
            ),
        }
    }
    if let Some(hosts) = section.texts("hosts", refusals) {
        gateway.hosts = checked_hosts(&hosts, refusals);
    }
    if let Some(data) = section.text("data", refusals) {
        gateway.data = (data.value != NO_DATA).then(|| folder.join(data.value));
    }
    let include = section.texts("include", refusals);
    let profiles = section.texts("profiles", refusals);
    section.finish(refusals);
    (gateway, Sources { include, profiles })
}

fn checked_hosts(hosts: &Located<Vec<String>>, refusals: &mut Refusals) -> Vec<String> {
    if hosts.value.len() > MAX_HOSTS {
        let problem = format!("{} names", hosts.value.len());
        hosts.refuse(refusals, problem, format!("give at most {MAX_HOSTS}"));
        return Vec::new();
    }
    for host in &hosts.value {
        if !is_host(host) {
            let problem = format!("{host:?} is no host name");
            let remedy =
                "give bare names, without http:// and port: hosts = [\"gateway.plant.example\"]";
            hosts.refuse(refusals, problem, remedy);
        }
    }
    hosts.value.iter().map(|host| host.to_ascii_lowercase()).collect()
}

/// Letters, digits, `-` and `_` in labels joined by dots.
fn is_host(host: &str) -> bool {
    let in_label = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    host.len() <= MAX_HOST_CHARS
        && host.split('.').all(|label| !label.is_empty() && label.chars().all(in_label))
}
