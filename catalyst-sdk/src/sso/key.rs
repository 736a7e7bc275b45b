//! The key of a client that signs assertions, as it lies in OpenBao.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::{Error, ErrorKind, Result, Secret, SecretBytes};
use catalyst_keycloak::jose::{Algorithm, SigningKey};
use catalyst_openbao::SecretData;

pub(super) const PRIVATE_KEY: &str = "private_key";
pub(super) const KEY_ID: &str = "key_id";
const ALGORITHM: &str = "private_key_algorithm";
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";
/// How long the platform lets a signing key live; its replacement is a person's decision.
const LIFE: Duration = Duration::from_secs(365 * 86_400);

/// What is stored: PKCS #8 as PEM, which every library reads.
pub(super) fn write(key: &SigningKey, made_at: SystemTime) -> SecretData {
    let written = |date: SystemTime| Secret::from(humantime::format_rfc3339_seconds(date).to_string());
    let mut data = SecretData::new();
    data.insert(PRIVATE_KEY, pem(key.to_pkcs8()));
    data.insert(ALGORITHM, key.algorithm().as_str());
    data.insert(KEY_ID, key.kid());
    data.insert("issued_at", written(made_at));
    data.insert("expires_at", written(made_at + LIFE));
    data
}

/// The key in `data`; `None` if there is none.
pub(super) fn read(data: &SecretData) -> Result<Option<SigningKey>> {
    let Some(pem) = data.get(PRIVATE_KEY) else { return Ok(None) };
    let algorithm = data.get(ALGORITHM).and_then(|name| Algorithm::from_name(name.expose()));
    let algorithm = algorithm.ok_or_else(|| unreadable("private_key_algorithm"))?;
    let der = der(pem).ok_or_else(|| unreadable(PRIVATE_KEY))?;
    SigningKey::from_pkcs8(algorithm, &der).map(Some).map_err(|_rejected| unreadable(PRIVATE_KEY))
}

fn pem(der: &SecretBytes) -> Secret {
    let length = der.expose().len().div_ceil(3) * 4;
    // Never grown, so that no copy is left behind.
    let mut text = String::with_capacity(BEGIN.len() + END.len() + length + length / 64 + 4);
    text.push_str(BEGIN);
    // 48 bytes are one line of 64 characters.
    for line in der.expose().chunks(48) {
        text.push('\n');
        STANDARD.encode_string(line, &mut text);
    }
    text.push('\n');
    text.push_str(END);
    text.push('\n');
    Secret::from(text)
}

fn der(pem: &Secret) -> Option<SecretBytes> {
    let body = pem.expose().trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let mut joined = String::with_capacity(body.len());
    joined.extend(body.split_whitespace());
    let joined = Secret::from(joined);
    STANDARD.decode(joined.expose()).ok().map(SecretBytes::new)
}

fn unreadable(field: &'static str) -> Error {
    Error::new(ErrorKind::Decode, "read the key of a client").with_code("unreadable_key").with_help(format!(
        "the field `{field}` is missing or not what the SDK wrote; restore an earlier version, or delete the secret \
         so that a new key is made"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_comes_back_as_it_was_and_is_not_shown() {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256] {
            let key = SigningKey::generate(algorithm).unwrap();
            let data = write(&key, SystemTime::UNIX_EPOCH);
            let back = read(&data).unwrap().unwrap();
            assert_eq!((back.kid(), back.algorithm()), (key.kid(), algorithm));
            assert!(data.get(PRIVATE_KEY).unwrap().expose().lines().all(|line| line.len() <= 64));
            assert!(!format!("{data:?}").contains("BEGIN"));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}", framed: bool) {
            let text = if framed { format!("{BEGIN}\n{text}\n{END}") } else { text };
            let data = SecretData::from([(PRIVATE_KEY, text.as_str()), (ALGORITHM, "ES256")]);
            prop_assert!(read(&data).is_err());
        }
    }
}
