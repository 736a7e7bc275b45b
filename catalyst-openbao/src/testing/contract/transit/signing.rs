//! What is signed.

use catalyst_core::{Error, ErrorKind};

use super::super::{done, refused};
use super::{discard, fresh, made};
use crate::{
    HashAlgorithm, Hmac, KeySettings, KeyType, Marshaling, Message, NewKey, RsaPadding, Signature,
    SignatureScheme, Signing, Transit,
};

/// In its scheme, by its key.
pub async fn a_signature_is_good_for_its_message_only(transit: &Transit) {
    let usual = SignatureScheme::default();
    for (key_type, scheme) in [
        (KeyType::Ed25519, usual),
        (KeyType::EcdsaP256, usual.hash(HashAlgorithm::Sha2_256)),
        (KeyType::EcdsaP384, usual.hash(HashAlgorithm::Sha2_384).marshaling(Marshaling::Jws)),
        (KeyType::EcdsaP521, usual.hash(HashAlgorithm::Sha2_512)),
        (KeyType::Rsa2048, usual),
        (KeyType::Rsa2048, usual.padding(RsaPadding::Pkcs1v15)),
        (KeyType::Rsa2048, usual.padding(RsaPadding::PssWithSaltOfHash).hash(HashAlgorithm::Sha2_512)),
    ] {
        let key = made(transit, &NewKey::new(key_type)).await;
        let signature = done(transit.sign(&key, Message::new(b"text"), scheme).await, "sign");
        assert_eq!(signature.key_version(), 1);
        assert!(done(signature.to_bytes(), "read the signature").len() >= 64);
        assert!(done(transit.verify(&key, Message::new(b"text"), &signature, scheme).await, "verify"));
        assert!(!done(
            transit.verify(&key, Message::new(b"other"), &signature, scheme).await,
            "verify another"
        ));
        done(transit.rotate_key(&key).await, "rotate");
        assert!(done(
            transit.verify(&key, Message::new(b"text"), &signature, scheme).await,
            "verify after that"
        ));
        let old = done(
            transit.sign(&key, Message::new(b"text"), scheme.key_version(1)).await,
            "sign with the first",
        );
        assert_eq!(old.key_version(), 1);
        let future = transit.sign(&key, Message::new(b"text"), scheme.key_version(9)).await;
        refused(future, ErrorKind::NotFound, "unknown_key_version");
        let settings = KeySettings::new().min_decryption_version(2);
        done(transit.configure_key(&key, &settings).await, "raise the minimum");
        let late = transit.verify(&key, Message::new(b"text"), &signature, scheme).await;
        refused(late, ErrorKind::Expired, "key_version_too_old");
        discard(transit, &key).await;
    }
    let prehashed = usual.prehashed();
    let key = made(transit, &NewKey::new(KeyType::Rsa2048)).await;
    let digest = [7; 32];
    let signature = done(transit.sign(&key, Message::new(&digest), prehashed).await, "sign a hash");
    assert!(done(transit.verify(&key, Message::new(&digest), &signature, prehashed).await, "verify a hash"));
    let no_hash = transit.sign(&key, Message::new(b"no hash"), prehashed).await;
    refused(no_hash, ErrorKind::InvalidRequest, "malformed_input");
    discard(transit, &key).await;
}

/// And is read as it was written.
pub async fn an_ecdsa_signature_is_written_as_asked_for(transit: &Transit) {
    let key = made(transit, &NewKey::new(KeyType::EcdsaP256)).await;
    let jws = SignatureScheme::default().marshaling(Marshaling::Jws);
    let signature = done(transit.sign(&key, Message::new(b"text"), jws).await, "sign");
    assert_eq!(done(signature.to_bytes(), "read the signature").len(), 64, "two numbers of 32 bytes");
    let other = transit.verify(&key, Message::new(b"text"), &signature, SignatureScheme::default()).await;
    refused(other, ErrorKind::InvalidRequest, "malformed_input");
    discard(transit, &key).await;
}

/// Nor do those that are not there, or lack their context.
pub async fn keys_that_cannot_sign_say_so(transit: &Transit) {
    let scheme = SignatureScheme::default();
    let key = made(transit, &NewKey::default()).await;
    let signature: Signature = done("vault:v1:AAAA".parse(), "a signature");
    let signed = transit.sign(&key, Message::new(b"text"), scheme).await;
    refused(signed, ErrorKind::InvalidRequest, "unsupported_by_key");
    let verified = transit.verify(&key, Message::new(b"text"), &signature, scheme).await;
    refused(verified, ErrorKind::InvalidRequest, "unsupported_by_key");
    discard(transit, &key).await;
    refused(
        transit.sign(&fresh(), Message::new(b"text"), scheme).await,
        ErrorKind::NotFound,
        "key_not_found",
    );
    let verified = transit.verify(&fresh(), Message::new(b"text"), &signature, scheme).await;
    refused(verified, ErrorKind::NotFound, "key_not_found");
    let derived = made(transit, &NewKey::new(KeyType::Ed25519).derived()).await;
    let without = transit.sign(&derived, Message::new(b"text"), scheme).await;
    refused(without, ErrorKind::InvalidRequest, "context_required");
    let message = Message::new(b"text").context(b"acme");
    let signature = done(transit.sign(&derived, message, scheme).await, "sign in a context");
    assert!(done(transit.verify(&derived, message, &signature, scheme).await, "verify in the context"));
    let other = Message::new(b"text").context(b"other");
    assert!(!done(transit.verify(&derived, other, &signature, scheme).await, "verify in another context"));
    discard(transit, &derived).await;
}

/// Made by any type of key.
pub async fn an_hmac_is_good_for_its_message_only(transit: &Transit) {
    for key in [NewKey::default(), NewKey::new(KeyType::Ed25519), NewKey::new(KeyType::Hmac).key_size(32)] {
        let key = made(transit, &key).await;
        for (hash, length) in [(HashAlgorithm::Sha2_256, 32), (HashAlgorithm::Sha2_512, 64)] {
            let hmac = done(transit.hmac(&key, Message::new(b"text"), hash).await, "make an HMAC");
            assert_eq!((hmac.key_version(), done(hmac.to_bytes(), "read the HMAC").len()), (1, length));
            let again = done(transit.hmac(&key, Message::new(b"text"), hash).await, "make it again");
            assert_eq!(hmac, again);
            assert!(done(transit.verify_hmac(&key, Message::new(b"text"), &hmac, hash).await, "verify"));
            assert!(!done(
                transit.verify_hmac(&key, Message::new(b"other"), &hmac, hash).await,
                "verify another"
            ));
        }
        let future: Hmac = done("vault:v9:AAAA".parse(), "an HMAC");
        let verified =
            transit.verify_hmac(&key, Message::new(b"text"), &future, HashAlgorithm::Sha2_256).await;
        refused(verified, ErrorKind::NotFound, "unknown_key_version");
        discard(transit, &key).await;
    }
    let missing = transit.hmac(&fresh(), Message::new(b"text"), HashAlgorithm::Sha2_256).await;
    refused(missing, ErrorKind::NotFound, "key_not_found");
}

/// Of HMACs, too: a no is a no, and a malformed one an error of its own.
pub async fn a_batch_of_signatures_has_an_outcome_for_each(transit: &Transit) {
    let (scheme, hash) = (SignatureScheme::default(), HashAlgorithm::Sha2_256);
    let key = made(transit, &NewKey::new(KeyType::Ed25519)).await;
    let messages = [Message::new(b"one"), Message::new(b"two")];
    let signed = done(transit.sign_all(&key, &messages, scheme).await, "sign two");
    let [Ok(one), Ok(two)] = signed.as_slice() else { panic!("{signed:?}") };
    let future: Signature = done("vault:v9:AAAA".parse(), "a signature");
    let shown = [(messages[0], one), (messages[1], one), (messages[1], two), (messages[0], &future)];
    let verified = done(transit.verify_all(&key, &shown, scheme).await, "verify four");
    assert!(matches!(verified.as_slice(), [Ok(true), Ok(false), Ok(true), Err(_)]), "{verified:?}");
    assert_eq!(verified[3].as_ref().err().and_then(Error::code), Some("unknown_key_version"));

    let made = done(transit.hmac_all(&key, &messages, hash).await, "make two HMACs");
    let [Ok(one), Ok(two)] = made.as_slice() else { panic!("{made:?}") };
    let future: Hmac = done("vault:v9:AAAA".parse(), "an HMAC");
    let shown = [(messages[0], one), (messages[1], one), (messages[1], two), (messages[0], &future)];
    let verified = done(transit.verify_hmac_all(&key, &shown, hash).await, "verify four");
    assert!(matches!(verified.as_slice(), [Ok(true), Ok(false), Ok(true), Err(_)]), "{verified:?}");

    let failed = done(transit.sign_all(&key, &messages, scheme.key_version(9)).await, "sign with none");
    assert!(
        failed
            .iter()
            .all(|outcome| outcome.as_ref().is_err_and(|error| error.code() == Some("unknown_key_version")))
    );
    discard(transit, &key).await;
}
