//! The keys of Modbus/TCP Security.

use std::path::PathBuf;

use pointcast_api::settings::{Located, Refusals, Settings};
use tokio_rustls::rustls::pki_types::ServerName;

use crate::tls::{Client, Role, TlsSettings};

/// What was written, each with where.
pub(super) struct Taken {
    tls: Option<Located<bool>>,
    ca: Option<Located<String>>,
    certificate: Option<Located<String>>,
    key: Option<Located<String>>,
    server_name: Option<Located<String>>,
}

/// Takes `tls`, `ca`, `client_certificate`, `client_key` and `server_name`.
pub(super) fn take(keys: &mut Settings, refusals: &mut Refusals) -> Taken {
    let taken = Taken {
        tls: keys.flag("tls", refusals),
        ca: keys.text("ca", refusals),
        certificate: keys.text("client_certificate", refusals),
        key: keys.text("client_key", refusals),
        server_name: keys.text("server_name", refusals),
    };
    if taken.is_wanted() {
        let example = "ca = \"plant-ca.pem\": whose certificates are trusted";
        keys.required(taken.ca.as_ref(), "ca", example, refusals);
    }
    taken
}

impl Taken {
    /// Whether TLS is to be spoken.
    pub(super) fn is_wanted(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.value)
    }

    /// Checks them, files included, for a server at `host`.
    pub(super) fn check(self, host: &str, refusals: &mut Refusals) -> Option<TlsSettings> {
        if !self.is_wanted() {
            for unused in [self.ca, self.certificate, self.key, self.server_name].iter().flatten() {
                unused.refuse(refusals, "nothing is encrypted without tls", "add tls = true");
            }
            return None;
        }
        let client = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Some(Client {
                certificate: PathBuf::from(&certificate.value),
                key: PathBuf::from(&key.value),
            }),
            (None, None) => None,
            (Some(alone), None) => {
                alone.refuse(refusals, "a certificate without its key", "add client_key");
                return None;
            }
            (None, Some(alone)) => {
                alone.refuse(refusals, "a key without its certificate", "add client_certificate");
                return None;
            }
        };
        let server_name = self.name(host, refusals)?;
        let ca = self.ca.as_ref()?;
        let settings = TlsSettings { ca: PathBuf::from(&ca.value), server_name, client };
        if let Err(bad) = settings.load() {
            let at = match bad.role {
                Role::Ca => Some(ca),
                Role::ClientCertificate => self.certificate.as_ref(),
                Role::ClientKey => self.key.as_ref(),
            };
            let remedy = match bad.role {
                Role::Ca => "give a PEM file with the certificates that are trusted",
                Role::ClientCertificate => "give a PEM file with the gateway's certificate first",
                Role::ClientKey => "give a PEM file with the private key of client_certificate",
            };
            at.unwrap_or(ca).refuse(refusals, bad.to_string(), remedy);
            return None;
        }
        Some(settings)
    }

    fn name(&self, host: &str, refusals: &mut Refusals) -> Option<ServerName<'static>> {
        let written = self.server_name.as_ref().map_or(host, |name| &name.value);
        let name = ServerName::try_from(written.to_owned()).ok();
        // An empty host was refused already.
        if name.is_none() && !written.is_empty() {
            let problem = format!("{written:?} is no name that a certificate can have");
            let remedy = "give server_name: the host name or address in its certificate";
            match (&self.server_name, &self.tls) {
                (Some(at), _) => at.refuse(refusals, problem, remedy),
                (None, Some(at)) => at.refuse(refusals, problem, remedy),
                (None, None) => {}
            }
        }
        name
    }
}
