//! Keys over HTTP.

use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use super::keys::{KeyWire, NewKeyBody};
use super::{KeySettings, NewKey, Transit, TransitKey};
use crate::KeyName;

/// Keys, for those who manage them. Everything here is repeated after passing faults but for
/// [`Transit::rotate_key`].
impl Transit {
    /// Makes a key (`POST keys/<key>`). A key of this name that is there already stays as it is, whatever it is: compare
    /// what is returned.
    ///
    /// # Errors
    /// Codes `unsupported_by_key`, `invalid_request` for what such a key cannot be.
    ///
    /// # Cancel safety
    /// The key may or may not have been made; call it again.
    pub async fn create_key(&self, name: &KeyName, key: &NewKey) -> Result<TransitKey> {
        let path = [self.mount.escaped(), "/keys/", name.escaped()];
        let body = NewKeyBody::from(key);
        Ok(self.at("create key", &path).exchange::<KeyWire>(&body).await?.into())
    }

    /// What is known of a key (`GET keys/<key>`).
    ///
    /// # Errors
    /// Code `key_not_found`.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn read_key(&self, name: &KeyName) -> Result<TransitKey> {
        let path = [self.mount.escaped(), "/keys/", name.escaped()];
        Ok(self.at("read key", &path).read::<KeyWire>().await?.into())
    }

    /// The names of all keys (`LIST keys`).
    ///
    /// # Errors
    /// Those common to all.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn list_keys(&self) -> Result<Vec<String>> {
        self.at("list keys", &[self.mount.escaped(), "/keys"]).list().await
    }

    /// Changes a key's settings (`POST keys/<key>/config`), and returns what it is then.
    ///
    /// # Errors
    /// Codes `key_not_found`; `invalid_request` for a minimum above the newest version, a minimum to encrypt below the one
    /// to decrypt, or a rotation more often than once an hour.
    ///
    /// # Cancel safety
    /// The settings may or may not have been changed; call it again.
    pub async fn configure_key(&self, name: &KeyName, settings: &KeySettings) -> Result<TransitKey> {
        let path = [self.mount.escaped(), "/keys/", name.escaped(), "/config"];
        Ok(self.at("configure key", &path).exchange::<KeyWire>(settings).await?.into())
    }

    /// Makes a new version of a key, with which it encrypts and signs from then on (`POST keys/<key>/rotate`). Not
    /// repeated once its outcome is unknown, for that would make another one.
    ///
    /// # Errors
    /// Code `key_not_found`.
    ///
    /// # Cancel safety
    /// The version may or may not have been made.
    pub async fn rotate_key(&self, name: &KeyName) -> Result<TransitKey> {
        let path = [self.mount.escaped(), "/keys/", name.escaped(), "/rotate"];
        Ok(self.at("rotate key", &path).once().exchange::<KeyWire>(&Nothing {}).await?.into())
    }

    /// Removes the versions of a key below `min_available_version` for ever (`POST keys/<key>/trim`). Both minimums of
    /// the key must have been set to it or above before.
    ///
    /// # Errors
    /// Codes `key_not_found`; `invalid_request` otherwise.
    ///
    /// # Cancel safety
    /// The versions may or may not have been removed; call it again.
    pub async fn trim_key(&self, name: &KeyName, min_available_version: u64) -> Result<TransitKey> {
        let path = [self.mount.escaped(), "/keys/", name.escaped(), "/trim"];
        let body = Trim { min_available_version };
        Ok(self.at("trim key", &path).exchange::<KeyWire>(&body).await?.into())
    }

    /// Removes a key with all versions for ever (`DELETE keys/<key>`): what it encrypted is lost. One that is not there
    /// is a success.
    ///
    /// # Errors
    /// Code `deletion_not_allowed` unless [`KeySettings::deletion_allowed`] was set.
    ///
    /// # Cancel safety
    /// The key may or may not have been removed; call it again.
    pub async fn delete_key(&self, name: &KeyName) -> Result<()> {
        let path = [self.mount.escaped(), "/keys/", name.escaped()];
        match self.at("delete key", &path).delete().await {
            Err(error) if error.code() == Some("key_not_found") => Ok(()),
            other => other,
        }
    }

    /// Whether a key that is not there is made when somebody encrypts with it (`GET config/keys`). So it is at first,
    /// for those whose policy allows `create`.
    ///
    /// # Errors
    /// Those common to all.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn creation_by_encrypting(&self) -> Result<bool> {
        let path = [self.mount.escaped(), "/config/keys"];
        let wire: UpsertWire = self.at("read key settings", &path).read().await?;
        Ok(!wire.disable_upsert)
    }

    /// Sets that (`POST config/keys`). Without it, a mistyped name is the error `key_not_found` instead of a new key.
    ///
    /// # Errors
    /// Those common to all.
    ///
    /// # Cancel safety
    /// It may or may not have been set; call it again.
    pub async fn set_creation_by_encrypting(&self, allowed: bool) -> Result<()> {
        let path = [self.mount.escaped(), "/config/keys"];
        let body = UpsertWire { disable_upsert: !allowed };
        self.at("configure keys", &path).write(&body).await
    }
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct Trim {
    min_available_version: u64,
}

#[derive(Serialize, Deserialize)]
struct UpsertWire {
    disable_upsert: bool,
}
