//! One-time codes and the cubbyhole against recorded answers.

use std::time::{Duration, SystemTime};

use serde_json::json;
use wiremock::ResponseTemplate;

use super::support::{Stub, answer};
use crate::{
    ErrorKind, ImportedTotpKey, KeyName, NewTotpKey, OneTimePasswords, Secret, SecretData, Totp, TotpKey,
};

fn me() -> KeyName {
    "me".parse().unwrap()
}

async fn stub_with(verb: &str, path: &str, file: &str) -> (Stub, Totp) {
    let stub = Stub::start().await;
    stub.on(verb, &format!("/v1/totp/{path}"), answer(file)).await;
    let totp = stub.client().totp("totp".parse().unwrap());
    (stub, totp)
}

#[tokio::test]
async fn a_generated_key_comes_as_a_url_and_a_picture() {
    let (stub, totp) = stub_with("POST", "keys/me", "totp-key").await;
    let shown = totp.generate_key(&me(), &NewTotpKey::new("proof", "a@b")).await.unwrap();
    assert!(shown.url.expose().ends_with("secret=SYHVRRA2F2FG3DII2VD6NHQBG5QMGXB2"));
    assert!(shown.barcode.as_ref().unwrap().expose().starts_with(b"\x89PNG"));
    assert!(!format!("{shown:?}").contains("SYHVRRA2"));
    let sent = json!({
        "generate": true, "exported": true, "issuer": "proof", "account_name": "a@b", "period": 30,
        "algorithm": "SHA1", "digits": 6, "key_size": 20, "skew": 1, "qr_size": 200,
    });
    assert_eq!(stub.last_body().await, sent);
}

#[tokio::test]
async fn a_code_comes_with_its_times_and_is_shown_in_the_body_only() {
    let (_stub, totp) = stub_with("GET", "code/me", "totp-code").await;
    let code = totp.code(&me()).await.unwrap();
    assert_eq!((code.code.expose(), code.period), ("264912", Duration::from_secs(30)));
    let since_1970 = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    assert_eq!((code.generated_at, code.expires_at), (since_1970(1_795_317_498), since_1970(1_795_317_510)));
    let (stub, totp) = stub_with("POST", "code/me", "totp-validate").await;
    assert!(totp.validate(&me(), &code.code).await.unwrap());
    assert_eq!(stub.last_body().await, json!({ "code": "264912" }));
}

#[tokio::test]
async fn recorded_refusals_mean_what_they_mean() {
    for (file, kind, code) in [
        ("totp-validate-reuse", ErrorKind::Conflict, "code_used"),
        ("totp-key-missing-error", ErrorKind::NotFound, "key_not_found"),
        ("totp-validate-digits-error", ErrorKind::InvalidRequest, "malformed_input"),
    ] {
        let (stub, totp) = stub_with("POST", "code/me", file).await;
        let error = totp.validate(&me(), &Secret::new("264912")).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{file}");
        assert!(error.help().is_some() && !format!("{error:?}").contains("264912"));
        assert_eq!(stub.count("/v1/totp/code/me").await, 1);
    }
}

#[tokio::test]
async fn a_code_whose_answer_was_lost_is_not_shown_again() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/totp/code/me", ResponseTemplate::new(502)).await;
    let totp = stub.client().totp("totp".parse().unwrap());
    assert!(totp.validate(&me(), &Secret::new("264912")).await.unwrap_err().outcome_unknown());
    assert_eq!(stub.count("/v1/totp/code/me").await, 1);
}

#[tokio::test]
async fn a_key_is_imported_by_its_url_or_in_words_and_read_without_its_secret() {
    let (_stub, totp) = stub_with("GET", "keys/me", "totp-key-read").await;
    assert_eq!(totp.read_key(&me()).await.unwrap(), TotpKey::new("", ""));
    let stub = Stub::start().await;
    stub.on("POST", "/v1/totp/keys/me", ResponseTemplate::new(204)).await;
    let totp = stub.client().totp("totp".parse().unwrap());
    totp.import_key(&me(), &ImportedTotpKey::from_url(Secret::new("otpauth://totp/x"))).await.unwrap();
    assert_eq!(stub.last_body().await, json!({ "url": "otpauth://totp/x" }));
    let key = ImportedTotpKey::from_key(Secret::new("JBSWY3DPEHPK3PXP"), TotpKey::new("Acme", "ada"));
    assert!(!format!("{key:?}").contains("JBSW"));
    totp.import_key(&me(), &key).await.unwrap();
    let sent = json!({
        "key": "JBSWY3DPEHPK3PXP", "issuer": "Acme", "account_name": "ada", "period": 30, "algorithm": "SHA1",
        "digits": 6,
    });
    assert_eq!(stub.last_body().await, sent);
}

#[tokio::test]
async fn the_cubbyhole_keeps_values_of_every_kind() {
    let stub = Stub::start().await;
    stub.on("POST", "/v1/cubbyhole/a/b", answer("cubbyhole-write")).await;
    stub.on("GET", "/v1/cubbyhole/a/b", answer("cubbyhole-read")).await;
    stub.on("LIST", "/v1/cubbyhole/", answer("cubbyhole-list")).await;
    stub.on("GET", "/v1/cubbyhole/none", answer("cubbyhole-read-404")).await;
    stub.on("GET", "/v1/cubbyhole/batch", answer("cubbyhole-batch-token-error")).await;
    let cubbyhole = stub.client().cubbyhole();
    let mut data = SecretData::from([("x", "1")]);
    data.insert_json("n", "2").unwrap();
    cubbyhole.write(&"a/b".parse().unwrap(), &data).await.unwrap();
    assert_eq!(stub.last_body().await, json!({ "n": 2, "x": "1" }));
    assert_eq!(cubbyhole.read(&"a/b".parse().unwrap()).await.unwrap(), data);
    assert_eq!(cubbyhole.list(None).await.unwrap(), ["a/"]);
    for (path, code) in [("none", "secret_not_found"), ("batch", "unsupported_by_token")] {
        assert_eq!(cubbyhole.read(&path.parse().unwrap()).await.unwrap_err().code(), Some(code));
    }
}
