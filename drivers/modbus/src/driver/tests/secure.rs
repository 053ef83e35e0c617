//! Modbus TCP within TLS: who is trusted, and that nobody else is.

use std::path::PathBuf;

use super::*;
use crate::testing::pki::Pki;

/// Serves one connection within TLS.
async fn secured(pki: &Pki, files: &(PathBuf, PathBuf), mutual: bool) -> u16 {
    let acceptor = pki.acceptor(files, mutual);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        if let Ok(stream) = acceptor.accept(stream).await {
            serve(stream, Wire::Tcp, |incoming| vec![(Duration::ZERO, incoming.reply())]).await;
        }
    });
    port
}

fn keys(port: u16, pki: &Pki, more: &str) -> String {
    format!("address = \"localhost:{port}\"\ntls = true\nca = {:?}\n{more}", pki.ca())
}

/// Why there are no values.
async fn why_not(keys: &str) -> String {
    let driver = driver(Kind::Tcp, keys);
    let (ear, (_sender, mut inlet)) = (Recorder::default(), command_queue());
    let session = driver.session(&ear, &mut inlet, CancellationToken::new());
    let explained = timeout(SOON, session).await.unwrap().unwrap_err().explain();
    assert!(ear.batches().is_empty());
    explained
}

#[tokio::test]
async fn values_come_from_whoever_proves_to_be_the_one_that_is_meant() {
    let pki = Pki::new("values");
    let server = pki.issue("server", "localhost", 2100);
    let by_another_name = pki.issue("another", "plc7", 2100);
    let by_address = pki.issue("address", "127.0.0.1", 2100);
    let (certificate, key) = pki.issue("gateway", "gateway", 2100);
    let client = format!("client_certificate = {certificate:?}\nclient_key = {key:?}");
    for (files, mutual, more) in [
        (&server, false, ""),
        (&server, true, client.as_str()),
        (&server, false, client.as_str()),
        (&by_another_name, false, "server_name = \"plc7\""),
        (&by_address, false, "server_name = \"127.0.0.1\""),
    ] {
        let port = secured(&pki, files, mutual).await;
        let driver = driver(Kind::Tcp, &keys(port, &pki, more));
        let (ended, _ear) = session_until_value(&driver, async |stop| stop.cancel()).await;
        assert!(ended.is_ok(), "{more}: {ended:?}");
    }
}

#[tokio::test]
async fn nobody_else_is_asked_anything() {
    let (pki, others) = (Pki::new("trusted"), Pki::new("others"));
    let server = pki.issue("server", "localhost", 2100);
    let untrusted = others.issue("server", "localhost", 2100);
    let by_another_name = pki.issue("another", "plc7", 2100);
    let expired = pki.issue("expired", "localhost", 2020);
    let (certificate, key) = others.issue("gateway", "gateway", 2100);
    let stranger = format!("client_certificate = {certificate:?}\nclient_key = {key:?}");
    for (files, mutual, more, expected) in [
        (&untrusted, false, "", "UnknownIssuer"),
        (&by_another_name, false, "", "not valid for name \"localhost\""),
        (&server, false, "server_name = \"plc7\"", "not valid for name \"plc7\""),
        (&expired, false, "", "expired"),
        (&server, true, "", "CertificateRequired"),
        (&server, true, stranger.as_str(), "UnknownCA"),
    ] {
        let issuer = if files == &untrusted { &others } else { &pki };
        let port = secured(issuer, files, mutual).await;
        let explained = why_not(&keys(port, &pki, more)).await;
        assert!(explained.contains(expected), "{expected}: {explained}");
        assert!(explained.contains(&format!("localhost:{port}")), "{explained}");
    }
}

#[tokio::test]
async fn whoever_does_not_speak_tls_is_told_apart() {
    let pki = Pki::new("plain");
    // A plain Modbus TCP server, one that hangs up, and one that says nothing.
    for (answer, expected) in [
        (Some(&b"\0\x01\0\0\0\x03\x03\x83\x02"[..]), "corrupt message"),
        (Some(b""), "reset"),
        (None, "no answer within 300 ms"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let peer = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut hello = [0; 16];
            tokio::io::AsyncReadExt::read_exact(&mut stream, &mut hello).await.unwrap();
            match answer {
                Some(answer) => {
                    tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.unwrap();
                }
                None => std::future::pending().await,
            }
        });
        let explained = why_not(&keys(port, &pki, "connect_timeout_ms = 300")).await;
        assert!(explained.starts_with("failed to agree on TLS with localhost:"), "{explained}");
        assert!(explained.contains(expected), "{expected}: {explained}");
        peer.abort();
    }
}

/// A file that went bad after the start costs this channel, until it is mended.
#[tokio::test]
async fn files_are_read_at_every_connection() {
    let pki = Pki::new("renewed");
    let server = pki.issue("server", "localhost", 2100);
    let port = secured(&pki, &server, false).await;
    let driver = driver(Kind::Tcp, &keys(port, &pki, ""));
    let good = std::fs::read(pki.ca()).unwrap();
    std::fs::write(pki.ca(), "").unwrap();
    let (ear, (_sender, mut inlet)) = (Recorder::default(), command_queue());
    let session = driver.session(&ear, &mut inlet, CancellationToken::new());
    let explained = timeout(SOON, session).await.unwrap().unwrap_err().explain();
    let ca = pki.ca();
    let expected = format!(
        "failed to read the certificates for localhost:{port}: {} has no certificate in it",
        ca.display()
    );
    assert!(explained.starts_with(&expected), "{explained}");
    std::fs::write(pki.ca(), good).unwrap();
    let (ended, _ear) = session_until_value(&driver, async |stop| stop.cancel()).await;
    assert!(ended.is_ok(), "{ended:?}");
}
