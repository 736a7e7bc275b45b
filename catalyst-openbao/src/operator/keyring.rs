//! The keys that the server encrypts its storage with.

use std::time::SystemTime;

use catalyst_core::Result;
use serde::Deserialize;

use super::Operator;
use super::client::NoFields;
use crate::operation::Subject;
use crate::wire::Time;

/// The key that the server encrypts with now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyStatus {
    /// Which one it is, counted from 1.
    pub term: u64,
    /// Since when, by the server's clock.
    pub installed_at: SystemTime,
    /// How much was encrypted with it; the server replaces it in time.
    pub encryptions: u64,
}

impl Operator {
    /// The key that the server encrypts with now (`GET sys/key-status`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied`, and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn key_status(&self) -> Result<KeyStatus> {
        let wire: KeyWire =
            self.api.at(Subject::Operator, "read key status", &["sys/key-status"]).read().await?;
        Ok(KeyStatus { term: wire.term, installed_at: wire.install_time.0, encryptions: wire.encryptions })
    }

    /// Encrypts with a new key from now on (`PUT sys/rotate/keyring`); what is encrypted stays readable, and no share
    /// changes. Not repeated once its outcome is unknown: each call makes a key.
    ///
    /// # Errors
    /// Code `permission_denied`, and the others of the crate.
    ///
    /// # Cancel safety
    /// A key may have been made.
    pub async fn rotate_keyring(&self) -> Result<()> {
        let ask = self.api.at(Subject::Operator, "rotate keyring", &["sys/rotate/keyring"]);
        ask.once().write(&NoFields {}).await
    }
}

#[derive(Deserialize)]
struct KeyWire {
    term: u64,
    install_time: Time,
    #[serde(default)]
    encryptions: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support::recorded;

    #[test]
    fn the_recorded_key_is_read() {
        let wire: KeyWire = serde_json::from_value(recorded("op-key-status").1["data"].clone()).unwrap();
        assert_eq!((wire.term, wire.encryptions), (1, 2));
    }
}
