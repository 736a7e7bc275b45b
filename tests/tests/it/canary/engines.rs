//! What goes through OpenBao's engines: plaintexts, data keys, key material, one-time codes, what a token keeps.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_openbao::mock::{Fault, FaultRule, Refusal};
use catalyst_openbao::testing::FakeOpenBao;
use catalyst_openbao::{
    DataKeyRequest, Encryption, EngineType, ExportKind, ExportVersion, HashAlgorithm, ImportedKey,
    ImportedTotpKey, KeyName, KeyType, Message, NewKey, NewTotpKey, OneTimePasswords, Plaintext, Sealed,
    Secret, SecretData, SignatureScheme, Signing, TotpKey,
};

use super::ear::{Canaries, listen};

const PLAINTEXT: &str = "canary-plaintext-of-transit";

#[tokio::test]
async fn nothing_that_went_through_an_engine_is_ever_printed() {
    let (mut canaries, _guard) = listen();
    let fake = FakeOpenBao::start().await;
    for (mount, engine) in [("transit", EngineType::Transit), ("totp", EngineType::Totp)] {
        assert!(fake.model().mount_engine(mount, &engine));
    }
    // Base64 of it, as it stands in bodies; what is before it shifts by no more than the first letters.
    canaries.plant(PLAINTEXT);
    canaries.plant(STANDARD.encode(PLAINTEXT).trim_end_matches('='));
    encryption(&mut canaries, &fake).await;
    signing(&mut canaries, &fake).await;
    keys(&mut canaries, &fake).await;
    codes(&mut canaries, &fake).await;
    kept(&mut canaries, &fake).await;

    let heard = canaries.logs.text();
    assert!(heard.contains("answer read") && heard.contains("answered"), "the capture is deaf");
    assert!(canaries.secrets.len() >= 9, "{} secrets", canaries.secrets.len());
    let planted: Vec<&str> = canaries.secrets.iter().map(String::as_str).collect();
    canaries.logs.assert_absent(&planted);
}

/// Answers that are no answers, and a server that repeats what it was sent.
fn faults() -> [Fault; 4] {
    let echo = format!("cannot use password={PLAINTEXT}");
    [
        Fault::Refuse(Refusal::new(500, &[&echo])),
        Fault::Refuse(Refusal::new(400, &[&echo])),
        Fault::NotJson,
        Fault::DropAnswer,
    ]
}

async fn encryption(canaries: &mut Canaries, fake: &FakeOpenBao) {
    let transit = fake.client().unwrap().transit("transit".parse().unwrap());
    let key: KeyName = "canary".parse().unwrap();
    let plaintext = Plaintext::new(PLAINTEXT.as_bytes()).associated_data(PLAINTEXT.as_bytes());
    canaries.debug(&(&transit, plaintext));
    let ciphertext = transit.encrypt(&key, plaintext).await.unwrap();
    canaries.show(&ciphertext);
    let sealed = Sealed::new(&ciphertext).associated_data(PLAINTEXT.as_bytes());
    canaries.debug(&sealed);
    canaries.debug(&transit.decrypt(&key, sealed).await.unwrap());
    canaries.error(transit.decrypt(&key, Sealed::new(&ciphertext)).await);
    canaries.error(PLAINTEXT.parse::<catalyst_openbao::Ciphertext>());
    let outcomes = transit.encrypt_all(&key, &[plaintext, plaintext.key_version(9)]).await.unwrap();
    canaries.debug(&outcomes);
    canaries.debug(&transit.decrypt_all(&key, &[sealed, Sealed::new(&ciphertext)]).await.unwrap());
    let made = transit.data_key(&key, DataKeyRequest::default().context(PLAINTEXT.as_bytes())).await.unwrap();
    canaries.plant(&STANDARD.encode(made.plaintext.expose()));
    canaries.debug(&made);
    for fault in faults() {
        fake.faults().clear();
        fake.faults().inject(FaultRule::new(fault).until_cleared());
        canaries.error(transit.encrypt(&key, plaintext).await);
        canaries.error(transit.encrypt_all(&key, &[plaintext]).await);
    }
    fake.faults().clear();
}

async fn signing(canaries: &mut Canaries, fake: &FakeOpenBao) {
    let transit = fake.client().unwrap().transit("transit".parse().unwrap());
    let key: KeyName = "signer".parse().unwrap();
    transit.create_key(&key, &NewKey::new(KeyType::Ed25519)).await.unwrap();
    let (message, scheme) = (Message::new(PLAINTEXT.as_bytes()), SignatureScheme::default());
    canaries.debug(&message);
    let signature = transit.sign(&key, message, scheme).await.unwrap();
    canaries.show(&signature);
    canaries.show(&transit.hmac(&key, message, HashAlgorithm::Sha2_256).await.unwrap());
    canaries.debug(&transit.sign_all(&key, &[message], scheme.key_version(9)).await.unwrap());
    canaries.error(transit.encrypt(&key, Plaintext::new(PLAINTEXT.as_bytes())).await);
}

async fn keys(canaries: &mut Canaries, fake: &FakeOpenBao) {
    let transit = fake.client().unwrap().transit("transit".parse().unwrap());
    let key: KeyName = "taken-along".parse().unwrap();
    let about =
        transit.create_key(&key, &NewKey::default().exportable().allow_plaintext_backup()).await.unwrap();
    canaries.debug(&about);
    let exported = transit.export_key(&key, ExportKind::Encryption, ExportVersion::All).await.unwrap();
    canaries.plant(exported[&1].expose());
    canaries.debug(&exported);
    let backup = transit.backup_key(&key).await.unwrap();
    canaries.plant(backup.expose());
    canaries.debug(&backup);
    canaries.error(transit.restore_key(None, &backup, false).await);
    let random = transit.random(32).await.unwrap();
    canaries.plant(&STANDARD.encode(random.expose()));
    canaries.debug(&random);
    canaries.plant("canary-wrapped-key");
    let imported = ImportedKey::new(KeyType::Aes256Gcm96, Secret::new("canary-wrapped-key"));
    canaries.debug(&imported);
    canaries.error(transit.import_key(&key, &imported).await);
}

async fn codes(canaries: &mut Canaries, fake: &FakeOpenBao) {
    let totp = fake.client().unwrap().totp("totp".parse().unwrap());
    let key: KeyName = "ada".parse().unwrap();
    let shown = totp.generate_key(&key, &NewTotpKey::new("Shop", "ada")).await.unwrap();
    canaries.plant(shown.url.expose().rsplit('=').next().unwrap());
    canaries.debug(&(&totp, &shown));
    let code = totp.code(&key).await.unwrap();
    canaries.debug(&code);
    // As a text of its own: six digits alone may stand in any number.
    canaries.plant(&format!("\"{}\"", code.code.expose()));
    assert!(totp.validate(&key, &code.code).await.unwrap());
    canaries.error(totp.validate(&key, &code.code).await);
    canaries.plant("CANARYCANARYCANARY1");
    let imported = ImportedTotpKey::from_key(Secret::new("CANARYCANARYCANARY1"), TotpKey::new("Shop", "ada"));
    canaries.debug(&imported);
    canaries.error(totp.import_key(&key, &imported).await);
}

async fn kept(canaries: &mut Canaries, fake: &FakeOpenBao) {
    let cubbyhole = fake.client().unwrap().cubbyhole();
    let (path, data) = ("a".parse().unwrap(), SecretData::from([("password", "canary-in-the-cubbyhole")]));
    canaries.plant("canary-in-the-cubbyhole");
    cubbyhole.write(&path, &data).await.unwrap();
    canaries.debug(&(&cubbyhole, cubbyhole.read(&path).await.unwrap()));
    canaries.error(cubbyhole.read(&"none".parse().unwrap()).await);
}
