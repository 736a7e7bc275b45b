//! SSH against recorded answers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::support::{Stub, answer, recorded};
use crate::ssh::{
    Allowed, CaRole, Certificate, CertificateKind, CertificateRequest, KeyPair, KeyType, NewSshIssuer,
    OtpRequest, OtpRole, PublicKey, SshRole, VerifiedOtp,
};
use crate::{ErrorKind, RoleName, Secret, Ssh, SshAuthority};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUGI8a74QICUMrorMh2KeJxyD1bDqOuCYDJCZ4+cyl/";

fn key() -> PublicKey {
    KEY.parse().unwrap()
}

fn role() -> RoleName {
    "u".parse().unwrap()
}

async fn stub_with(verb: &str, path: &str, file: &str) -> (Stub, Ssh) {
    let stub = Stub::start().await;
    stub.on(verb, &format!("/v1/ssh/{path}"), answer(file)).await;
    let ssh = stub.client().ssh("ssh".parse().unwrap());
    (stub, ssh)
}

fn certificate(file: &str) -> Certificate {
    recorded(file).1["data"]["signed_key"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_key_is_signed_as_it_was_asked_for() {
    let (stub, ssh) = stub_with("POST", "sign/u", "ssh-sign").await;
    let request = CertificateRequest::user()
        .principal("ops".parse().unwrap())
        .principal("dev".parse().unwrap())
        .ttl(Duration::from_secs(60))
        .key_id("me")
        .critical_option("source-address".parse().unwrap(), "10.0.0.0/8")
        .extension("permit-pty".parse().unwrap(), "");
    let signed = ssh.sign(&role(), &key(), &request).await.unwrap();
    assert_eq!(signed.serial().to_string(), "f9c88f954b7d69f6");
    assert_eq!(signed.issuer.as_str(), "88513f7a-4881-bb63-f3fe-ead9e2204ac4");
    assert_eq!(signed.certificate.public_key(), &key());
    let sent = json!({
        "public_key": KEY, "cert_type": "user", "valid_principals": "ops,dev", "ttl": 60, "key_id": "me",
        "critical_options": { "source-address": "10.0.0.0/8" }, "extensions": { "permit-pty": "" },
    });
    assert_eq!(stub.last_body().await, sent);
    ssh.sign(&role(), &key(), &CertificateRequest::host()).await.unwrap();
    assert_eq!(stub.last_body().await, json!({ "public_key": KEY, "cert_type": "host" }));
    let other = certificate("ssh-sign-rsa").public_key().clone();
    let error = ssh.sign(&role(), &other, &request).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, Some("unreadable_answer")));
}

#[tokio::test]
async fn a_new_key_comes_with_its_certificate_and_is_never_shown() {
    let (stub, ssh) = stub_with("POST", "issue/u", "ssh-issue").await;
    let issued = ssh.issue(&role(), KeyType::Ed25519, &CertificateRequest::user()).await.unwrap();
    assert!(issued.private_key.expose().starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"));
    assert!(!format!("{issued:?}").contains("b3BlbnNzaC1rZXktdjE"));
    assert_eq!(stub.last_body().await, json!({ "key_type": "ed25519", "key_bits": 0, "cert_type": "user" }));
    let pair = KeyPair::new(issued.signed.certificate.public_key().clone(), issued.private_key).unwrap();
    assert!(!format!("{pair:?}").contains("b3BlbnNzaC1rZXktdjE"));
}

#[test]
fn what_stands_in_a_certificate_is_read() {
    let user = certificate("ssh-sign-full");
    assert_eq!((user.kind(), user.principals()), (CertificateKind::User, ["ops".to_owned()].as_slice()));
    let named = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    assert_eq!(user.critical_options(), &named("source-address", "10.0.0.0/8"));
    assert_eq!(user.extensions(), &named("permit-port-forwarding", ""));
    assert!(user.key_id().starts_with("vault-token-"));
    let (after, before) = (user.valid_after().unwrap(), user.valid_before().unwrap());
    assert_eq!(before.duration_since(after).unwrap(), Duration::from_secs(90));
    assert!(after > SystemTime::UNIX_EPOCH && format!("{user:?}").contains("vault-token-"));

    let host = certificate("ssh-sign-host");
    assert_eq!((host.kind(), host.key_id()), (CertificateKind::Host, "hello"));
    assert_eq!(host.principals(), ["db.example.test"]);
    assert!(certificate("ssh-sign-any").principals().is_empty());
    for (file, algorithm) in [
        ("ssh-sign-rsa", "ssh-rsa"),
        ("ssh-sign-ecdsa", "ecdsa-sha2-nistp384"),
        ("ssh-issue-ec", "ecdsa-sha2-nistp256"),
    ] {
        let read = certificate(file);
        assert_eq!(read.public_key().algorithm(), algorithm, "{file}");
        assert_eq!(read.authority(), user.authority(), "{file}");
        assert_eq!(read.to_string().parse::<Certificate>().unwrap(), read);
        assert_eq!(recorded(file).1["data"]["serial_number"], read.serial().to_string());
    }
    assert_eq!(user.public_key().as_str(), request_of("ssh-sign-full").rsplit_once(' ').unwrap().0);
}

/// The key that was sent.
fn request_of(file: &str) -> String {
    let file = format!("{}/tests-data/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let sample: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    sample["request"]["body"]["public_key"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_no_certificate_is_refused_and_not_quoted() {
    let whole = certificate("ssh-sign-full").to_string();
    let cut = &whole[..whole.len() - 40];
    for bad in ["", "canary", KEY, cut, &whole.replacen("ed25519", "rsa", 1), &format!("{whole}\n{whole}")] {
        let error = bad.parse::<Certificate>().unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::InvalidRequest, Some("malformed_input")),
            "{bad}"
        );
        assert!(error.help().is_some() && !format!("{error:?} {error}").contains("canary"));
    }
}

#[tokio::test]
async fn public_keys_are_asked_for_without_a_token() {
    let stub = Stub::start().await;
    let text = |file: &str| ResponseTemplate::new(200).set_body_string(recorded(file).1.as_str().unwrap());
    stub.on("GET", "/v1/ssh/public_key", text("ssh-public-key")).await;
    stub.on("GET", "/v1/ssh/issuer/second/public_key", ResponseTemplate::new(200).set_body_string("no key"))
        .await;
    let ssh = stub.client().ssh("ssh".parse().unwrap());
    assert_eq!(ssh.public_key().await.unwrap().algorithm(), "ssh-ed25519");
    let error = ssh.issuer_public_key(&"second".parse().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, Some("unreadable_answer")));
    assert_eq!(stub.logins(), 0);
}

#[tokio::test]
async fn issuers_are_told_apart() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/ssh/config/ca", answer("ssh-ca-read")).await;
    stub.on("POST", "/v1/ssh/config/ca", answer("ssh-config-ca")).await;
    stub.on("DELETE", "/v1/ssh/config/ca", answer("ssh-ca-delete")).await;
    stub.on("POST", "/v1/ssh/issuers/import/second", answer("ssh-issuer-import")).await;
    stub.on("LIST", "/v1/ssh/issuers", answer("ssh-issuers")).await;
    stub.on("GET", "/v1/ssh/issuer/second", answer("ssh-issuer-read")).await;
    stub.on("POST", "/v1/ssh/issuer/second", answer("ssh-issuer-rename")).await;
    stub.on("DELETE", "/v1/ssh/issuer/second", answer("ssh-issuer-delete")).await;
    stub.on("GET", "/v1/ssh/config/issuers", answer("ssh-default-issuer")).await;
    stub.on("POST", "/v1/ssh/config/issuers", answer("ssh-default-issuer-same")).await;
    let ssh = stub.client().ssh("ssh".parse().unwrap());
    assert_eq!(ssh.read_ca().await.unwrap().name, None);
    assert_eq!(ssh.generate_ca(KeyType::EcdsaP384).await.unwrap().public_key.algorithm(), "ssh-ed25519");
    let sent = json!({ "generate_signing_key": true, "key_type": "ec", "key_bits": 384 });
    assert_eq!(stub.last_body().await, sent);
    ssh.delete_all_issuers().await.unwrap();

    let second = "second".parse().unwrap();
    let (_, issued) = recorded("ssh-issue");
    let public = certificate("ssh-issue").public_key().clone();
    let private = issued["data"]["private_key"].as_str().unwrap();
    let pair = KeyPair::new(public.clone(), Secret::new(private)).unwrap();
    let new = NewSshIssuer::imported(pair).name(second).set_default();
    assert!(!format!("{new:?}").contains("b3BlbnNzaC1rZXktdjE"));
    assert_eq!(ssh.add_issuer(&new).await.unwrap().name.unwrap().as_str(), "second");
    let sent = json!({
        "generate_signing_key": false, "public_key": public, "private_key": private, "set_default": true,
    });
    assert_eq!(stub.last_body().await, sent);

    let second = "second".parse().unwrap();
    let all = ssh.list_issuers().await.unwrap();
    let read = ssh.read_issuer(&second).await.unwrap();
    assert!(all.len() == 4 && all.contains(&read));
    let default = ssh.default_issuer().await.unwrap();
    assert!(all.iter().any(|issuer| issuer.id == default));
    ssh.set_default_issuer(&second).await.unwrap();
    let renamed = ssh.rename_issuer(&second, &"renamed".parse().unwrap()).await.unwrap();
    assert_eq!(renamed.name.unwrap().as_str(), "renamed");
    ssh.delete_issuer(&second).await.unwrap();
}

#[test]
fn a_key_pair_belongs_together() {
    let (_, issued) = recorded("ssh-issue");
    let private = issued["data"]["private_key"].as_str().unwrap();
    let public = certificate("ssh-issue").public_key().clone();
    let (_, other) = recorded("ssh-issue-ec");
    let older = other["data"]["private_key"].as_str().unwrap();
    assert!(KeyPair::new(public.clone(), Secret::new(older)).is_ok(), "older forms do not show it");
    let passphrase = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAA\n\
                      -----END OPENSSH PRIVATE KEY-----\n";
    let cut = format!("{}\n-----END OPENSSH PRIVATE KEY-----", &private[..80]);
    for (key, bad) in [
        (&key(), private),
        (&public, ""),
        (&public, "canary"),
        (&public, "-----BEGIN PUBLIC KEY-----"),
        (&public, passphrase),
        (&public, "-----BEGIN ENCRYPTED PRIVATE KEY-----\ncanary"),
        (&public, &cut),
        (&public, "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary"),
    ] {
        let error = KeyPair::new(key.clone(), Secret::new(bad)).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("malformed_input")));
        assert!(error.help().is_some() && !format!("{error:?}").contains("canary"));
    }
}

#[tokio::test]
async fn roles_come_back_as_they_were_written() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/ssh/roles/u", answer("ssh-role-ca-read")).await;
    stub.on("GET", "/v1/ssh/roles/len", answer("ssh-role-lengths-read")).await;
    stub.on("GET", "/v1/ssh/roles/o", answer("ssh-role-otp-read")).await;
    stub.on("GET", "/v1/ssh/roles/none", answer("ssh-role-none-error")).await;
    stub.on("LIST", "/v1/ssh/roles", answer("ssh-role-list")).await;
    stub.on("POST", "/v1/ssh/roles/u", answer("ssh-role")).await;
    let ssh = stub.client().ssh("ssh".parse().unwrap());
    let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<_>>();
    let expected = CaRole::for_users(Allowed::only(names(&["ops", "dev"])))
        .default_user("ops".parse().unwrap())
        .ttl(Duration::from_secs(60))
        .max_ttl(Duration::from_secs(3600))
        .default_extension("permit-pty".parse().unwrap(), "")
        .allowed_extensions(Allowed::only(
            ["permit-pty", "permit-port-forwarding"].map(|one| one.parse().unwrap()),
        ))
        .allowed_critical_options(["source-address".parse::<crate::ssh::OptionName>().unwrap()]);
    assert_eq!(ssh.read_role(&role()).await.unwrap(), SshRole::from(expected.clone()));
    ssh.write_role(&role(), &expected.into()).await.unwrap();
    let (mut sent, (_, read)) = (stub.last_body().await, recorded("ssh-role-ca-read"));
    sent["key_id_format"] = "".into();
    assert_eq!(sent, read["data"]);

    let sized = CaRole::for_users(Allowed::Any).rsa_keys([3072]).ecdsa_keys([256]).ed25519_keys();
    assert_eq!(ssh.read_role(&"len".parse().unwrap()).await.unwrap(), sized.into());
    let otp = OtpRole::new("ubuntu".parse().unwrap())
        .allowed_users(Allowed::only(names(&["dev"])))
        .networks(["10.0.0.0/8", "fd00::/8"].map(|block| block.parse::<crate::ssh::Cidr>().unwrap()))
        .excluded(["10.9.0.0/16".parse::<crate::ssh::Cidr>().unwrap()])
        .port(2222);
    assert_eq!(ssh.read_role(&"o".parse().unwrap()).await.unwrap(), otp.clone().into());
    assert_eq!(serde_json::to_value(SshRole::from(otp)).unwrap(), recorded("ssh-role-otp-read").1["data"]);
    assert_eq!(ssh.list_roles().await.unwrap(), ["u"]);
    let error = ssh.read_role(&"none".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.code(), Some("unknown_role"));
}

#[test]
fn settings_that_are_not_known_are_kept() {
    for (mut role, kind) in [
        (recorded("ssh-role-ca-read").1["data"].clone(), "ca"),
        (recorded("ssh-role-otp-read").1["data"].clone(), "otp"),
    ] {
        role["of_a_later_server"] = json!({ "a": [1] });
        let read: SshRole = serde_json::from_value(role).unwrap();
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!(
            (&written["of_a_later_server"], &written["key_type"]),
            (&json!({ "a": [1] }), &json!(kind))
        );
    }
    assert!(serde_json::from_value::<SshRole>(json!({ "key_type": "dynamic" })).is_err());
}

#[tokio::test]
async fn a_one_time_password_comes_with_a_lease_and_is_taken_without_a_token() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/ssh/creds/o", answer("ssh-creds")).await;
    stub.on("POST", "/v1/ssh/verify", answer("ssh-verify")).await;
    let ssh = stub.client().ssh("ssh".parse().unwrap());
    let ip: IpAddr = "10.1.2.3".parse().unwrap();
    let verified = ssh.verify_otp(&Secret::new("canary")).await.unwrap();
    assert_eq!((stub.logins(), verified), (0, VerifiedOtp::new("ubuntu", ip, "o")));
    assert_eq!(stub.last_body().await, json!({ "otp": "canary" }));
    let request = OtpRequest::new(ip).username("dev".parse().unwrap());
    let lease = ssh.issue_otp(&"o".parse().unwrap(), &request).await.unwrap();
    assert_eq!(stub.last_body().await, json!({ "ip": "10.1.2.3", "username": "dev" }));
    assert_eq!((lease.term.ttl, lease.term.renewable), (Duration::from_secs(2_764_800), false));
    assert_eq!((lease.value.username.as_str(), lease.value.ip, lease.value.port), ("ubuntu", ip, 2222));
    assert!(!format!("{lease:?}").contains(lease.value.password.expose()));
}

#[tokio::test]
async fn what_gives_or_takes_a_password_is_asked_once() {
    let stub = Stub::start().await;
    for path in ["verify", "creds/o", "config/ca"] {
        stub.on("POST", &format!("/v1/ssh/{path}"), ResponseTemplate::new(502)).await;
    }
    let ssh = stub.client().ssh("ssh".parse().unwrap());
    let ip: IpAddr = "10.1.2.3".parse().unwrap();
    assert!(ssh.verify_otp(&Secret::new("canary")).await.unwrap_err().outcome_unknown());
    assert!(ssh.issue_otp(&"o".parse().unwrap(), &OtpRequest::new(ip)).await.unwrap_err().outcome_unknown());
    assert!(ssh.generate_ca(KeyType::Ed25519).await.unwrap_err().outcome_unknown());
    for path in ["verify", "creds/o", "config/ca"] {
        assert_eq!(stub.count(&format!("/v1/ssh/{path}")).await, 1, "{path}");
    }
}

#[tokio::test]
async fn roles_are_found_by_address() {
    let stub = Stub::start().await;
    stub.on("GET", "/v1/ssh/config/zeroaddress", answer("ssh-zeroaddress")).await;
    stub.on("POST", "/v1/ssh/config/zeroaddress", answer("ssh-zeroaddress-write")).await;
    stub.on("DELETE", "/v1/ssh/config/zeroaddress", answer("ssh-zeroaddress-delete")).await;
    stub.on("DELETE", "/v1/ssh/tidy/dynamic-keys", answer("ssh-tidy")).await;
    let ssh = stub.client().ssh("ssh".parse().unwrap());
    assert_eq!(ssh.zero_address_roles().await.unwrap(), ["o2", "u"]);
    ssh.set_zero_address_roles(&["o2".parse().unwrap()]).await.unwrap();
    assert_eq!(stub.last_body().await, json!({ "roles": ["o2"] }));
    ssh.set_zero_address_roles(&[]).await.unwrap();
    assert_eq!(ssh.tidy_dynamic_keys().await.unwrap(), "Removed 0 of 0 host keys.");
    let ip: IpAddr = "10.1.2.3".parse().unwrap();
    for (file, found) in [("ssh-lookup", ["o", "o2"].as_slice()), ("ssh-lookup-none", &[])] {
        let (_stub, ssh) = stub_with("POST", "lookup", file).await;
        assert_eq!(ssh.roles_for(ip).await.unwrap(), found, "{file}");
    }
    let (_stub, ssh) = stub_with("GET", "config/zeroaddress", "ssh-zeroaddress-none-error").await;
    assert!(ssh.zero_address_roles().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_refused_says_why() {
    use ErrorKind::{Conflict, InvalidRequest, NotFound, PermissionDenied};
    for (file, kind, code) in [
        ("ssh-sign-unknown-role-error", NotFound, "unknown_role"),
        ("ssh-issue-unknown-role-error", NotFound, "unknown_role"),
        ("ssh-creds-unknown-role-error", NotFound, "unknown_role"),
        ("ssh-zeroaddress-role-error", NotFound, "unknown_role"),
        ("ssh-sign-no-issuer-error", NotFound, "unknown_issuer"),
        ("ssh-issuer-none-error", NotFound, "unknown_issuer"),
        ("ssh-default-issuer-unknown-error", NotFound, "unknown_issuer"),
        ("ssh-issuer-name-error", Conflict, "issuer_exists"),
        ("ssh-issuer-reserved-error", InvalidRequest, "invalid_request"),
        ("ssh-role-no-kind-error", InvalidRequest, "invalid_request"),
        ("ssh-role-ttl-error", InvalidRequest, "invalid_request"),
        ("ssh-sign-principal-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-sign-no-principals-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-sign-no-principals-allowed-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-sign-ttl-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-sign-key-id-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-sign-kind-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-sign-extension-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-sign-option-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-sign-key-size-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-sign-key-type-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-issue-key-type-denied-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-issue-key-bits-denied-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-sign-otp-role-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-issue-otp-role-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-sign-template-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-creds-user-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-creds-default-user-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-creds-ip-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-creds-ca-role-zero-error", PermissionDenied, "not_allowed_by_role"),
        ("ssh-sign-malformed-error", InvalidRequest, "malformed_input"),
        ("ssh-sign-malformed-blob-error", InvalidRequest, "malformed_input"),
        ("ssh-sign-no-key-error", InvalidRequest, "malformed_input"),
        ("ssh-ca-import-malformed-error", InvalidRequest, "malformed_input"),
        ("ssh-ca-import-public-malformed-error", InvalidRequest, "malformed_input"),
        ("ssh-ca-import-half-error", InvalidRequest, "malformed_input"),
        ("ssh-sign-algorithm-error", InvalidRequest, "unsupported_by_key"),
        ("ssh-verify-again-error", NotFound, "otp_not_found"),
    ] {
        let (stub, ssh) = stub_with("POST", "sign/u", file).await;
        let error = ssh.sign(&role(), &key(), &CertificateRequest::user()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{file}");
        assert!(error.help().is_some() && !error.outcome_unknown(), "{file}");
        assert_eq!(stub.count("/v1/ssh/sign/u").await, 1, "{file}");
    }
}
