//! Certificates, checked by those who did not issue them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use catalyst_core::tls::TlsConfig;
use catalyst_openbao::pki::{
    AuthorityTerms, CertificateRequest, CrlPem, CsrPem, IssuedCertificate, KeyAlgorithm, NewAuthority,
    PkiRole, RoleKey, SerialNumber,
};
use catalyst_openbao::testing::contract;
use catalyst_openbao::{CertificateAuthority, Login, OpenBao, Pki, Secret};
use catalyst_tests::servers::OpenBaoServer;
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName,
};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, X509Certificate};

use crate::live::workload::{builder, mount, role};

const HOUR: Duration = Duration::from_secs(3600);

async fn start() -> (OpenBaoServer, OpenBao, Pki, Pki) {
    let server = OpenBaoServer::start_dev().await.unwrap();
    for path in ["root", "pki"] {
        server.api().unwrap().write(&format!("sys/mounts/{path}"), &json!({ "type": "pki" })).await.unwrap();
    }
    let bao = builder(&server).login(Login::token(server.root_token().clone())).build().unwrap();
    let (root, pki) = (bao.pki(mount("root")), bao.pki(mount("pki")));
    (server, bao, root, pki)
}

fn csr(key: &KeyPair) -> CsrPem {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "csr.example.test");
    params.serialize_request(key).unwrap().pem().unwrap().parse().unwrap()
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract() {
    let (_server, _bao, root, pki) = start().await;
    contract::pki::all(&root, &pki, &csr(&KeyPair::generate().unwrap())).await;
}

/// A root that signs an intermediate that issues.
async fn two_levels(root: &Pki, pki: &Pki) {
    let terms = AuthorityTerms::new("Example Root").ttl(HOUR * 24 * 30);
    root.generate_root(&NewAuthority::new(terms)).await.unwrap();
    let terms = AuthorityTerms::new("Example Issuer").ttl(HOUR * 24 * 10).max_path_length(0);
    let asked = pki.generate_intermediate(&NewAuthority::new(terms.clone())).await.unwrap();
    let signed = root.sign_intermediate(&asked.csr, &terms).await.unwrap();
    pki.set_signed(&signed.with_chain()).await.unwrap();
    let web = PkiRole::new().allowed_domains(["example.test"]).allow_subdomains(true).key(RoleKey::Any);
    pki.write_role(&role("web"), &web.ttl(HOUR)).await.unwrap();
}

async fn issue(pki: &Pki, name: &str, key: KeyAlgorithm) -> IssuedCertificate {
    pki.issue(&role("web"), &CertificateRequest::new(name).key(key)).await.unwrap()
}

/// A server that asks for certificates of the root's, and trusts none that is on a list.
fn server_config(root: &str, issued: &IssuedCertificate, lists: &[CrlPem]) -> Arc<ServerConfig> {
    let der = |pem: &catalyst_openbao::pki::CertificatePem| CertificateDer::from(pem.der().to_vec());
    let provider = catalyst_core::tls::provider();
    let mut roots = RootCertStore::empty();
    roots.add(der(&root.parse().unwrap())).unwrap();
    let lists = lists.iter().map(|list| CertificateRevocationListDer::from(list.der().to_vec()));
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .with_crls(lists)
        .only_check_end_entity_revocation()
        .build()
        .unwrap();
    let key: String = issued.private_key.expose().lines().filter(|line| !line.starts_with("-----")).collect();
    let key = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, key).unwrap();
    let chain = issued.signed.with_chain().iter().map(der).collect();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key)))
        .unwrap();
    Arc::new(config)
}

/// What the client reads of a server that writes `hello` to those it lets in.
async fn shake_hands(server: Arc<ServerConfig>, client: &TlsConfig) -> std::io::Result<String> {
    let (near, far) = tokio::io::duplex(1 << 16);
    let serve = async {
        let mut stream = TlsAcceptor::from(server).accept(far).await?;
        stream.write_all(b"hello").await?;
        stream.shutdown().await
    };
    let ask = async {
        let name = ServerName::try_from("server.example.test").unwrap();
        let mut stream = TlsConnector::from(client.to_rustls().unwrap()).connect(name, near).await?;
        let mut said = String::new();
        stream.read_to_string(&mut said).await?;
        Ok(said)
    };
    let (sent, read) = tokio::join!(serve, ask);
    sent.and(read)
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn issued_certificates_open_tls_until_they_are_revoked() {
    let (_server, _bao, root, pki) = start().await;
    two_levels(&root, &pki).await;
    let anchor = root.chain().await.unwrap().remove(0).to_string();
    for algorithm in
        [KeyAlgorithm::EcP256, KeyAlgorithm::EcP384, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa2048]
    {
        let server = issue(&pki, "server.example.test", algorithm).await;
        let client = issue(&pki, "client.example.test", algorithm).await;
        let trusting = TlsConfig::new().ca_pem(anchor.as_bytes()).unwrap();
        let presenting = trusting.clone().identity(Arc::new(client.tls_identity().unwrap()));
        let lists = [pki.crl().await.unwrap()];
        let said = shake_hands(server_config(&anchor, &server, &lists), &presenting).await.unwrap();
        assert_eq!(said, "hello", "{algorithm:?}");
        shake_hands(server_config(&anchor, &server, &lists), &trusting).await.unwrap_err();

        pki.revoke(&client.signed.serial).await.unwrap();
        let lists = [pki.crl().await.unwrap()];
        let refused = shake_hands(server_config(&anchor, &server, &lists), &presenting).await.unwrap_err();
        assert!(refused.to_string().to_lowercase().contains("revoked"), "{refused}");
        // That of another mount, whose root is the same, is another one's client.
        root.write_role(&role("web"), &PkiRole::new().allow_any_name(true).key(RoleKey::Any).ttl(HOUR))
            .await
            .unwrap();
        let foreign = issue(&root, "server.example.test", algorithm).await;
        let other = TlsConfig::new().ca_pem(foreign.signed.certificate.as_str().as_bytes()).unwrap();
        shake_hands(server_config(&anchor, &server, &[]), &other).await.unwrap_err();
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_list_holds_what_was_revoked_and_nothing_else() {
    let (_server, _bao, root, pki) = start().await;
    two_levels(&root, &pki).await;
    let serials = |list: &CrlPem| -> (Vec<SerialNumber>, Option<u64>) {
        let (_, list) = CertificateRevocationList::from_der(list.der()).unwrap();
        let number = list.crl_number().and_then(|number| number.to_u64_digits().first().copied());
        let all = list.iter_revoked_certificates();
        (all.map(|one| SerialNumber::from_bytes(one.raw_serial()).unwrap()).collect(), number)
    };
    let (revoked, kept) = (
        issue(&pki, "a.example.test", KeyAlgorithm::EcP256).await.signed,
        issue(&pki, "b.example.test", KeyAlgorithm::EcP256).await.signed,
    );
    let (empty, first) = serials(&pki.crl().await.unwrap());
    assert!(empty.is_empty());
    pki.revoke(&revoked.serial).await.unwrap();
    let (listed, second) = serials(&pki.crl().await.unwrap());
    assert_eq!(listed, [revoked.serial]);
    assert!(second > first, "{second:?} {first:?}");
    assert!(pki.certificate(&kept.serial).await.unwrap().revoked_at.is_none());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_signed_request_has_the_key_of_its_owner_and_what_was_granted() {
    let (_server, _bao, root, pki) = start().await;
    two_levels(&root, &pki).await;
    let key = KeyPair::generate().unwrap();
    let signed = pki.sign(&role("web"), &csr(&key), &CertificateRequest::unnamed()).await.unwrap();
    let (_, leaf) = X509Certificate::from_der(signed.certificate.der()).unwrap();
    assert_eq!(leaf.public_key().subject_public_key.data.as_ref(), key.public_key_raw());
    assert_eq!(leaf.subject().to_string(), "CN=csr.example.test");
    assert_eq!(SerialNumber::from_bytes(leaf.raw_serial()).unwrap(), signed.serial);
    let ends = u64::try_from(leaf.validity().not_after.timestamp()).unwrap();
    assert_eq!(SystemTime::UNIX_EPOCH + Duration::from_secs(ends), signed.expires_at);
    let (_, issuer) = X509Certificate::from_der(signed.issuing_ca.der()).unwrap();
    assert!(issuer.is_ca() && leaf.issuer() == issuer.subject());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_session_that_ends_takes_its_leased_certificates_along() {
    let (server, bao, root, pki) = start().await;
    two_levels(&root, &pki).await;
    let leased = PkiRole::new().allow_any_name(true).generate_lease(true).ttl(HOUR);
    pki.write_role(&role("leased"), &leased).await.unwrap();
    let token =
        server.api().unwrap().write("auth/token/create", &json!({ "policies": ["root"] })).await.unwrap();
    let token = Secret::new(token["auth"]["client_token"].as_str().unwrap());
    let somebody = builder(&server).login(Login::token(token.clone())).build().unwrap();
    let issued =
        somebody.pki(mount("pki")).issue(&role("leased"), &CertificateRequest::new("a")).await.unwrap();
    assert!(issued.signed.lease.is_some());
    bao.tokens().revoke(&token).await.unwrap();
    let revoked = async {
        while pki.certificate(&issued.signed.serial).await.unwrap().revoked_at.is_none() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), revoked).await.unwrap();
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn no_key_is_in_the_audit_log() {
    let (server, _bao, root, pki) = start().await;
    two_levels(&root, &pki).await;
    let issued = issue(&pki, "a.example.test", KeyAlgorithm::EcP256).await;
    let made = pki.generate_key(KeyAlgorithm::EcP256, None, true).await.unwrap();
    let log = server.audit_log().unwrap();
    assert!(log.contains("pki/issue/web") && log.contains("pki/keys/generate/exported"));
    for key in [&issued.private_key, made.private_key.as_ref().unwrap()] {
        let inside = key.expose().lines().nth(1).unwrap();
        assert!(!log.contains(inside));
    }
}
