use super::*;
use crate::testing::pki::Pki;

/// What `load` says of these files, and for which of them.
fn said(ca: &Path, client: Option<(&Path, &Path)>) -> Option<(Role, String)> {
    let settings = TlsSettings {
        ca: ca.to_owned(),
        server_name: ServerName::try_from("plc").unwrap(),
        client: client.map(|(certificate, key)| Client {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        }),
    };
    settings.load().err().map(|bad| (bad.role, bad.to_string()))
}

#[test]
fn each_file_is_told_with_what_is_wrong_with_it() {
    let pki = Pki::new("files");
    let ca = pki.ca();
    let (certificate, key) = pki.issue("gateway", "gateway", 2100);
    let (_, other_key) = pki.issue("other", "other", 2100);
    assert_eq!(said(&ca, None), None);
    assert_eq!(said(&ca, Some((&certificate, &key))), None);
    // A certificate and its key may stand in one file.
    let both = pki.file("both.pem");
    let text = [&certificate, &key].map(|file| std::fs::read_to_string(file).unwrap()).concat();
    std::fs::write(&both, text).unwrap();
    assert_eq!(said(&ca, Some((&both, &both))), None);

    let missing = pki.file("missing.pem");
    let write = |name: &str, text: &str| {
        std::fs::write(pki.file(name), text).unwrap();
        pki.file(name)
    };
    let empty = write("empty.pem", "");
    let torn = write("torn.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    let no_base64 =
        write("no_base64.pem", "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n");
    let nonsense =
        write("nonsense.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let huge = write("huge.pem", &"x".repeat(1024 * 1024 + 1));
    use Role::{Ca, ClientCertificate, ClientKey};
    for (ca, client, role, file, expected) in [
        (&missing, None, Ca, &missing, "cannot be read: No such file"),
        (&empty, None, Ca, &empty, "has no certificate in it"),
        (&key, None, Ca, &key, "has no certificate in it"),
        (&torn, None, Ca, &torn, "is no right PEM file: "),
        (&no_base64, None, Ca, &no_base64, "is no right PEM file: "),
        (&nonsense, None, Ca, &nonsense, "has a certificate that cannot be used, number 1: "),
        (&huge, None, Ca, &huge, "is larger than 1048576 bytes"),
        (&ca, Some((&missing, &key)), ClientCertificate, &missing, "cannot be read"),
        (&ca, Some((&key, &key)), ClientCertificate, &key, "has no certificate in it"),
        (&ca, Some((&certificate, &missing)), ClientKey, &missing, "cannot be read"),
        (&ca, Some((&certificate, &certificate)), ClientKey, &certificate, "has no private key"),
        (&ca, Some((&certificate, &other_key)), ClientKey, &other_key, "is not the key of the"),
        (&ca, Some((&nonsense, &key)), ClientKey, &key, "cannot be used with the certificate"),
    ] {
        let (said_of, text) = said(ca, client.map(|(a, b)| (a.as_path(), b.as_path()))).unwrap();
        let begin = format!("{} {expected}", file.display());
        assert!(text.starts_with(&begin), "{begin}: {text}");
        assert_eq!(said_of, role, "{text}");
    }
}
