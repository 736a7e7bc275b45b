//! Issuers, keys and the settings of a PKI mount against recorded answers.

use std::time::{Duration, SystemTime};

use serde_json::json;

use super::pki::{check, stub_with};
use super::support::answer;
use crate::pki::{
    AcmeConfig, AuthorityUrls, AutoTidy, BeyondIssuer, CrlConfig, EabPolicy, IssuerUpdate, IssuerUsage,
    KeyAlgorithm, Tidy, TidyState,
};
use crate::{CertificateAuthority, ErrorKind, Secret};

fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

#[tokio::test]
async fn issuers_are_listed_read_and_changed() {
    let (stub, pki) = stub_with("LIST", "issuers", "pki-issuers").await;
    let all = pki.issuers().await.unwrap();
    let default = all.iter().find(|issuer| issuer.is_default).unwrap();
    assert_eq!((all.len(), default.name.as_ref().unwrap().as_str()), (2, "root1"));
    stub.on("GET", "/v1/pki/issuer/root-a", answer("pki-issuer-read")).await;
    stub.on("GET", "/v1/pki/issuer/gone", answer("pki-issuer-revoke")).await;
    stub.on("GET", "/v1/pki/issuer/nope", answer("pki-issuer-missing-error")).await;
    let root = pki.issuer(&"root-a".parse().unwrap()).await.unwrap();
    assert_eq!((root.usage.len(), root.beyond, root.revoked_at), (4, BeyondIssuer::Refuse, None));
    assert_eq!(root.chain, [root.certificate]);
    let gone = pki.issuer(&"gone".parse().unwrap()).await.unwrap();
    let revoked = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_815_191);
    assert_eq!(
        (gone.revoked_at, gone.usage.contains(&IssuerUsage::IssuingCertificates)),
        (Some(revoked), false)
    );
    let missing = pki.issuer(&"nope".parse().unwrap()).await.map(drop);
    check("missing", missing, ErrorKind::NotFound, "unknown_issuer");

    stub.on("PATCH", "/v1/pki/issuer/root-a", answer("pki-issuer-write")).await;
    let update = IssuerUpdate::new().name("b".parse().unwrap()).beyond(BeyondIssuer::Truncate);
    let update = update.usage([IssuerUsage::ReadOnly, IssuerUsage::CrlSigning]);
    pki.update_issuer(&"root-a".parse().unwrap(), &update).await.unwrap();
    let body = json!({ "issuer_name": "b", "leaf_not_after_behavior": "truncate", "usage": "read-only,crl-signing" });
    assert_eq!(stub.last_body().await, body);
    stub.on("GET", "/v1/pki/config/issuers", answer("pki-config-issuers-read")).await;
    let default = pki.default_issuer().await.unwrap().unwrap();
    assert_eq!(default.as_str(), "61027706-0260-07ab-30cb-59aeaba58f71");
    let (_stub, pki) = stub_with("POST", "config/issuers", "pki-config-issuers-missing-error").await;
    check("set", pki.set_default_issuer(&default, false).await, ErrorKind::NotFound, "unknown_issuer");
    let (_stub, pki) = stub_with("LIST", "issuers", "pki-issuers-none").await;
    assert!(pki.issuers().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_chain_is_that_of_the_issuer() {
    let (_stub, pki) = stub_with("GET", "issuer/default/json", "pki-issuer-read").await;
    assert_eq!(pki.chain().await.unwrap().len(), 1);
    let (_stub, pki) = stub_with("GET", "issuer/a/json", "pki-issuer-read").await;
    assert_eq!(pki.by("a".parse().unwrap()).chain().await.unwrap().len(), 1);
    let (_stub, pki) = stub_with("GET", "issuer/default/json", "pki-no-issuer-error").await;
    check("none", pki.chain().await.map(drop), ErrorKind::NotFound, "no_issuer");
}

#[tokio::test]
async fn keys_are_made_named_and_kept_while_they_are_needed() {
    let (stub, pki) = stub_with("LIST", "keys", "pki-keys-list").await;
    let named: Vec<_> = pki.keys().await.unwrap().into_values().flatten().collect();
    assert_eq!(named, ["key-a".parse().unwrap()]);
    stub.on("GET", "/v1/pki/key/key-a", answer("pki-key-read")).await;
    stub.on("GET", "/v1/pki/key/nope", answer("pki-key-missing-error")).await;
    stub.on("POST", "/v1/pki/key/key-a", answer("pki-key-write")).await;
    stub.on("DELETE", "/v1/pki/key/key-a", answer("pki-key-in-use-delete")).await;
    stub.on("POST", "/v1/pki/keys/generate/exported", answer("pki-generate-key")).await;
    stub.on("POST", "/v1/pki/keys/import", answer("pki-import-key")).await;
    let (key, nope) = ("key-a".parse().unwrap(), "nope".parse().unwrap());
    assert_eq!(pki.key(&key).await.unwrap().key_type, "ec");
    check("missing", pki.key(&nope).await.map(drop), ErrorKind::NotFound, "key_not_found");
    assert_eq!(pki.rename_key(&key, &nope).await.unwrap().name.unwrap().as_str(), "key-a2");
    check("in use", pki.delete_key(&key).await, ErrorKind::Conflict, "key_in_use");
    let made = pki.generate_key(KeyAlgorithm::EcP256, Some(&key), true).await.unwrap();
    assert_eq!(stub.last_body().await, json!({ "key_type": "ec", "key_bits": 256, "key_name": "key-a" }));
    let inside = made.private_key.as_ref().unwrap().expose().lines().nth(1).unwrap();
    assert!(!format!("{made:?}").contains(inside) && made.key.name.is_some());
    let taken = pki.import_key(&Secret::new("canary"), None).await.unwrap();
    assert_eq!((stub.last_body().await, taken.key_type.as_str()), (json!({ "pem_bundle": "canary" }), "ec"));
}

#[tokio::test]
async fn certificates_are_read_and_listed() {
    let serial = "29:dc".parse().unwrap();
    let (stub, pki) = stub_with("GET", "cert/29:dc", "pki-cert").await;
    let certificate = pki.certificate(&serial).await.unwrap();
    assert_eq!(certificate.revoked_at, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_317_498)));
    assert!(certificate.issuer.is_some());
    stub.on("GET", "/v1/pki/cert/aa", answer("pki-cert-not-revoked")).await;
    stub.on("GET", "/v1/pki/cert/bb", answer("pki-cert-missing-error")).await;
    stub.on("LIST", "/v1/pki/certs", answer("pki-certs-page")).await;
    stub.on("LIST", "/v1/pki/certs/revoked", answer("pki-revoked")).await;
    assert!(pki.certificate(&"aa".parse().unwrap()).await.unwrap().revoked_at.is_none());
    let missing = pki.certificate(&"bb".parse().unwrap()).await.map(drop);
    check("missing", missing, ErrorKind::NotFound, "certificate_not_found");
    assert_eq!(pki.certificates(Some(&serial), 2).await.unwrap().len(), 2);
    assert_eq!(pki.revoked(None, 10).await.unwrap().len(), 3);
    let requests = stub.server.received_requests().await.unwrap();
    let queries: Vec<_> = requests.iter().filter_map(|request| request.url.query()).collect();
    assert_eq!(queries, ["after=29:dc&limit=2", "limit=10"]);
}

#[tokio::test]
async fn revocation_lists_are_texts_and_their_settings_spans() {
    let (_stub, pki) = stub_with("GET", "issuer/default/crl", "pki-issuer-crl").await;
    assert!(pki.crl().await.unwrap().as_str().starts_with("-----BEGIN X509 CRL-----"));
    let (_stub, pki) = stub_with("GET", "issuer/a/crl/delta", "pki-issuer-crl-delta").await;
    assert!(pki.by("a".parse().unwrap()).delta_crl().await.is_ok());
    let (_stub, pki) = stub_with("GET", "issuer/default/crl", "pki-issuer-crl-none-error").await;
    check("none", pki.crl().await.map(drop), ErrorKind::NotFound, "no_issuer");
    let (_stub, pki) = stub_with("GET", "issuer/a/crl", "pki-crl-of-keyless").await;
    let keyless = pki.by("a".parse().unwrap()).crl().await.map(drop);
    check("keyless", keyless, ErrorKind::InvalidRequest, "issuer_without_key");
    let (stub, pki) = stub_with("GET", "config/crl", "pki-crl-config-write").await;
    let wanted = CrlConfig::new()
        .expiry(hours(48))
        .auto_rebuild(true)
        .auto_rebuild_grace_period(hours(8))
        .enable_delta(true)
        .delta_rebuild_interval(Duration::from_secs(600));
    assert!(wanted.is_met_by(&pki.crl_config().await.unwrap()));
    stub.on("POST", "/v1/pki/config/crl", answer("pki-crl-config-write")).await;
    pki.configure_crl(&wanted).await.unwrap();
    let body = json!({
        "expiry": 172_800, "auto_rebuild": true, "auto_rebuild_grace_period": 28_800, "enable_delta": true,
        "delta_rebuild_interval": 600,
    });
    assert_eq!(stub.last_body().await, body);
    for file in ["pki-crl-config-bad-error", "pki-crl-config-delta-error"] {
        let (_stub, pki) = stub_with("POST", "config/crl", file).await;
        check(file, pki.configure_crl(&wanted).await, ErrorKind::InvalidRequest, "invalid_request");
    }
    let (stub, pki) = stub_with("GET", "crl/rotate", "pki-crl-rotate").await;
    stub.on("GET", "/v1/pki/crl/rotate-delta", answer("pki-crl-rotate-delta-off")).await;
    pki.rotate_crl().await.unwrap();
    pki.rotate_delta_crl().await.unwrap();
}

#[tokio::test]
async fn what_is_tidied_is_said_and_told() {
    let (stub, pki) = stub_with("POST", "tidy", "pki-tidy").await;
    stub.on("GET", "/v1/pki/tidy-status", answer("pki-tidy-status")).await;
    stub.on("POST", "/v1/pki/tidy-cancel", answer("pki-tidy-cancel-none")).await;
    let tidy = Tidy::new().certificates(true).revoked(true).safety_buffer(Duration::from_secs(1));
    pki.tidy(&tidy).await.unwrap();
    let body = json!({
        "tidy_cert_store": true, "tidy_revoked_certs": true, "tidy_invalid_certs": false, "tidy_expired_issuers": false,
        "tidy_acme": false, "safety_buffer": 1,
    });
    assert_eq!(stub.last_body().await, body);
    let status = pki.tidy_status().await.unwrap();
    assert!(status.state == TidyState::Finished && status.started_at < status.finished_at);
    pki.cancel_tidy().await.unwrap();
    let (_stub, pki) = stub_with("GET", "config/auto-tidy", "pki-auto-tidy-write").await;
    let wanted = AutoTidy::of(Tidy::new().certificates(true).revoked(true)).interval(hours(1));
    assert!(wanted.is_met_by(&pki.auto_tidy().await.unwrap()));
    let (_stub, pki) = stub_with("POST", "config/auto-tidy", "pki-auto-tidy-bad-error").await;
    check("auto", pki.configure_auto_tidy(&wanted).await, ErrorKind::InvalidRequest, "invalid_request");
    let (_stub, pki) = stub_with("POST", "tidy", "pki-tidy-bad-error").await;
    check("tidy", pki.tidy(&tidy).await, ErrorKind::InvalidRequest, "invalid_request");
}

#[tokio::test]
async fn addresses_and_acme_come_back_as_they_were_set() {
    let (_stub, pki) = stub_with("GET", "config/urls", "pki-urls-read").await;
    let wanted = AuthorityUrls::new()
        .issuing_certificates(["http://127.0.0.1/v1/pki/ca"])
        .crl_distribution_points(["http://127.0.0.1/v1/pki/crl"])
        .ocsp_servers(["http://127.0.0.1/v1/pki/ocsp"]);
    assert_eq!(pki.urls().await.unwrap(), wanted);
    let (_stub, pki) = stub_with("POST", "config/urls", "pki-urls-bad-error").await;
    check("urls", pki.configure_urls(&wanted).await, ErrorKind::InvalidRequest, "malformed_input");

    let (stub, pki) = stub_with("GET", "config/acme", "pki-acme-write").await;
    let wanted = AcmeConfig::enabled().allowed_roles(["r0"]).default_directory_policy("role:r0");
    let wanted = wanted.eab_policy(EabPolicy::AlwaysRequired);
    assert!(wanted.is_met_by(&pki.acme().await.unwrap()));
    stub.on("GET", "/v1/pki/config/cluster", answer("pki-cluster-read")).await;
    assert!(pki.cluster_path().await.unwrap().unwrap().ends_with("/v1/pki"));
    stub.on("POST", "/v1/pki/acme/new-eab", answer("pki-eab-new")).await;
    stub.on("LIST", "/v1/pki/eab", answer("pki-eab-list")).await;
    let eab = pki.new_eab().await.unwrap();
    assert!(!format!("{eab:?}").contains(eab.key.expose()));
    assert_eq!(pki.eabs().await.unwrap(), std::slice::from_ref(&eab.id));
    stub.on("DELETE", &format!("/v1/pki/eab/{}", eab.id), answer("pki-eab-delete-missing")).await;
    pki.delete_eab(&eab.id).await.unwrap();
    for (file, kind, code) in [
        ("pki-acme-no-cluster-error", ErrorKind::InvalidRequest, "cluster_path_missing"),
        ("pki-acme-bad-role-error", ErrorKind::NotFound, "unknown_role"),
    ] {
        let (_stub, pki) = stub_with("POST", "config/acme", file).await;
        check(file, pki.configure_acme(&wanted).await, kind, code);
    }
}
