//! Modbus/TCP Security: Modbus TCP within TLS (MODBUS/TCP Security Protocol Specification V36).
//!
//! The server proves who it is by a certificate that leads to one in the file `ca`, for the name it is addressed
//! by; there is no way around that. With a certificate of our own, it is asked for the same of us. TLS 1.2 or
//! 1.3, as the specification wants (§8). Files are read at every connection, so that certificates may be
//! renewed while the gateway runs.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// A file of certificates is no longer than this; whatever is, is something else.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// How a server is known, and how we are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TlsSettings {
    /// Certificates that the server's must lead to.
    pub(crate) ca: PathBuf,
    /// Whom it must be made out to.
    pub(crate) server_name: ServerName<'static>,
    /// Our own.
    pub(crate) client: Option<Client>,
}

/// A certificate and its key, each in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Ca,
    ClientCertificate,
    ClientKey,
}

/// A file is not what it is for.
#[derive(Debug, thiserror::Error)]
#[error("{} {problem}", file.display())]
pub(crate) struct BadFile {
    pub(crate) role: Role,
    file: PathBuf,
    problem: Problem,
}

/// What is wrong with a file. What others say of it stands in the text: it is for people to read.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("is larger than {MAX_FILE_BYTES} bytes, which no certificate is")]
    TooLarge,
    #[error("is no right PEM file: {0}")]
    NoPem(pem::Error),
    #[error("has no certificate in it (\"-----BEGIN CERTIFICATE-----\")")]
    NoCertificate,
    #[error("has a certificate that cannot be used, number {number}: {error}")]
    BadCertificate { number: usize, error: rustls::Error },
    #[error("cannot be used: {0}")]
    Unusable(rustls::Error),
    #[error("has no private key in it (\"-----BEGIN PRIVATE KEY-----\", not encrypted)")]
    NoKey,
    #[error("is not the key of the certificate in client_certificate")]
    OtherKey,
    #[error("cannot be used with the certificate in client_certificate: {0}")]
    BadKey(rustls::Error),
}

impl TlsSettings {
    /// Reads the files. Blocks as long as that takes.
    ///
    /// # Errors
    /// The first [`BadFile`]; worth trying again when it was mended.
    pub(crate) fn load(&self) -> Result<ClientConfig, BadFile> {
        let mut roots = RootCertStore::empty();
        for (number, certificate) in (1..).zip(certificates(&self.ca, Role::Ca)?) {
            let bad = |error| Problem::BadCertificate { number, error };
            roots.add(certificate).map_err(bad).map_err(|p| p.of(Role::Ca, &self.ca))?;
        }
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(rustls::ALL_VERSIONS)
            .map_err(|error| Problem::Unusable(error).of(Role::Ca, &self.ca))?
            .with_root_certificates(roots);
        let Some(Client { certificate, key }) = &self.client else {
            return Ok(config.with_no_client_auth());
        };
        let chain = certificates(certificate, Role::ClientCertificate)?;
        let key_of = |problem: Problem| problem.of(Role::ClientKey, key);
        let private = PrivateKeyDer::from_pem_slice(&read(key).map_err(key_of)?);
        let private = private.map_err(|error| {
            let none = matches!(error, pem::Error::NoItemsFound);
            key_of(if none { Problem::NoKey } else { Problem::NoPem(error) })
        })?;
        config.with_client_auth_cert(chain, private).map_err(|error| {
            let other = matches!(error, rustls::Error::InconsistentKeys(_));
            key_of(if other { Problem::OtherKey } else { Problem::BadKey(error) })
        })
    }
}

impl Problem {
    fn of(self, role: Role, file: &Path) -> BadFile {
        BadFile { role, file: file.to_owned(), problem: self }
    }
}

pub(crate) fn certificates(
    file: &Path,
    role: Role,
) -> Result<Vec<CertificateDer<'static>>, BadFile> {
    let bytes = read(file).map_err(|problem| problem.of(role, file))?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match all {
        Ok(all) if all.is_empty() => Err(Problem::NoCertificate.of(role, file)),
        Ok(all) => Ok(all),
        Err(error) => Err(Problem::NoPem(error).of(role, file)),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Problem> {
    let opened = File::open(file).map_err(Problem::Unreadable)?;
    let mut bytes = Vec::new();
    let read = opened.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    let count = read.map_err(Problem::Unreadable)?;
    if u64::try_from(count).is_ok_and(|count| count > MAX_FILE_BYTES) {
        return Err(Problem::TooLarge);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
