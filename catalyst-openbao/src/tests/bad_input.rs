//! What is wrong is told, with what to do about it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalyst_core::tls::{TlsConfig, TlsIdentity, TlsIdentitySource, provider};
use catalyst_core::{ErrorKind, SecretBytes};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use wiremock::ResponseTemplate;

use super::support::{Stub, answer, quick};
use crate::{DynamicCredentials, Login, OpenBao, Result, RoleName, Secret, SecretStore, Versioned};

async fn read(bao: &OpenBao) -> Result<Versioned> {
    bao.kv("secret".parse()?).read(&"a".parse()?, None).await
}

#[test]
fn an_address_that_is_none_is_refused_when_the_client_is_set_up() {
    for bad in
        ["", "bao", "bao.test:8200", "ftp://bao.test", "https://", "https://user:canary@bao.test", "/run/bao"]
    {
        let error = OpenBao::builder(bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
        assert!(!format!("{error:?}").contains("canary"));
    }
}

#[test]
fn settings_that_contradict_one_another_are_refused() {
    let builder = || OpenBao::builder("https://bao.test:8200").unwrap();
    let no_identity = builder().login(Login::certificate(None)).build();
    let plain = OpenBao::builder("http://bao.test").unwrap().login(Login::certificate(None)).build();
    for refused in [
        no_identity,
        plain,
        builder().timeout(Duration::ZERO).build(),
        builder().max_body(0).build(),
        builder().login(Login::token(Secret::new(""))).build(),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.help().is_some());
    }
}

#[test]
fn an_empty_role_is_refused() {
    assert_eq!("".parse::<RoleName>().unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn without_a_login_a_call_says_what_is_missing() {
    let bao = OpenBao::builder("http://127.0.0.1:9").unwrap().build().unwrap();
    let error = read(&bao).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.help().unwrap().contains("no login is configured"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again_and_then_named() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let login = Login::app_role("a", Secret::new("b"));
    let bao = OpenBao::builder(&closed).unwrap().login(login).retry(quick()).build().unwrap();
    let error = read(&bao).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), error.outcome_unknown()), (ErrorKind::Connect, 3, false));
    assert_eq!(error.target(), Some("auth/approle/login"));
}

#[tokio::test]
async fn a_standby_that_redirects_elsewhere_is_not_followed_and_named() {
    let (stub, elsewhere) = (Stub::start().await, Stub::start().await);
    let away = format!("{}/v1/secret/data/a?token=canary", elsewhere.server.uri());
    stub.on("GET", "/v1/secret/data/a", ResponseTemplate::new(307).insert_header("location", away)).await;
    let error = read(&stub.client()).await.unwrap_err();
    assert_eq!((error.code(), error.status()), (Some("standby_redirect"), Some(307)));
    assert!(error.help().unwrap().contains(&elsewhere.server.uri()));
    assert!(!format!("{error:?}").contains("canary"));
    assert!(elsewhere.server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_too_large_or_no_json_is_told_from_a_missing_secret() {
    let large = ResponseTemplate::new(200).set_body_bytes(vec![b' '; 5000]);
    let page = |status| ResponseTemplate::new(status).set_body_string("<html>canary</html>");
    for answer in [large, page(200), page(404), page(403), page(400), ResponseTemplate::new(204)] {
        let stub = Stub::start().await;
        stub.on("GET", "/v1/secret/data/a", answer).await;
        let error = read(&stub.builder().max_body(4000).build().unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Decode, 1));
        assert!(!format!("{error:?}").contains("canary"));
        assert_eq!(stub.logins(), 1);
    }
}

#[tokio::test]
async fn an_unknown_mount_says_so() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/nope/creds/a", answer("err-404-no-handler")).await;
    let nowhere = stub.client().database("nope".parse().unwrap());
    let error = nowhere.issue(&"a".parse().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("unknown_mount")));
}

#[tokio::test]
async fn a_name_that_needs_escaping_reaches_the_server_as_it_is() {
    let stub = Stub::start().await;
    let kv = stub.client().kv("secret".parse().unwrap());
    assert!(kv.read(&"a b/?version=1".parse().unwrap(), None).await.is_err());
    let asked = stub.server.received_requests().await.unwrap();
    assert_eq!(asked.last().unwrap().url.path(), "/v1/secret/data/a%20b/%3Fversion%3D1");
    assert_eq!(asked.last().unwrap().url.query(), None);
}

/// An authority that signs for the names it is asked for.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn sign(&self, name: &str) -> (Vec<u8>, SecretBytes) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let leaf = params.signed_by(&key, &self.0).unwrap();
        (leaf.der().to_vec(), SecretBytes::new(key.serialize_der()))
    }

    /// Lets everybody in who has a certificate of ours, and writes down each certificate. One thread, one connection
    /// at a time, each with one answer.
    fn serve(&self, name: &str, connections: usize) -> (String, Arc<Mutex<Vec<Vec<u8>>>>) {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        let (leaf, key) = self.sign(name);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.expose().to_vec()));
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.allow_unauthenticated().build().unwrap())
            .with_single_cert(vec![CertificateDer::from(leaf)], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (config, writes) = (Arc::new(config), Arc::clone(&seen));
        std::thread::spawn(move || {
            for socket in listener.incoming().take(connections) {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(connection, socket.unwrap());
                if stream.read(&mut [0; 8192]).is_err() {
                    continue;
                }
                let leaf = stream.conn.peer_certificates().map(|chain| chain[0].to_vec());
                writes.lock().unwrap().push(leaf.unwrap_or_default());
                let body = r#"{"auth":{"client_token":"s.t","lease_duration":60,"renewable":true}}"#;
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                let _sent = stream.write_all(answer.as_bytes());
                // The connection stays open: whoever wants to use it again can.
                std::mem::forget(stream);
            }
        });
        (address, seen)
    }

    fn trust(&self) -> TlsConfig {
        TlsConfig::new().ca_pem(self.0.pem().as_bytes()).unwrap()
    }
}

#[derive(Debug)]
struct Rotating(Mutex<TlsIdentity>);

impl TlsIdentitySource for Rotating {
    fn current(&self) -> Option<TlsIdentity> {
        Some(self.0.lock().unwrap().clone())
    }
}

#[tokio::test]
async fn each_login_by_certificate_presents_the_newest_one() {
    let authority = Authority::new();
    let identity = || {
        let (leaf, key) = authority.sign("orders");
        TlsIdentity::from_der(vec![leaf], &key).unwrap()
    };
    let source = Arc::new(Rotating(Mutex::new(identity())));
    let (address, seen) = authority.serve("localhost", 2);
    let shared: Arc<dyn TlsIdentitySource> = Arc::<Rotating>::clone(&source);
    let bao = OpenBao::builder(&address)
        .unwrap()
        .tls(authority.trust().identity(shared))
        .login(Login::certificate(Some("orders".parse().unwrap())))
        .build()
        .unwrap();
    let first = bao.session().await.unwrap();
    // Never renewed, whatever the server says.
    assert_eq!(first.state().standing, crate::Standing::Ending);
    let newest = identity();
    *source.0.lock().unwrap() = newest.clone();
    bao.login_anew().await.unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1], newest.leaf());
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_server_with_another_name_or_authority_is_not_spoken_to() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    for (server, name, trust) in [(&ours, "other.test", ours.trust()), (&theirs, "localhost", ours.trust())] {
        let (address, seen) = server.serve(name, 1);
        let login = Login::app_role("a", Secret::new("canary"));
        let bao = OpenBao::builder(&address).unwrap().tls(trust).login(login).build().unwrap();
        let error = read(&bao).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Tls, 1), "{error:?}");
        assert!(error.help().unwrap().contains("check the CA"));
        assert!(seen.lock().unwrap().is_empty());
    }
}
