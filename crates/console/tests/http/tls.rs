//! HTTPS with a certificate of our own.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use crate::support::{exchange, no_integrations, run_with, settings};
use braid_console::{BindFault, Console, ConsoleSettings, TlsFiles};
use braid_runtime::hot_index::HotIndex;
use braid_runtime::metrics::Metrics;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

fn certify() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate")
}

fn write_files(directory: &Path, certified: &CertifiedKey<KeyPair>) -> TlsFiles {
    let files = TlsFiles { certificate: directory.join("tls.crt"), key: directory.join("tls.key") };
    fs::write(&files.certificate, certified.cert.pem()).expect("a file");
    fs::write(&files.key, certified.signing_key.serialize_pem()).expect("a file");
    files
}

fn trusting(certificate: CertificateDer<'static>, protocol: &[u8]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a root");
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    Arc::new(config)
}

fn bind(tls: TlsFiles) -> Result<braid_console::BoundConsole, BindFault> {
    let metrics = Arc::new(Metrics::new([], []));
    let settings = ConsoleSettings { tls: Some(tls), ..settings() };
    Console::bind(settings, Arc::new(HotIndex::new()), metrics, no_integrations, Vec::new)
}

#[test]
fn a_client_that_trusts_the_certificate_is_answered_over_https_and_any_other_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let certified = certify();
    let tls = Some(write_files(directory.path(), &certified));
    let console = run_with(ConsoleSettings { tls, ..settings() }, Vec::new);
    let name = || ServerName::try_from("localhost").expect("a name");

    let config = trusting(certified.cert.der().clone(), b"http/1.1");
    let client = ClientConnection::new(config, name()).expect("a client");
    let mut stream = StreamOwned::new(client, console.connect());
    let answer = exchange(&mut stream, "GET", "/readyz", &[("host", "localhost")]);
    assert_eq!((answer.status, &*answer.body), (200, "{\"status\":\"ready\"}"));
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));

    let stranger = trusting(certify().cert.der().clone(), b"http/1.1");
    let client = ClientConnection::new(stranger, name()).expect("a client");
    let refused = StreamOwned::new(client, console.connect()).write_all(b"GET / HTTP/1.1\r\n\r\n");
    assert!(refused.is_err(), "the certificate is not one that it trusts");

    let mut plain = console.connect();
    plain.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("it is sent");
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
}

#[test]
fn files_that_do_not_go_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let files = write_files(directory.path(), &certify());

    let missing = TlsFiles { key: directory.path().join("no.key"), ..files.clone() };
    let fault = bind(missing).expect_err("there is no such file").to_string();
    assert!(fault.contains("no.key"), "{fault}");

    let swapped = TlsFiles { certificate: files.certificate.clone(), key: files.certificate.clone() };
    let fault = bind(swapped).expect_err("it holds no key").to_string();
    assert!(fault.contains("cannot read") && fault.contains("tls.crt"), "{fault}");

    fs::write(&files.key, certify().signing_key.serialize_pem()).expect("a file");
    let fault = bind(files).expect_err("the key is another certificate's").to_string();
    assert!(fault.contains("cannot use certificate") && fault.contains("tls.key"), "{fault}");
}
