//! What is encrypted and decrypted.

use catalyst_core::{Error, ErrorKind, SecretBytes};

use super::super::{done, refused};
use super::{discard, fresh, made};
use crate::{
    Ciphertext, DataKeyRequest, DataKeySize, Derivation, Encryption, KeySettings, KeyType, NewKey, Plaintext,
    Sealed, Transit,
};

/// Whatever the bytes, and none at all; the ciphertext says the version of its key.
pub async fn a_plaintext_comes_back_as_it_was(transit: &Transit) {
    for key_type in
        [KeyType::Aes256Gcm96, KeyType::Aes128Gcm96, KeyType::ChaCha20Poly1305, KeyType::XChaCha20Poly1305]
    {
        let key = made(transit, &NewKey::new(key_type)).await;
        let long: Vec<u8> = (0..100_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        for plaintext in [b"".as_slice(), b"a", b"\0\xff\xfe", &long] {
            let plaintext = SecretBytes::new(plaintext);
            let ciphertext = done(transit.encrypt(&key, (&plaintext).into()).await, "encrypt");
            assert_eq!(ciphertext.key_version(), 1);
            assert_eq!(done(transit.decrypt(&key, (&ciphertext).into()).await, "decrypt"), plaintext);
        }
        discard(transit, &key).await;
    }
    let key = made(transit, &NewKey::new(KeyType::Rsa2048)).await;
    let ciphertext = done(transit.encrypt(&key, Plaintext::new(b"short")).await, "encrypt");
    assert_eq!(done(transit.decrypt(&key, (&ciphertext).into()).await, "decrypt").expose(), b"short");
    let bound = Plaintext::new(b"short").associated_data(b"row 7");
    refused(transit.encrypt(&key, bound).await, ErrorKind::InvalidRequest, "unsupported_by_key");
    discard(transit, &key).await;
}

/// Neither a changed one, nor one of another key, nor with other associated data or none.
pub async fn what_was_changed_does_not_decrypt(transit: &Transit) {
    let key = made(transit, &NewKey::default()).await;
    let other = made(transit, &NewKey::default()).await;
    let ciphertext =
        done(transit.encrypt(&key, Plaintext::new(b"text").associated_data(b"row 7")).await, "encrypt");
    let sealed = Sealed::new(&ciphertext);
    assert_eq!(
        done(transit.decrypt(&key, sealed.associated_data(b"row 7")).await, "decrypt").expose(),
        b"text"
    );
    let changed = changed(&ciphertext);
    let not_authentic = |result| drop(refused(result, ErrorKind::InvalidRequest, "not_authentic"));
    not_authentic(transit.decrypt(&key, sealed).await);
    not_authentic(transit.decrypt(&key, sealed.associated_data(b"row 8")).await);
    not_authentic(transit.decrypt(&other, sealed.associated_data(b"row 7")).await);
    not_authentic(transit.decrypt(&key, Sealed::new(&changed).associated_data(b"row 7")).await);
    let short = done("vault:v1:AAAA".parse::<Ciphertext>(), "a ciphertext that is too short");
    not_authentic(transit.decrypt(&key, (&short).into()).await);
    let malformed = done("vault:v1:AAA=AAAA".parse::<Ciphertext>(), "a ciphertext that is no base64");
    refused(transit.decrypt(&key, (&malformed).into()).await, ErrorKind::InvalidRequest, "malformed_input");
    let rewrapped = transit.rewrap(&key, sealed.associated_data(b"row 7")).await;
    refused(rewrapped, ErrorKind::InvalidRequest, "unsupported_by_key");
    let missing = transit.decrypt(&fresh(), sealed).await;
    refused(missing, ErrorKind::NotFound, "key_not_found");
    discard(transit, &key).await;
    discard(transit, &other).await;
}

/// Another character in the middle.
fn changed(ciphertext: &Ciphertext) -> Ciphertext {
    let mut text = ciphertext.to_string().into_bytes();
    let middle = text.len() / 2;
    text[middle] = if text[middle] == b'A' { b'B' } else { b'A' };
    let text = String::from_utf8_lossy(&text);
    done(text.parse(), "a changed ciphertext")
}

/// Old versions decrypt until the minimum is raised; those to come never do.
pub async fn what_is_below_the_minimum_version_does_not_decrypt(transit: &Transit) {
    let key = made(transit, &NewKey::default()).await;
    let first = done(transit.encrypt(&key, Plaintext::new(b"text")).await, "encrypt");
    done(transit.rotate_key(&key).await, "rotate");
    let second = done(transit.encrypt(&key, Plaintext::new(b"text")).await, "encrypt");
    let again =
        done(transit.encrypt(&key, Plaintext::new(b"text").key_version(1)).await, "encrypt with the first");
    assert_eq!([&first, &second, &again].map(Ciphertext::key_version), [1, 2, 1]);
    for ciphertext in [&first, &second, &again] {
        assert_eq!(done(transit.decrypt(&key, ciphertext.into()).await, "decrypt").expose(), b"text");
    }
    let settings = KeySettings::new().min_encryption_version(2).min_decryption_version(2);
    done(transit.configure_key(&key, &settings).await, "raise the minimum");
    refused(transit.decrypt(&key, (&first).into()).await, ErrorKind::Expired, "key_version_too_old");
    refused(transit.rewrap(&key, (&first).into()).await, ErrorKind::Expired, "key_version_too_old");
    let old = transit.encrypt(&key, Plaintext::new(b"text").key_version(1)).await;
    refused(old, ErrorKind::Expired, "key_version_too_old");
    let new = transit.encrypt(&key, Plaintext::new(b"text").key_version(3)).await;
    refused(new, ErrorKind::NotFound, "unknown_key_version");
    let future = done(second.as_str().replace("v2", "v3").parse::<Ciphertext>(), "a ciphertext");
    refused(transit.decrypt(&key, (&future).into()).await, ErrorKind::NotFound, "unknown_key_version");
    assert_eq!(done(transit.decrypt(&key, (&second).into()).await, "decrypt").expose(), b"text");
    let lowered = KeySettings::new().min_encryption_version(0).min_decryption_version(1);
    done(transit.configure_key(&key, &lowered).await, "lower the minimum");
    assert_eq!(done(transit.decrypt(&key, (&first).into()).await, "decrypt").expose(), b"text");
    discard(transit, &key).await;
}

/// And says the same.
pub async fn a_rewrapped_ciphertext_is_of_the_newest_version(transit: &Transit) {
    let key = made(transit, &NewKey::default()).await;
    let old = done(transit.encrypt(&key, Plaintext::new(b"text")).await, "encrypt");
    done(transit.rotate_key(&key).await, "rotate");
    let new = done(transit.rewrap(&key, (&old).into()).await, "rewrap");
    assert_eq!(new.key_version(), 2);
    let short = done("vault:v1:AAAA".parse::<Ciphertext>(), "a ciphertext that is too short");
    let outcomes = done(transit.rewrap_all(&key, &[(&short).into(), (&old).into()]).await, "rewrap two");
    let [bad, good] = outcomes.as_slice() else { panic!("two in, {} out", outcomes.len()) };
    assert_eq!(bad.as_ref().err().and_then(Error::code), Some("not_authentic"));
    assert_eq!(good.as_ref().map(Ciphertext::key_version).ok(), Some(2));
    assert_eq!(done(transit.decrypt(&key, (&new).into()).await, "decrypt").expose(), b"text");
    discard(transit, &key).await;
}

/// Which each use has to name.
pub async fn a_context_makes_a_key_of_its_own(transit: &Transit) {
    let key = made(transit, &NewKey::default().derived()).await;
    let without = transit.encrypt(&key, Plaintext::new(b"text")).await;
    refused(without, ErrorKind::InvalidRequest, "context_required");
    let ciphertext = done(transit.encrypt(&key, Plaintext::new(b"text").context(b"acme")).await, "encrypt");
    let sealed = Sealed::new(&ciphertext);
    assert_eq!(done(transit.decrypt(&key, sealed.context(b"acme")).await, "decrypt").expose(), b"text");
    refused(transit.decrypt(&key, sealed).await, ErrorKind::InvalidRequest, "context_required");
    refused(
        transit.decrypt(&key, sealed.context(b"other")).await,
        ErrorKind::InvalidRequest,
        "not_authentic",
    );
    let items = [Plaintext::new(b"a").context(b"acme"), Plaintext::new(b"b").context(b"other")];
    let outcomes = done(transit.encrypt_all(&key, &items).await, "encrypt for two");
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let mixed = [Plaintext::new(b"a").context(b"acme"), Plaintext::new(b"b")];
    refused(transit.encrypt_all(&key, &mixed).await, ErrorKind::InvalidRequest, "invalid_request");
    discard(transit, &key).await;
}

/// In one context; in another it is another one.
pub async fn a_convergent_key_gives_one_ciphertext_for_one_plaintext(transit: &Transit) {
    let key = made(transit, &NewKey::default().convergent()).await;
    let encrypt = async |plaintext: &'static [u8], context: &'static [u8]| {
        done(transit.encrypt(&key, Plaintext::new(plaintext).context(context)).await, "encrypt")
    };
    let first = encrypt(b"text", b"acme").await;
    assert_eq!(first, encrypt(b"text", b"acme").await);
    assert_ne!(first, encrypt(b"text", b"other").await);
    assert_ne!(first, encrypt(b"other", b"acme").await);
    discard(transit, &key).await;
}

/// In three sizes; for somebody else it comes encrypted only.
pub async fn a_data_key_comes_in_the_clear_and_encrypted(transit: &Transit) {
    let key = made(transit, &NewKey::default()).await;
    for (size, bytes) in [(DataKeySize::Bits128, 16), (DataKeySize::Bits256, 32), (DataKeySize::Bits512, 64)]
    {
        let request = DataKeyRequest::new(size).associated_data(b"row 7");
        let made = done(transit.data_key(&key, request).await, "make a data key");
        assert_eq!(made.plaintext.expose().len(), bytes);
        let sealed = Sealed::new(&made.ciphertext).associated_data(b"row 7");
        assert_eq!(done(transit.decrypt(&key, sealed).await, "decrypt"), made.plaintext);
        let wrapped = done(transit.wrapped_data_key(&key, request).await, "make a data key");
        let sealed = Sealed::new(&wrapped).associated_data(b"row 7");
        let unwrapped = done(transit.decrypt(&key, sealed).await, "decrypt");
        assert!(unwrapped.expose().len() == bytes && unwrapped != made.plaintext);
    }
    let missing = transit.data_key(&fresh(), DataKeyRequest::default()).await;
    refused(missing, ErrorKind::NotFound, "key_not_found");
    discard(transit, &key).await;
}

/// In the order of the items, over several requests, whatever becomes of the others; none is nothing.
pub async fn a_batch_has_an_outcome_for_each_item(transit: &Transit) {
    let key = made(transit, &NewKey::default()).await;
    assert!(done(transit.encrypt_all(&key, &[]).await, "encrypt nothing").is_empty());
    assert!(done(transit.decrypt_all(&key, &[]).await, "decrypt nothing").is_empty());

    let texts: Vec<String> = (0..1_001).map(|number| format!("number {number}")).collect();
    let mut items: Vec<_> = texts.iter().map(|text| Plaintext::new(text.as_bytes())).collect();
    items[7] = items[7].key_version(9);
    let mut ciphertexts = Vec::new();
    for (number, outcome) in done(transit.encrypt_all(&key, &items).await, "encrypt").into_iter().enumerate()
    {
        match outcome {
            Ok(ciphertext) => ciphertexts.push(ciphertext),
            Err(error) => assert_eq!((number, error.code()), (7, Some("unknown_key_version"))),
        }
    }
    assert_eq!(ciphertexts.len(), texts.len() - 1);
    ciphertexts[3] = changed(&ciphertexts[3]);
    let sealed: Vec<_> = ciphertexts.iter().map(Sealed::new).collect();
    let outcomes = done(transit.decrypt_all(&key, &sealed).await, "decrypt");
    let expected: Vec<_> = texts.iter().enumerate().filter(|(number, _)| *number != 7).collect();
    assert_eq!(outcomes.len(), expected.len());
    for (outcome, (number, text)) in outcomes.into_iter().zip(expected) {
        match outcome {
            Ok(plaintext) => assert_eq!(plaintext.expose(), text.as_bytes()),
            Err(error) => assert_eq!((number, error.code()), (3, Some("not_authentic"))),
        }
    }
    // All of them bad is not worse than one of them.
    let outcomes = done(transit.encrypt_all(&key, &[items[7]]).await, "encrypt");
    assert!(matches!(outcomes.as_slice(), [Err(error)] if error.code() == Some("unknown_key_version")));
    let missing = transit.decrypt_all(&fresh(), &sealed[..1]).await;
    refused(missing, ErrorKind::NotFound, "key_not_found");
    discard(transit, &key).await;
}

/// Unless the engine's settings forbid it.
pub async fn a_key_that_is_not_there_is_made_by_encrypting(transit: &Transit) {
    assert!(done(transit.creation_by_encrypting().await, "read the settings"));
    let key = fresh();
    done(transit.encrypt(&key, Plaintext::new(b"text")).await, "encrypt with a new key");
    assert_eq!(done(transit.read_key(&key).await, "read the new key").derivation, Derivation::None);
    discard(transit, &key).await;
    done(transit.set_creation_by_encrypting(false).await, "forbid it");
    assert!(!done(transit.creation_by_encrypting().await, "read the settings"));
    let refusal = transit.encrypt(&key, Plaintext::new(b"text")).await;
    refused(refusal, ErrorKind::NotFound, "key_not_found");
    done(transit.set_creation_by_encrypting(true).await, "allow it again");
}
