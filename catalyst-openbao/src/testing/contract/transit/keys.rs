//! Keys, and what else the engine does.

use std::time::Duration;

use catalyst_core::{ErrorKind, Secret};

use super::super::{done, refused};
use super::{discard, fresh, made};
use crate::{
    Encryption, ExportKind, ExportVersion, HashAlgorithm, KeySettings, KeyType, NewKey, Plaintext, Transit,
};

/// Whatever is asked for under its name.
pub async fn a_key_that_is_there_stays_as_it_is(transit: &Transit) {
    let key = made(transit, &NewKey::default().auto_rotate(Duration::from_secs(7200))).await;
    let about = done(transit.create_key(&key, &NewKey::new(KeyType::Ed25519)).await, "create it again");
    assert_eq!(about.key_type, KeyType::Aes256Gcm96);
    assert_eq!(about, done(transit.read_key(&key).await, "read it"));
    assert_eq!((about.latest_version, about.versions.len(), about.min_decryption_version), (1, 1, 1));
    assert_eq!(about.auto_rotate, Some(Duration::from_secs(7200)));
    assert!(
        about.supports_encryption && !about.supports_signing && !about.exportable && !about.deletion_allowed
    );
    assert!(done(transit.list_keys().await, "list").contains(&key.to_string()));
    refused(transit.read_key(&fresh()).await, ErrorKind::NotFound, "key_not_found");

    let signer = made(transit, &NewKey::new(KeyType::EcdsaP256)).await;
    let about = done(transit.read_key(&signer).await, "read a key that signs");
    let public = about.versions[&1].public_key.as_deref().unwrap_or_default();
    assert!(public.starts_with("-----BEGIN PUBLIC KEY-----") && about.supports_signing, "{about:?}");
    discard(transit, &key).await;
    discard(transit, &signer).await;

    for bad in [
        NewKey::new(KeyType::EcdsaP256).derived(),
        NewKey::new(KeyType::Hmac),
        NewKey::new(KeyType::Aes256Gcm96).key_size(32),
        NewKey::new(KeyType::Other("no-such-type".to_owned())),
        NewKey::default().auto_rotate(Duration::from_secs(60)),
    ] {
        let refusal = transit.create_key(&fresh(), &bad).await;
        assert_eq!(refusal.err().map(|error| error.kind()), Some(ErrorKind::InvalidRequest), "{bad:?}");
    }
}

/// And to each other.
pub async fn minimums_keep_to_the_versions_that_there_are(transit: &Transit) {
    let key = made(transit, &NewKey::default()).await;
    let rotated = done(transit.rotate_key(&key).await, "rotate");
    assert_eq!((rotated.latest_version, rotated.versions.len()), (2, 2));
    for bad in [
        KeySettings::new().min_decryption_version(9),
        KeySettings::new().min_encryption_version(9),
        KeySettings::new().min_encryption_version(1).min_decryption_version(2),
        KeySettings::new().auto_rotate(Duration::from_secs(60)),
    ] {
        refused(transit.configure_key(&key, &bad).await, ErrorKind::InvalidRequest, "invalid_request");
    }
    let about =
        done(transit.configure_key(&key, &KeySettings::new().min_decryption_version(2)).await, "configure");
    assert_eq!(
        (about.min_decryption_version, about.versions.len()),
        (2, 1),
        "what may not be used is not shown"
    );
    let missing = transit.configure_key(&fresh(), &KeySettings::new()).await;
    refused(missing, ErrorKind::NotFound, "key_not_found");
    refused(transit.rotate_key(&fresh()).await, ErrorKind::NotFound, "key_not_found");
    discard(transit, &key).await;
}

/// For ever.
pub async fn trimmed_versions_are_gone(transit: &Transit) {
    let key = made(transit, &NewKey::default()).await;
    let old = done(transit.encrypt(&key, Plaintext::new(b"text")).await, "encrypt");
    done(transit.rotate_key(&key).await, "rotate");
    refused(transit.trim_key(&key, 2).await, ErrorKind::InvalidRequest, "invalid_request");
    let settings = KeySettings::new().min_decryption_version(2).min_encryption_version(2);
    done(transit.configure_key(&key, &settings).await, "raise the minimums");
    assert_eq!(done(transit.trim_key(&key, 2).await, "trim").min_available_version, 2);
    refused(transit.trim_key(&key, 1).await, ErrorKind::InvalidRequest, "invalid_request");
    let lowered = KeySettings::new().min_decryption_version(1);
    refused(transit.configure_key(&key, &lowered).await, ErrorKind::InvalidRequest, "invalid_request");
    refused(transit.decrypt(&key, (&old).into()).await, ErrorKind::Expired, "key_version_too_old");
    discard(transit, &key).await;
}

/// One that is not there is deleted already.
pub async fn a_key_is_deleted_only_where_that_is_allowed(transit: &Transit) {
    let key = made(transit, &NewKey::default()).await;
    refused(transit.delete_key(&key).await, ErrorKind::PermissionDenied, "deletion_not_allowed");
    let settings = KeySettings::new().deletion_allowed(true);
    assert!(done(transit.configure_key(&key, &settings).await, "allow it").deletion_allowed);
    done(transit.delete_key(&key).await, "delete");
    done(transit.delete_key(&key).await, "delete again");
    refused(transit.read_key(&key).await, ErrorKind::NotFound, "key_not_found");
}

/// But its public key.
pub async fn a_key_leaves_only_where_that_is_allowed(transit: &Transit) {
    let key = made(transit, &NewKey::new(KeyType::Ed25519)).await;
    let export = async |kind, version| transit.export_key(&key, kind, version).await;
    let private = export(ExportKind::Signing, ExportVersion::All).await;
    refused(private, ErrorKind::PermissionDenied, "not_exportable");
    let public = done(export(ExportKind::Public, ExportVersion::All).await, "export the public key");
    let about = done(transit.read_key(&key).await, "read it");
    assert_eq!(public[&1].expose(), about.versions[&1].public_key.as_deref().unwrap_or_default());
    done(transit.configure_key(&key, &KeySettings::new().exportable()).await, "let it leave");
    done(transit.rotate_key(&key).await, "rotate");
    assert_eq!(done(export(ExportKind::Signing, ExportVersion::All).await, "export").len(), 2);
    let latest = done(export(ExportKind::Hmac, ExportVersion::Latest).await, "export the newest");
    assert_eq!(latest.keys().copied().collect::<Vec<_>>(), [2]);
    let first = done(export(ExportKind::Signing, ExportVersion::Number(1)).await, "export the first");
    assert!(!first[&1].is_empty());
    let unknown = export(ExportKind::Signing, ExportVersion::Number(9)).await;
    refused(unknown, ErrorKind::NotFound, "unknown_key_version");
    let wrong = export(ExportKind::Encryption, ExportVersion::All).await;
    refused(wrong, ErrorKind::InvalidRequest, "unsupported_by_key");
    let missing = transit.export_key(&fresh(), ExportKind::Public, ExportVersion::All).await;
    refused(missing, ErrorKind::NotFound, "key_not_found");
    discard(transit, &key).await;
}

/// Under its name or another, in the place of one that is there only if that is said.
pub async fn a_backup_brings_a_key_back(transit: &Transit) {
    let key = made(transit, &NewKey::default()).await;
    refused(transit.backup_key(&key).await, ErrorKind::PermissionDenied, "not_exportable");
    let settings = KeySettings::new().exportable().allow_plaintext_backup();
    done(transit.configure_key(&key, &settings).await, "let it be backed up");
    let ciphertext = done(transit.encrypt(&key, Plaintext::new(b"text")).await, "encrypt");
    let backup = done(transit.backup_key(&key).await, "back up");
    refused(transit.restore_key(None, &backup, false).await, ErrorKind::Conflict, "key_exists");
    done(transit.restore_key(None, &backup, true).await, "replace");
    let other = fresh();
    done(transit.restore_key(Some(&other), &backup, false).await, "restore as another");
    discard(transit, &key).await;
    assert_eq!(done(transit.decrypt(&other, (&ciphertext).into()).await, "decrypt").expose(), b"text");
    discard(transit, &other).await;
    for bad in ["%%", "AAAA"] {
        let restored = transit.restore_key(Some(&fresh()), &Secret::new(bad), false).await;
        refused(restored, ErrorKind::InvalidRequest, "malformed_input");
    }
    refused(transit.backup_key(&fresh()).await, ErrorKind::NotFound, "key_not_found");
}

/// Within bounds.
pub async fn random_bytes_and_hashes_come_from_the_server(transit: &Transit) {
    let (first, second) =
        (done(transit.random(32).await, "random"), done(transit.random(32).await, "random"));
    assert!(first.expose().len() == 32 && first != second);
    assert_eq!(done(transit.random(131_072).await, "much that is random").expose().len(), 131_072);
    for bad in [0, 131_073] {
        refused(transit.random(bad).await, ErrorKind::InvalidRequest, "invalid_request");
    }
    let hash = done(transit.hash(HashAlgorithm::Sha2_256, b"hello").await, "hash");
    assert!(hash.len() == 32 && hash.starts_with(&[0x2c, 0xf2, 0x4d, 0xba]), "{hash:x?}");
    refused(transit.hash(HashAlgorithm::Sha1, b"hello").await, ErrorKind::InvalidRequest, "invalid_request");
}
