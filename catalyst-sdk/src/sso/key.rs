//! The key of a client that signs assertions, as it lies in OpenBao.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::{Error, ErrorKind, Result, Secret, SecretBytes};
use catalyst_keycloak::jose::{Algorithm, JwkSet, SigningKey};
use catalyst_openbao::SecretData;

pub(super) const PRIVATE_KEY: &str = "private_key";
pub(super) const KEY_ID: &str = "key_id";
/// Registered already, and not used yet.
const NEXT_KEY: &str = "next_private_key";
/// Not used any more by those who looked, and registered until [`PREVIOUS_UNTIL`].
const PREVIOUS_KEY: &str = "previous_private_key";
const PREVIOUS_UNTIL: &str = "previous_until";
const ALGORITHM: &str = "private_key_algorithm";
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";
/// How long the platform lets a signing key live; its replacement is a person's decision.
const LIFE: Duration = Duration::from_secs(365 * 86_400);

/// The keys of one client: the one that it signs with, and those beside it while it is replaced.
pub(super) struct Keys {
    pub(super) current: SigningKey,
    pub(super) next: Option<SigningKey>,
    pub(super) previous: Option<(SigningKey, SystemTime)>,
}

impl Keys {
    /// What is registered at `now`.
    pub(super) fn public(&self, now: SystemTime) -> JwkSet {
        let previous = self.previous.as_ref().filter(|(_, until)| *until > now).map(|(key, _)| key);
        let all = std::iter::once(&self.current).chain(&self.next).chain(previous);
        let mut keys: Vec<_> = all.map(SigningKey::public_jwk).collect();
        // In an order of their own: that another one is in use is no change to the client.
        keys.sort_by(|one, other| one.kid.cmp(&other.kid));
        JwkSet { keys }
    }
}

/// What is stored: PKCS #8 as PEM, which every library reads.
pub(super) fn write(key: &SigningKey, made_at: SystemTime) -> SecretData {
    let mut data = SecretData::new();
    set_current(&mut data, key, made_at);
    data
}

fn set_current(data: &mut SecretData, key: &SigningKey, made_at: SystemTime) {
    data.insert(PRIVATE_KEY, pem(key.to_pkcs8()));
    data.insert(ALGORITHM, key.algorithm().as_str());
    data.insert(KEY_ID, key.kid());
    data.insert("issued_at", written(made_at));
    data.insert("expires_at", written(made_at + LIFE));
}

/// Adds the key that is to follow.
pub(super) fn announce(data: &mut SecretData, next: &SigningKey) {
    data.insert(NEXT_KEY, pem(next.to_pkcs8()));
}

/// Lets `next` take the place of the key in use, which is kept for the grace; returns when that ends.
pub(super) fn switch(
    data: &mut SecretData,
    next: &SigningKey,
    now: SystemTime,
    grace: Duration,
) -> SystemTime {
    // Dates are written in whole seconds, and a grace is never shorter than was promised.
    let until = now + grace + Duration::from_millis(999);
    if let Some(old) = data.remove(PRIVATE_KEY) {
        data.insert(PREVIOUS_KEY, old);
        data.insert(PREVIOUS_UNTIL, written(until));
    }
    data.remove(NEXT_KEY);
    set_current(data, next, now);
    until
}

/// Drops the key that was replaced.
pub(super) fn forget_previous(data: &mut SecretData) {
    data.remove(PREVIOUS_KEY);
    data.remove(PREVIOUS_UNTIL);
}

/// The key to sign with in `data`; `None` if there is none.
pub(super) fn read(data: &SecretData) -> Result<Option<SigningKey>> {
    read_field(data, PRIVATE_KEY)
}

/// All keys in `data`; `None` if there are none.
pub(super) fn read_all(data: &SecretData) -> Result<Option<Keys>> {
    let Some(current) = read(data)? else { return Ok(None) };
    let previous = match read_field(data, PREVIOUS_KEY)? {
        Some(key) => {
            let until =
                data.get(PREVIOUS_UNTIL).and_then(|date| humantime::parse_rfc3339(date.expose()).ok());
            Some((key, until.ok_or_else(|| unreadable(PREVIOUS_UNTIL))?))
        }
        None => None,
    };
    Ok(Some(Keys { current, next: read_field(data, NEXT_KEY)?, previous }))
}

fn read_field(data: &SecretData, field: &'static str) -> Result<Option<SigningKey>> {
    let Some(pem) = data.get(field) else { return Ok(None) };
    let algorithm = data.get(ALGORITHM).and_then(|name| Algorithm::from_name(name.expose()));
    let algorithm = algorithm.ok_or_else(|| unreadable(ALGORITHM))?;
    let der = der(pem).ok_or_else(|| unreadable(field))?;
    SigningKey::from_pkcs8(algorithm, &der).map(Some).map_err(|_rejected| unreadable(field))
}

fn written(date: SystemTime) -> Secret {
    Secret::from(humantime::format_rfc3339_seconds(date).to_string())
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
