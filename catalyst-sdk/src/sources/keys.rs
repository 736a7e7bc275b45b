//! The keys of an object store in OpenBao, which somebody else replaces.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, Result, Secret};
use catalyst_openbao::{SecretData, SecretPath, SecretStore};

use super::fields::{ACCESS_KEY, SECRET_KEY, SESSION_TOKEN};
use super::kv::{Follow, POLL, Read, value};
use super::login::together;
use super::stored::{Nudge, Seen, Stored, StoredSource, stored_source};
use crate::rotation::{Backing, Granted, Source, Term};

/// The keys by which an object store knows a user. `Debug` shows no secret.
#[derive(Clone)]
#[non_exhaustive]
pub struct AccessKeys {
    /// Names the user; not a secret.
    pub access_key: String,
    /// Signs requests.
    pub secret_key: Secret,
    /// Goes with temporary keys.
    pub session_token: Option<Secret>,
}

impl AccessKeys {
    /// Keys that last.
    pub fn new(access_key: impl Into<String>, secret_key: Secret) -> Self {
        Self { access_key: access_key.into(), secret_key, session_token: None }
    }

    /// Adds the token of temporary keys.
    #[must_use]
    pub fn session_token(mut self, token: Secret) -> Self {
        self.session_token = Some(token);
        self
    }
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKeys").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

/// Follows the keys of an object store: [`ACCESS_KEY`], [`SECRET_KEY`] and, where there is one, [`SESSION_TOKEN`] of
/// one secret of KV version 2. A version with others is in use at the latest after the poll interval; while OpenBao
/// cannot be reached, the last one serves.
///
/// The swap has no gap when the keys that were replaced go on to work for a while: requests that were signed with them
/// may be under way, and readers may not have looked yet.
pub struct KvAccessKeys(StoredSource<Follow<Keys>>);

impl KvAccessKeys {
    /// The keys in the secret at `path`, looked at every minute.
    pub fn new(store: Arc<dyn SecretStore>, path: SecretPath) -> Self {
        Self(StoredSource::new(Follow::new(store, path, Keys), POLL))
    }

    /// Looks every `interval`, at least every second, give or take a tenth.
    #[must_use]
    pub fn poll(self, interval: Duration) -> Self {
        Self(self.0.poll(interval))
    }

    /// What has the secret looked at now, for whoever hears of a change.
    pub fn nudge(&self) -> Nudge {
        self.0.nudge()
    }
}

stored_source!(KvAccessKeys, AccessKeys);

struct Keys;

impl Read for Keys {
    type Value = AccessKeys;

    fn read<'a>(&'a self, data: &SecretData) -> Result<Seen<AccessKeys>, &'a str> {
        let (access_key, secret_key) = (value(data, ACCESS_KEY)?, value(data, SECRET_KEY)?);
        let session_token = value(data, SESSION_TOKEN).ok();
        let mut parts = vec![&access_key, &secret_key];
        parts.extend(&session_token);
        let material = together(&parts);
        let label = access_key.expose().to_owned();
        Ok(Seen {
            material,
            value: AccessKeys { access_key: label.clone(), secret_key, session_token },
            label,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_with_or_without_a_token_and_never_shown() {
        let data = SecretData::from_iter([(ACCESS_KEY, "AK1"), (SECRET_KEY, "canary")]);
        let keys = Keys.read(&data).unwrap();
        assert_eq!((keys.label.as_str(), keys.value.session_token.is_some()), ("AK1", false));
        assert!(!format!("{:?}", keys.value).contains("canary"));
        let data = SecretData::from_iter([(ACCESS_KEY, "AK1"), (SECRET_KEY, "canary"), (SESSION_TOKEN, "t")]);
        let temporary = Keys.read(&data).unwrap();
        assert!(temporary.value.session_token.is_some() && temporary.material != keys.material);
        let missing = SecretData::from_iter([(ACCESS_KEY, "AK1")]);
        assert_eq!(Keys.read(&missing).err(), Some(SECRET_KEY));
    }
}
