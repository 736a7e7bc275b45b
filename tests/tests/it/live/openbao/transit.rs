//! Transit.

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_openbao::testing::contract;
use catalyst_openbao::{
    Encryption, ErrorKind, ExportKind, ExportVersion, HashAlgorithm, ImportedKey, KeyName, KeyType, Login,
    Message, NewKey, Plaintext, Secret, SecretBytes, SignatureScheme, Signing, Transit,
};
use catalyst_tests::servers::OpenBaoServer;
use serde_json::json;

use crate::live::workload::{builder, mount};

async fn start() -> (OpenBaoServer, Transit) {
    let server = OpenBaoServer::start_dev().await.unwrap();
    server.api().unwrap().write("sys/mounts/transit", &json!({ "type": "transit" })).await.unwrap();
    let bao = builder(&server).login(Login::token(server.root_token().clone())).build().unwrap();
    (server, bao.transit(mount("transit")))
}

fn name(text: &str) -> KeyName {
    text.parse().unwrap()
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn keeps_the_contract() {
    let (_server, transit) = start().await;
    contract::transit::all(&transit).await;
}

/// Encrypted for the server as [`ImportedKey`] says.
fn wrapped(wrapping_key: &str, key: &[u8]) -> Secret {
    let pem: String = wrapping_key.lines().filter(|line| !line.starts_with("-----")).collect();
    let public = PublicEncryptingKey::from_der(&STANDARD.decode(pem).unwrap()).unwrap();
    let public = OaepPublicEncryptingKey::new(public).unwrap();
    let ephemeral = [42; 32];
    let mut for_server = vec![0; public.ciphertext_size()];
    let for_server =
        public.encrypt(&OAEP_SHA256_MGF1SHA256, &ephemeral, &mut for_server, None).unwrap().to_vec();
    let mut inner = vec![0; key.len() + 16];
    let inner = AesKek::new(&AES_256, &ephemeral).unwrap().wrap_with_padding(key, &mut inner).unwrap();
    Secret::from(STANDARD.encode([for_server.as_slice(), inner].concat()))
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_key_that_was_made_elsewhere_is_taken_in() {
    let (_server, transit) = start().await;
    let (wrapping_key, key) = (transit.wrapping_key().await.unwrap(), name("mine"));
    let imported = ImportedKey::new(KeyType::Aes256Gcm96, wrapped(&wrapping_key, &[7; 32])).exportable();
    transit.import_key(&key, &imported).await.unwrap();
    let exported = transit.export_key(&key, ExportKind::Encryption, ExportVersion::Latest).await.unwrap();
    assert_eq!(exported[&1].expose(), STANDARD.encode([7; 32]));
    assert!(transit.read_key(&key).await.unwrap().imported);
    let again = transit.import_key(&key, &imported).await.unwrap_err();
    assert_eq!((again.kind(), again.code()), (ErrorKind::Conflict, Some("key_exists")));
    transit
        .import_key_version(&key, &wrapped(&wrapping_key, &[8; 32]), HashAlgorithm::Sha2_256)
        .await
        .unwrap();
    let ciphertext = transit.encrypt(&key, Plaintext::new(b"text")).await.unwrap();
    assert_eq!(ciphertext.key_version(), 2);
    for bad in ["AAAA".to_owned(), STANDARD.encode([1; 600])] {
        let imported = ImportedKey::new(KeyType::Aes256Gcm96, Secret::from(bad));
        let error = transit.import_key(&name("other"), &imported).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::InvalidRequest, Some("malformed_input")),
            "{error:?}"
        );
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_signature_is_good_without_the_server() {
    let (_server, transit) = start().await;
    let key = name("signer");
    transit.create_key(&key, &NewKey::new(KeyType::Ed25519)).await.unwrap();
    let signature = transit.sign(&key, Message::new(b"text"), SignatureScheme::default()).await.unwrap();
    let about = transit.read_key(&key).await.unwrap();
    let public = STANDARD.decode(about.versions[&1].public_key.as_deref().unwrap()).unwrap();
    UnparsedPublicKey::new(&ED25519, public).verify(b"text", &signature.to_bytes().unwrap()).unwrap();
}

/// 2 MiB of plaintexts, and one of 1.5 MiB that goes by itself.
#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn large_batches_come_back_whole() {
    let (_server, transit) = start().await;
    let key = name("large");
    transit.create_key(&key, &NewKey::default()).await.unwrap();
    let mut texts: Vec<SecretBytes> =
        (0..2_500_u32).map(|number| SecretBytes::new(number.to_le_bytes().repeat(200))).collect();
    texts.push(SecretBytes::new(vec![7; 3 << 19]));
    let plaintexts: Vec<Plaintext<'_>> = texts.iter().map(Plaintext::from).collect();
    let encrypted = transit.encrypt_all(&key, &plaintexts).await.unwrap();
    let ciphertexts: Vec<_> = encrypted.into_iter().map(Result::unwrap).collect();
    let sealed: Vec<_> = ciphertexts.iter().map(Into::into).collect();
    let decrypted = transit.decrypt_all(&key, &sealed).await.unwrap();
    let decrypted: Vec<SecretBytes> = decrypted.into_iter().map(Result::unwrap).collect();
    assert!(decrypted == texts);
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn nothing_that_was_encrypted_is_in_the_audit_log() {
    let (server, transit) = start().await;
    let (key, canary) = (name("audited"), b"canary-plaintext".as_slice());
    transit.create_key(&key, &NewKey::default().exportable().allow_plaintext_backup()).await.unwrap();
    let ciphertext = transit.encrypt(&key, Plaintext::new(canary)).await.unwrap();
    transit.decrypt(&key, (&ciphertext).into()).await.unwrap();
    let backup = transit.backup_key(&key).await.unwrap();
    let log = server.audit_log().unwrap();
    assert!(log.contains("transit/encrypt/audited"));
    assert!(!log.contains(&STANDARD.encode(canary)) && !log.contains(backup.expose()));
}
