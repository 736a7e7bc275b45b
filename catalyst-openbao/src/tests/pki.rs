//! Certificates against recorded answers.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use catalyst_core::tls::TlsConfig;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::support::{Stub, answer, recorded};
use crate::pki::{
    AuthorityKey, AuthorityTerms, CertificatePem, CertificateRequest, CsrPem, KeyAlgorithm, NewAuthority,
    PkiRole, RoleKey, SerialNumber,
};
use crate::{CertificateAuthority, Error, ErrorKind, Pki, Result, RoleName, Secret};

pub(super) async fn stub_with(verb: &str, path: &str, file: &str) -> (Stub, Pki) {
    let stub = Stub::start().await;
    stub.on(verb, &format!("/v1/pki/{path}"), answer(file)).await;
    let pki = stub.client().pki("pki".parse().unwrap());
    (stub, pki)
}

fn web() -> RoleName {
    "web".parse().unwrap()
}

/// What was sent in a recorded request.
fn sent(name: &str, field: &str) -> String {
    let file = format!("{}/tests-data/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let sample: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    sample["request"]["body"][field].as_str().unwrap().to_owned()
}

fn csr() -> CsrPem {
    sent("pki-sign", "csr").parse().unwrap()
}

fn since_1970(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[tokio::test]
async fn an_issued_certificate_has_its_key_its_chain_and_its_end() {
    let (stub, pki) = stub_with("POST", "issue/web", "pki-issue-pkcs8").await;
    let request = CertificateRequest::new("a.example.test")
        .alt_names(["b.example.test", "c.example.test"])
        .ip_sans([[127, 0, 0, 1]])
        .uri_sans(["spiffe://td/a"])
        .ttl(Duration::from_secs(300))
        .key(KeyAlgorithm::EcP256)
        .with_root(true);
    let issued = pki.issue(&web(), &request).await.unwrap();
    let body = json!({
        "common_name": "a.example.test", "alt_names": "b.example.test,c.example.test", "ip_sans": ["127.0.0.1"],
        "uri_sans": ["spiffe://td/a"], "ttl": 300, "key_type": "ec", "key_bits": 256, "remove_roots_from_chain": false,
        "format": "pem", "private_key_format": "pkcs8",
    });
    assert_eq!(stub.last_body().await, body);
    let signed = &issued.signed;
    assert_eq!(signed.serial, "74:45:d1:81:44:cd:b9:58:1f:73:1f:7c:a2:a7:c3:51:22:98:4c:7f".parse().unwrap());
    assert_eq!(signed.expires_at, since_1970(1_795_815_490));
    assert_eq!(signed.not_before, Some(since_1970(1_795_815_160)));
    assert_eq!((&signed.chain[..], signed.lease.is_none()), (&[signed.issuing_ca.clone()][..], true));
    let pem = signed.with_chain_pem();
    assert_eq!(CertificatePem::read_all(&pem).unwrap(), signed.with_chain());
    let identity = issued.tls_identity().unwrap();
    assert_eq!(identity.leaf(), signed.certificate.der());
    assert!(TlsConfig::new().identity(Arc::new(identity)).has_identity());
}

#[tokio::test]
async fn the_key_is_in_no_text_of_what_was_issued() {
    let (_stub, pki) = stub_with("POST", "issue/web", "pki-issue-pkcs8").await;
    let issued = pki.issue(&web(), &CertificateRequest::new("a.example.test")).await.unwrap();
    let inside = issued.private_key.expose().lines().nth(1).unwrap();
    assert!(!format!("{issued:?} {pki:?}").contains(inside));
    // Nor in an error of an answer that is broken behind it.
    let (status, mut body) = recorded("pki-issue-pkcs8");
    body["data"]["serial_number"] = inside.into();
    let stub = Stub::start().await;
    stub.on("POST", "/v1/pki/issue/web", ResponseTemplate::new(status).set_body_json(body)).await;
    let pki = stub.client().pki("pki".parse().unwrap());
    let error = pki.issue(&web(), &CertificateRequest::new("a.example.test")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, Some("unreadable_answer")));
    assert!(!format!("{error:?}").contains(inside));
}

#[tokio::test]
async fn a_certificate_whose_answer_was_lost_is_not_issued_again() {
    for path in ["issue/web", "sign/web", "sign-verbatim", "root/generate/internal", "root/sign-intermediate"]
    {
        let at = format!("/v1/pki/{path}");
        let stub = Stub::start().await;
        stub.on("POST", &at, ResponseTemplate::new(502)).await;
        let pki = stub.client().pki("pki".parse().unwrap());
        let (request, terms) = (CertificateRequest::unnamed(), AuthorityTerms::new("x"));
        let error = match path {
            "issue/web" => pki.issue(&web(), &request).await.map(drop),
            "sign/web" => pki.sign(&web(), &csr(), &request).await.map(drop),
            "sign-verbatim" => pki.sign_verbatim(None, &csr(), &request).await.map(drop),
            "root/generate/internal" => pki.generate_root(&NewAuthority::new(terms)).await.map(drop),
            _ => pki.sign_intermediate(&csr(), &terms).await.map(drop),
        };
        assert!(error.unwrap_err().outcome_unknown(), "{path}");
        assert_eq!(stub.count(&at).await, 1, "{path}");
    }
}

#[tokio::test]
async fn a_role_that_makes_leases_gives_one() {
    let (_stub, pki) = stub_with("POST", "issue/leased", "pki-issue-leased").await;
    let role = "leased".parse().unwrap();
    let issued = pki.issue(&role, &CertificateRequest::new("a")).await.unwrap();
    let lease = issued.signed.lease.unwrap();
    assert!(lease.id.as_str().starts_with("pki/issue/leased/") && !lease.term.renewable);
    assert_eq!(lease.term.ttl, Duration::from_secs(60));
}

#[tokio::test]
async fn a_key_that_stays_here_is_signed() {
    let (stub, pki) = stub_with("POST", "sign/web", "pki-sign").await;
    let request = CertificateRequest::new("c.example.test").ttl(Duration::from_secs(300));
    let signed = pki.sign(&web(), &csr(), &request).await.unwrap();
    assert_eq!(signed.chain, std::slice::from_ref(&signed.issuing_ca));
    let body = json!({
        "csr": csr().as_str(), "common_name": "c.example.test", "ttl": 300, "remove_roots_from_chain": true, "format": "pem",
    });
    assert_eq!(stub.last_body().await, body);
    let (_stub, pki) = stub_with("POST", "sign-verbatim", "pki-sign-verbatim").await;
    assert!(pki.sign_verbatim(None, &csr(), &CertificateRequest::unnamed()).await.is_ok());
    let (_stub, pki) = stub_with("POST", "issuer/a/sign-verbatim/web", "pki-sign-verbatim").await;
    let pki = pki.by("a".parse().unwrap());
    assert!(pki.sign_verbatim(Some(&web()), &csr(), &CertificateRequest::unnamed()).await.is_ok());
    let (_stub, pki) = stub_with("POST", "root/sign-intermediate", "pki-sign-intermediate").await;
    let signed =
        pki.sign_intermediate(&csr(), &AuthorityTerms::new("Inter").max_path_length(0)).await.unwrap();
    // The server's chain begins with the certificate itself.
    assert_eq!((signed.chain.as_slice(), signed.with_chain().len()), (&[signed.issuing_ca.clone()][..], 2));
}

#[tokio::test]
async fn what_is_revoked_already_or_has_expired_is_a_success() {
    let serial: SerialNumber = "ab:cd".parse().unwrap();
    for file in ["pki-revoke", "pki-revoke-again", "pki-revoke-expired"] {
        let (stub, pki) = stub_with("POST", "revoke", file).await;
        pki.revoke(&serial).await.unwrap();
        assert_eq!(stub.last_body().await, json!({ "serial_number": "ab:cd" }));
    }
    let certificate: CertificatePem = sent("pki-revoke-by-cert", "certificate").parse().unwrap();
    let (stub, pki) = stub_with("POST", "revoke", "pki-revoke-by-cert").await;
    pki.revoke_certificate(&certificate).await.unwrap();
    assert_eq!(stub.last_body().await, json!({ "certificate": certificate.as_str() }));
}

#[tokio::test]
async fn recorded_refusals_of_issuing_mean_what_they_mean() {
    use ErrorKind::{InvalidRequest, NotFound, PermissionDenied};
    for (file, kind, code) in [
        ("pki-issue-denied-error", PermissionDenied, "name_not_allowed"),
        ("pki-issue-san-denied-error", PermissionDenied, "name_not_allowed"),
        ("pki-issue-email-denied-error", PermissionDenied, "name_not_allowed"),
        ("pki-issue-uri-denied-error", PermissionDenied, "name_not_allowed"),
        ("pki-issue-uri-none-error", PermissionDenied, "name_not_allowed"),
        ("pki-issue-ip-denied-error", PermissionDenied, "name_not_allowed"),
        ("pki-issue-cidr-error", PermissionDenied, "name_not_allowed"),
        ("pki-issue-other-san-denied-error", PermissionDenied, "name_not_allowed"),
        ("pki-issue-bad-ip-error", InvalidRequest, "malformed_input"),
        ("pki-issue-no-cn-error", InvalidRequest, "invalid_request"),
        ("pki-issue-beyond-ca-error", InvalidRequest, "ttl_beyond_issuer"),
        ("pki-issue-any-key-error", InvalidRequest, "key_not_allowed"),
        ("pki-sign-key-type-error", InvalidRequest, "key_not_allowed"),
        ("pki-issue-unknown-role-error", NotFound, "unknown_role"),
        ("pki-sign-verbatim-role-error", NotFound, "unknown_role"),
        ("pki-issue-no-issuer-error", NotFound, "unknown_issuer"),
        ("pki-no-issuer-error", NotFound, "no_issuer"),
        ("pki-issue-keyless-issuer-error", InvalidRequest, "issuer_without_key"),
        ("pki-sign-not-a-csr-error", InvalidRequest, "malformed_input"),
        ("pki-sign-empty-csr-error", InvalidRequest, "malformed_input"),
        ("pki-sign-broken-csr-error", InvalidRequest, "malformed_input"),
    ] {
        let (stub, pki) = stub_with("POST", "issue/web", file).await;
        let refusal = pki.issue(&web(), &CertificateRequest::new("a.example.test")).await.map(drop);
        check(file, refusal, kind, code);
        assert_eq!(stub.count("/v1/pki/issue/web").await, 1, "{file}");
    }
    for (file, kind, code) in [
        ("pki-revoke-missing-error", NotFound, "certificate_not_found"),
        ("pki-revoke-serial-malformed-error", NotFound, "certificate_not_found"),
        ("pki-revoke-none-error", InvalidRequest, "invalid_request"),
        ("pki-revoke-bad-cert-error", InvalidRequest, "malformed_input"),
        ("pki-revoke-foreign-error", InvalidRequest, "foreign_certificate"),
        ("pki-revoke-issuer-error", InvalidRequest, "own_revocation"),
        ("pki-revoke-wrong-key-error", InvalidRequest, "key_mismatch"),
    ] {
        let (_stub, pki) = stub_with("POST", "revoke", file).await;
        check(file, pki.revoke(&"ab".parse().unwrap()).await, kind, code);
    }
}

pub(super) fn check(file: &str, refusal: Result<()>, kind: ErrorKind, code: &str) -> Error {
    let error = refusal.unwrap_err();
    assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{file}");
    assert!(error.help().is_some() && !error.outcome_unknown(), "{file}");
    error
}

#[tokio::test]
async fn a_role_comes_back_with_all_that_the_server_says_of_it() {
    let (stub, pki) = stub_with("GET", "roles/web", "pki-role-read").await;
    let role = pki.role(&web()).await.unwrap().unwrap();
    assert_eq!((&role.key, role.allow_localhost), (&RoleKey::Of(KeyAlgorithm::Rsa2048), true));
    assert_eq!(role.other["cn_validations"], json!(["email", "hostname"]));
    stub.on("POST", "/v1/pki/roles/web", answer("pki-role-write")).await;
    pki.write_role(&web(), &role).await.unwrap();
    let (_, said) = recorded("pki-role-read");
    assert_eq!(stub.last_body().await, said["data"]);

    let (_stub, pki) = stub_with("GET", "roles/web", "pki-role-write").await;
    let found = pki.role(&web()).await.unwrap().unwrap();
    let wanted = PkiRole::new()
        .allowed_domains(["example.test", "*.glob.test"])
        .allow_subdomains(true)
        .allow_glob_domains(true)
        .allow_localhost(true)
        .allow_wildcard_certificates(true)
        .allowed_uri_sans(["spiffe://td/*"])
        .allow_ip_sans(true)
        .ttl(Duration::from_secs(600))
        .max_ttl(Duration::from_secs(3600));
    assert!(wanted.is_met_by(&found) && !PkiRole::new().is_met_by(&found), "{found:?}");
    let (_stub, pki) = stub_with("GET", "roles/web", "pki-role-missing").await;
    assert!(pki.role(&web()).await.unwrap().is_none());
    for file in ["pki-role-bad-key-error", "pki-role-ttl-error"] {
        let (_stub, pki) = stub_with("POST", "roles/web", file).await;
        check(file, pki.write_role(&web(), &wanted).await, ErrorKind::InvalidRequest, "invalid_request");
    }
}

#[tokio::test]
async fn a_root_is_made_as_it_was_said_and_shows_its_key_where_it_should() {
    let (stub, pki) = stub_with("POST", "root/generate/exported", "pki-root-exported").await;
    let root = NewAuthority::new(AuthorityTerms::new("Root").ttl(Duration::from_secs(8760 * 3600)))
        .key(AuthorityKey::Exported(KeyAlgorithm::EcP256))
        .issuer_name("root-a".parse().unwrap())
        .key_name("key-a".parse().unwrap());
    let made = pki.generate_root(&root).await.unwrap();
    let body = json!({
        "common_name": "Root", "ttl": 31_536_000, "exclude_cn_from_sans": true, "key_type": "ec", "key_bits": 256,
        "issuer_name": "root-a", "key_name": "key-a", "private_key_format": "pkcs8",
    });
    assert_eq!(stub.last_body().await, body);
    assert_eq!(made.issuer.as_str(), "61027706-0260-07ab-30cb-59aeaba58f71");
    assert_eq!(made.expires_at, since_1970(1_827_351_123));
    let key = made.private_key.as_ref().unwrap().expose().lines().nth(1).unwrap();
    assert!(!format!("{made:?}").contains(key));

    let existing =
        NewAuthority::new(AuthorityTerms::new("Inter")).key(AuthorityKey::Existing("k".parse().unwrap()));
    let (stub, pki) = stub_with("POST", "intermediate/generate/existing", "pki-intermediate-csr").await;
    let asked = pki.generate_intermediate(&existing).await.unwrap();
    assert!(asked.private_key.is_none() && !asked.csr.der().is_empty());
    assert_eq!(stub.last_body().await["key_ref"], "k");
    let (_stub, pki) = stub_with("POST", "intermediate/set-signed", "pki-set-signed").await;
    let imported = pki.set_signed(&[]).await.unwrap();
    assert_eq!((imported.issuers.len(), imported.keys.len()), (2, 0));
    for (file, kind, code) in [
        ("pki-root-name-taken-error", ErrorKind::Conflict, "name_taken"),
        ("pki-root-key-name-taken-error", ErrorKind::Conflict, "name_taken"),
        ("pki-root-bad-key-error", ErrorKind::InvalidRequest, "invalid_request"),
    ] {
        let (_stub, pki) = stub_with("POST", "root/rotate/exported", file).await;
        check(file, pki.rotate_root(&root).await.map(drop), kind, code);
    }
    for (file, code) in [
        ("pki-set-signed-bad-error", "malformed_input"),
        ("pki-set-signed-empty-error", "malformed_input"),
        ("pki-set-signed-leaf-error", "malformed_input"),
    ] {
        let (_stub, pki) = stub_with("POST", "intermediate/set-signed", file).await;
        check(file, pki.set_signed(&[]).await.map(drop), ErrorKind::InvalidRequest, code);
    }
    let (_stub, pki) = stub_with("POST", "issuers/import/bundle", "pki-import-bundle").await;
    let imported = pki.import_issuers(&Secret::new("canary")).await.unwrap();
    assert_eq!((imported.issuers.len(), imported.keys.len(), imported.existing_issuers.len()), (1, 1, 0));
}
