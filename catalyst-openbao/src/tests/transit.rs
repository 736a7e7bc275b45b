//! Transit against recorded answers.

use std::time::{Duration, SystemTime};

use serde_json::json;
use wiremock::ResponseTemplate;

use super::support::{Stub, answer};
use crate::{
    Ciphertext, DataKeyRequest, DataKeySize, Encryption, Error, ErrorKind, ExportKind, ExportVersion,
    HashAlgorithm, Hmac, KeyName, KeySettings, KeyType, Marshaling, Message, NewKey, Plaintext, RsaPadding,
    Sealed, Secret, Signature, SignatureScheme, Signing, Transit,
};

fn key() -> KeyName {
    "k1".parse().unwrap()
}

async fn stub_with(verb: &str, path: &str, file: &str) -> (Stub, Transit) {
    let stub = Stub::start().await;
    stub.on(verb, &format!("/v1/transit/{path}"), answer(file)).await;
    let transit = stub.client().transit("transit".parse().unwrap());
    (stub, transit)
}

fn ciphertext() -> Ciphertext {
    "vault:v1:0fPFukDJAdi9VCcVeRVOykoZiOVX4A4tngo4RBbZ9qgP".parse().unwrap()
}

#[tokio::test]
async fn a_plaintext_goes_as_base64_and_comes_back_as_bytes() {
    let (stub, transit) = stub_with("POST", "encrypt/k1", "transit-encrypt").await;
    let plaintext = Plaintext::new(b"hello").context(b"acme").associated_data(b"row 7").key_version(1);
    assert_eq!(transit.encrypt(&key(), plaintext).await.unwrap(), ciphertext());
    let sent = json!({
        "plaintext": "aGVsbG8=", "context": "YWNtZQ==", "associated_data": "cm93IDc=", "key_version": 1,
    });
    assert_eq!(stub.last_body().await, sent);
    let (stub, transit) = stub_with("POST", "decrypt/k1", "transit-decrypt").await;
    let opened = transit.decrypt(&key(), Sealed::new(&ciphertext()).context(b"acme")).await.unwrap();
    assert_eq!(opened.expose(), b"hello");
    assert_eq!(stub.last_body().await, json!({ "ciphertext": ciphertext().as_str(), "context": "YWNtZQ==" }));
    let (stub, transit) = stub_with("POST", "rewrap/k1", "transit-rewrap").await;
    assert_eq!(transit.rewrap(&key(), (&ciphertext()).into()).await.unwrap().key_version(), 2);
    assert_eq!(stub.last_body().await, json!({ "ciphertext": ciphertext().as_str() }));
    let (stub, transit) = stub_with("POST", "datakey/plaintext/k1", "transit-datakey").await;
    let made = transit.data_key(&key(), DataKeyRequest::new(DataKeySize::Bits256)).await.unwrap();
    assert_eq!((made.plaintext.expose().len(), made.ciphertext.key_version()), (32, 2));
    assert_eq!(stub.last_body().await, json!({ "bits": 256 }));
}

#[tokio::test]
async fn a_batch_with_a_bad_item_is_read_whatever_its_status() {
    let (stub, transit) = stub_with("POST", "encrypt/k1", "transit-batch-partial").await;
    let items = [Plaintext::new(b"a"), Plaintext::new(b"b").context(b"c")];
    let outcomes = transit.encrypt_all(&key(), &items).await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().key_version(), 2);
    let error = outcomes[1].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("malformed_input")));
    assert_eq!((error.operation(), error.target()), ("encrypt", Some("transit/encrypt/k1")));
    let sent =
        json!({ "batch_input": [{ "plaintext": "YQ==" }, { "plaintext": "Yg==", "context": "Yw==" }] });
    assert_eq!(stub.last_body().await, sent);
    assert_eq!(stub.count("/v1/transit/encrypt/k1").await, 1, "a bad item is no reason to try again");

    let (short, good) = ("vault:v1:AAAA".parse::<Ciphertext>().unwrap(), ciphertext());
    let sealed = [Sealed::new(&good), Sealed::new(&short)];
    let (_stub, transit) = stub_with("POST", "decrypt/k1", "transit-decrypt-batch-partial").await;
    let outcomes = transit.decrypt_all(&key(), &sealed).await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().expose(), b"hello");
    assert_eq!(outcomes[1].as_ref().unwrap_err().code(), Some("not_authentic"));
    let (_stub, transit) = stub_with("POST", "rewrap/k1", "transit-rewrap-batch-partial").await;
    let outcomes = transit.rewrap_all(&key(), &sealed).await.unwrap();
    assert!(outcomes[0].is_ok());
    assert_eq!(outcomes[1].as_ref().unwrap_err().code(), Some("not_authentic"));
}

#[tokio::test]
async fn signatures_and_hmacs_come_in_batches_too() {
    let (scheme, hash) = (SignatureScheme::default(), HashAlgorithm::Sha2_256);
    let (a, b) = (Message::new(b"a"), Message::new(b"b"));
    let (stub, transit) = stub_with("POST", "sign/k1", "transit-sign-batch-partial").await;
    let outcomes = transit.sign_all(&key(), &[a, b.context(b"c")], scheme.key_version(1)).await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().to_bytes().unwrap().len(), 64);
    assert_eq!(outcomes[1].as_ref().unwrap_err().code(), Some("malformed_input"));
    let sent = json!({ "batch_input": [{ "input": "YQ==" }, { "input": "Yg==", "context": "Yw==" }], "key_version": 1 });
    assert_eq!(stub.last_body().await, sent);

    let signature: Signature = "vault:v1:AAAA".parse().unwrap();
    let (stub, transit) = stub_with("POST", "verify/k1", "transit-verify-batch-partial").await;
    let shown = [(a, &signature), (b, &signature), (a, &signature)];
    let outcomes = transit.verify_all(&key(), &shown, scheme.key_version(1)).await.unwrap();
    assert!(matches!(outcomes.as_slice(), [Ok(true), Ok(false), Err(_)]), "{outcomes:?}");
    assert_eq!(outcomes[2].as_ref().unwrap_err().code(), Some("unknown_key_version"));
    let item = |input: &str| json!({ "input": input, "signature": "vault:v1:AAAA" });
    assert_eq!(stub.last_body().await, json!({ "batch_input": [item("YQ=="), item("Yg=="), item("YQ==")] }));

    let (stub, transit) = stub_with("POST", "hmac/k1", "transit-hmac-batch").await;
    let outcomes = transit.hmac_all(&key(), &[a, b.context(b"does not count")], hash).await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().key_version(), 1);
    assert_eq!(outcomes[1].as_ref().unwrap_err().code(), Some("malformed_input"));
    let sent = json!({ "batch_input": [{ "input": "YQ==" }, { "input": "Yg==" }], "algorithm": "sha2-256" });
    assert_eq!(stub.last_body().await, sent);
    let (_stub, transit) = stub_with("POST", "verify/k1", "transit-verify-hmac-batch").await;
    let hmac: Hmac = "vault:v1:AAAA".parse().unwrap();
    let outcomes =
        transit.verify_hmac_all(&key(), &[(a, &hmac), (b, &hmac), (a, &hmac)], hash).await.unwrap();
    assert!(matches!(outcomes.as_slice(), [Ok(true), Ok(false), Err(_)]), "a no is left out: {outcomes:?}");
}

#[tokio::test]
async fn a_scheme_is_sent_as_far_as_it_is_set() {
    let (stub, transit) = stub_with("POST", "sign/k1", "transit-sign").await;
    let usual = SignatureScheme::default();
    let full = usual
        .hash(HashAlgorithm::Sha2_512)
        .prehashed()
        .padding(RsaPadding::PssWithSaltOfHash)
        .marshaling(Marshaling::Jws)
        .key_version(1);
    let signature = transit.sign(&key(), Message::new(b"hello").context(b"acme"), full).await.unwrap();
    assert_eq!(signature.key_version(), 1);
    let sent = json!({
        "input": "aGVsbG8=", "context": "YWNtZQ==", "hash_algorithm": "sha2-512", "prehashed": true,
        "signature_algorithm": "pss", "salt_length": "hash", "marshaling_algorithm": "jws", "key_version": 1,
    });
    assert_eq!(stub.last_body().await, sent);
    transit.sign(&key(), Message::new(b""), usual).await.unwrap();
    assert_eq!(stub.last_body().await, json!({ "input": "" }));

    let (stub, transit) = stub_with("POST", "verify/k1", "transit-verify").await;
    assert!(transit.verify(&key(), Message::new(b"hello"), &signature, full).await.unwrap());
    assert_eq!(stub.last_body().await.get("key_version"), None, "the signature says its version");
    let hmac: Hmac = "vault:v2:9eoLsHLVhMfl7PzRnOZT6KwIwE++PtijrAmL2CsDjb8=".parse().unwrap();
    assert!(
        transit.verify_hmac(&key(), Message::new(b"hello"), &hmac, HashAlgorithm::Sha2_256).await.unwrap()
    );
    let sent = json!({ "input": "aGVsbG8=", "hmac": hmac.as_str(), "algorithm": "sha2-256" });
    assert_eq!(stub.last_body().await, sent);
    let (_stub, transit) = stub_with("POST", "hmac/k1", "transit-hmac").await;
    assert_eq!(transit.hmac(&key(), Message::new(b"hello"), HashAlgorithm::Sha2_256).await.unwrap(), hmac);
}

#[tokio::test]
async fn keys_are_read_with_their_versions() {
    let since_1970 = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let (stub, transit) = stub_with("POST", "keys/k1", "transit-key-create").await;
    let new = NewKey::default().convergent().exportable().auto_rotate(Duration::from_secs(7200));
    let about = transit.create_key(&key(), &new).await.unwrap();
    assert_eq!(
        (about.key_type, about.latest_version, about.min_decryption_version),
        (KeyType::Aes256Gcm96, 1, 1)
    );
    assert_eq!(about.versions[&1].created_at, since_1970(1_795_317_497));
    let sent = json!({
        "type": "aes256-gcm96", "derived": true, "convergent_encryption": true, "exportable": true,
        "auto_rotate_period": 7200,
    });
    assert_eq!(stub.last_body().await, sent);
    let (_stub, transit) = stub_with("GET", "keys/k1", "transit-key-read").await;
    assert!(transit.read_key(&key()).await.unwrap().supports_encryption);
    let (_stub, transit) = stub_with("GET", "keys/k1", "transit-key-read-ed25519").await;
    let about = transit.read_key(&key()).await.unwrap();
    assert_eq!(about.versions[&1].public_key.as_deref().map(str::len), Some(44));
    assert!(about.supports_signing && !about.supports_encryption && about.auto_rotate.is_none());
    let (_stub, transit) = stub_with("GET", "keys/k1", "transit-key-read-hmac").await;
    let about = transit.read_key(&key()).await.unwrap();
    assert_eq!((about.key_type, about.latest_version, about.versions.len()), (KeyType::Hmac, 1, 0));
    let (_stub, transit) = stub_with("POST", "keys/k1/rotate", "transit-rotate").await;
    assert_eq!(transit.rotate_key(&key()).await.unwrap().versions.len(), 2);
    let (stub, transit) = stub_with("POST", "keys/k1/config", "transit-config").await;
    let settings = KeySettings::new().min_decryption_version(2).auto_rotate(Duration::ZERO);
    assert_eq!(transit.configure_key(&key(), &settings).await.unwrap().min_decryption_version, 2);
    assert_eq!(stub.last_body().await, json!({ "min_decryption_version": 2, "auto_rotate_period": 0 }));
}

#[tokio::test]
async fn what_else_the_engine_answers_is_read() {
    let (_stub, transit) = stub_with("POST", "random", "transit-random").await;
    assert_eq!(transit.random(16).await.unwrap().expose().len(), 16);
    let (_stub, transit) = stub_with("POST", "hash/sha2-256", "transit-hash").await;
    let hash = transit.hash(HashAlgorithm::Sha2_256, b"hello").await.unwrap();
    assert_eq!((hash.len(), hash[..2].to_vec()), (32, vec![0x2c, 0xf2]));
    let (_stub, transit) = stub_with("GET", "export/encryption-key/k1/latest", "transit-export").await;
    let exported = transit.export_key(&key(), ExportKind::Encryption, ExportVersion::Latest).await.unwrap();
    assert_eq!(exported[&1].expose().len(), 44);
    let (_stub, transit) = stub_with("GET", "wrapping_key", "transit-wrapping-key").await;
    assert!(transit.wrapping_key().await.unwrap().starts_with("-----BEGIN PUBLIC KEY-----"));
}

#[tokio::test]
async fn recorded_refusals_mean_what_they_mean() {
    use ErrorKind::{Conflict, Expired, InvalidRequest, NotFound, PermissionDenied};
    for (file, kind, code) in [
        ("transit-decrypt-bad-error", Expired, "key_version_too_old"),
        ("transit-decrypt-too-old-error", Expired, "key_version_too_old"),
        ("transit-decrypt-tampered-error", InvalidRequest, "not_authentic"),
        ("transit-delete-not-allowed-error", PermissionDenied, "deletion_not_allowed"),
        ("transit-encrypt-no-context-error", InvalidRequest, "context_required"),
        ("transit-encrypt-new-version-error", NotFound, "unknown_key_version"),
        ("transit-key-missing-error", NotFound, "key_not_found"),
        ("transit-key-read-missing-error", NotFound, "key_not_found"),
        ("transit-sign-new-version-error", NotFound, "unknown_key_version"),
        ("transit-sign-unsupported-error", InvalidRequest, "unsupported_by_key"),
        ("transit-export-error", PermissionDenied, "not_exportable"),
        ("transit-backup-error", PermissionDenied, "not_exportable"),
        ("transit-restore-exists-error", Conflict, "key_exists"),
    ] {
        let (stub, transit) = stub_with("POST", "decrypt/k1", file).await;
        let error = transit.decrypt(&key(), (&ciphertext()).into()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{file}");
        assert!(error.help().is_some() && !error.outcome_unknown(), "{file}");
        assert_eq!(stub.count("/v1/transit/decrypt/k1").await, 1, "{file} is no passing fault");
    }
}

fn unreadable(error: &Error) {
    assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, Some("unreadable_answer")), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_is_none_is_told_and_not_quoted() {
    for data in [
        json!({ "plaintext": "canary" }),
        json!({ "plaintext": 7 }),
        json!({}),
        json!(null),
        json!({ "batch_results": [] }),
    ] {
        let stub = Stub::start().await;
        let body = ResponseTemplate::new(200).set_body_json(json!({ "data": data }));
        stub.on("POST", "/v1/transit/decrypt/k1", body).await;
        let transit = stub.client().transit("transit".parse().unwrap());
        let sealed = ciphertext();
        unreadable(&transit.decrypt(&key(), (&sealed).into()).await.unwrap_err());
        unreadable(&transit.decrypt_all(&key(), &[(&sealed).into()]).await.unwrap_err());
    }
    let stub = Stub::start().await;
    let body = json!({ "data": { "batch_results": [{ "reference": "canary" }] } });
    stub.on("POST", "/v1/transit/decrypt/k1", ResponseTemplate::new(200).set_body_json(body)).await;
    let transit = stub.client().transit("transit".parse().unwrap());
    unreadable(
        transit.decrypt_all(&key(), &[(&ciphertext()).into()]).await.unwrap()[0].as_ref().unwrap_err(),
    );
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_sent() {
    let stub = Stub::start().await;
    let transit = stub.client().transit("transit".parse().unwrap());
    let large = vec![0; (16 << 20) + 1];
    let too_large = |error: Error| assert_eq!(error.code(), Some("input_too_large"), "{error:?}");
    too_large(transit.encrypt(&key(), Plaintext::new(&large)).await.unwrap_err());
    too_large(transit.encrypt_all(&key(), &[Plaintext::new(&large)]).await.unwrap_err());
    too_large(transit.sign(&key(), Message::new(&large), SignatureScheme::default()).await.unwrap_err());
    too_large(transit.hash(HashAlgorithm::Sha2_256, &large).await.unwrap_err());
    let many = vec![Plaintext::new(b"a"); 100_001];
    let error = transit.encrypt_all(&key(), &many).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("batch_too_large")));
    assert!(transit.encrypt_all(&key(), &[]).await.unwrap().is_empty());
    assert!(stub.asked().await.is_empty());
}

#[tokio::test]
async fn a_rotation_without_an_answer_is_made_once_and_an_encryption_is_repeated() {
    let stub = Stub::start().await;
    for path in ["/v1/transit/keys/k1/rotate", "/v1/transit/restore", "/v1/transit/encrypt/k1"] {
        stub.on("POST", path, ResponseTemplate::new(502)).await;
    }
    let transit = stub.client().transit("transit".parse().unwrap());
    assert!(transit.rotate_key(&key()).await.unwrap_err().outcome_unknown());
    assert!(transit.restore_key(None, &Secret::new("AAAA"), false).await.unwrap_err().outcome_unknown());
    transit.encrypt(&key(), Plaintext::new(b"a")).await.unwrap_err();
    for (path, count) in [("keys/k1/rotate", 1), ("restore", 1), ("encrypt/k1", 3)] {
        assert_eq!(stub.count(&format!("/v1/transit/{path}")).await, count, "{path}");
    }
}
