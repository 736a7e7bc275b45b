//! One-time codes.

use std::time::Duration;

use catalyst_core::{ErrorKind, Secret, SecretBytes};

use super::{done, refused};
use crate::{
    ImportedTotpKey, KeyName, NewTotpKey, OneTimePasswords, Totp, TotpAlgorithm, TotpDigits, TotpKey,
};

/// All checks, one after the other.
pub async fn all(totp: &Totp) {
    a_code_is_taken_once(totp).await;
    a_generated_key_is_shown_once(totp).await;
    an_imported_key_is_what_was_said_of_it(totp).await;
    a_key_that_is_not_there_makes_no_codes(totp).await;
}

fn fresh() -> KeyName {
    done(format!("contract-{:016x}@example.test", fastrand::u64(..)).parse(), "a key name for the contract")
}

/// A wrong one is not taken, and counts as used, too.
pub async fn a_code_is_taken_once(totp: &Totp) {
    let key = fresh();
    done(totp.generate_key(&key, &NewTotpKey::new("Shop", "ada")).await, "generate a key");
    let code = done(totp.code(&key).await, "get a code");
    assert_eq!((code.code.expose().len(), code.period), (6, Duration::from_secs(30)));
    assert!(code.generated_at < code.expires_at && code.expires_at <= code.generated_at + code.period);
    assert!(done(totp.validate(&key, &code.code).await, "validate"));
    refused(totp.validate(&key, &code.code).await, ErrorKind::Conflict, "code_used");
    let wrong = Secret::new(if code.code.expose() == "000000" { "000001" } else { "000000" });
    assert!(!done(totp.validate(&key, &wrong).await, "validate a wrong one"));
    refused(totp.validate(&key, &wrong).await, ErrorKind::Conflict, "code_used");
    for bad in ["", "12345", "1234567", " 12345"] {
        let refusal = totp.validate(&key, &Secret::new(bad)).await;
        refused(refusal, ErrorKind::InvalidRequest, "malformed_input");
    }
    done(totp.delete_key(&key).await, "delete");
}

/// With a barcode, if that is asked for; later only what is said of it.
pub async fn a_generated_key_is_shown_once(totp: &Totp) {
    let key = fresh();
    let new = NewTotpKey::new("The Shop", "ada@example.test")
        .algorithm(TotpAlgorithm::Sha256)
        .digits(TotpDigits::Eight)
        .period(Duration::from_secs(60));
    let shown = done(totp.generate_key(&key, &new).await, "generate a key");
    assert!(shown.url.expose().starts_with("otpauth://totp/The%20Shop:ada@example.test?"));
    let barcode = shown.barcode.as_ref().map(SecretBytes::expose).unwrap_or_default();
    assert!(barcode.starts_with(b"\x89PNG"), "{} bytes", barcode.len());
    let about = done(totp.read_key(&key).await, "read it");
    let said = TotpKey::new("The Shop", "ada@example.test")
        .algorithm(TotpAlgorithm::Sha256)
        .digits(TotpDigits::Eight)
        .period(Duration::from_secs(60));
    assert_eq!(about, said);
    assert_eq!(done(totp.code(&key).await, "get a code").code.expose().len(), 8);
    assert!(done(totp.list_keys().await, "list").contains(&key.to_string()));

    // The other side of it: an app that was shown the URL makes the same codes.
    let app = fresh();
    done(totp.import_key(&app, &ImportedTotpKey::from_url(shown.url)).await, "import the URL");
    let (mut ours, mut theirs) =
        (done(totp.code(&key).await, "a code"), done(totp.code(&app).await, "a code"));
    if ours.expires_at != theirs.expires_at {
        (ours, theirs) = (done(totp.code(&key).await, "a code"), done(totp.code(&app).await, "a code"));
    }
    assert_eq!(ours.code, theirs.code);
    let plain = done(totp.generate_key(&key, &new.barcode_pixels(0).strict()).await, "replace it");
    assert!(plain.barcode.is_none());
    for bad in
        [NewTotpKey::new("", "ada"), NewTotpKey::new("Shop", ""), NewTotpKey::new("a", "b").key_bytes(0)]
    {
        refused(totp.generate_key(&key, &bad).await, ErrorKind::InvalidRequest, "invalid_request");
    }
    for key in [&key, &app] {
        done(totp.delete_key(key).await, "delete");
    }
}

/// By a URL, or in words.
pub async fn an_imported_key_is_what_was_said_of_it(totp: &Totp) {
    let key = fresh();
    let about = TotpKey::new("Acme", "ada").digits(TotpDigits::Eight).algorithm(TotpAlgorithm::Sha512);
    let imported = ImportedTotpKey::from_key(Secret::new("JBSWY3DPEHPK3PXP"), about.clone());
    done(totp.import_key(&key, &imported).await, "import");
    assert_eq!(done(totp.read_key(&key).await, "read it"), about);
    assert_eq!(done(totp.code(&key).await, "get a code").code.expose().len(), 8);
    for bad in ["", "!!!"] {
        let refusal =
            totp.import_key(&key, &ImportedTotpKey::from_key(Secret::new(bad), about.clone())).await;
        refused(refusal, ErrorKind::InvalidRequest, "malformed_input");
    }
    for bad in ["::", "otpauth://totp/Acme:ada?issuer=Acme"] {
        let refusal = totp.import_key(&key, &ImportedTotpKey::from_url(Secret::new(bad))).await;
        refused(refusal, ErrorKind::InvalidRequest, "malformed_input");
    }
    done(totp.delete_key(&key).await, "delete");
    done(totp.delete_key(&key).await, "delete again");
}

/// Nor is anything known of it.
pub async fn a_key_that_is_not_there_makes_no_codes(totp: &Totp) {
    let key = fresh();
    refused(totp.code(&key).await, ErrorKind::NotFound, "key_not_found");
    refused(totp.validate(&key, &Secret::new("123456")).await, ErrorKind::NotFound, "key_not_found");
    refused(totp.read_key(&key).await, ErrorKind::NotFound, "key_not_found");
}
