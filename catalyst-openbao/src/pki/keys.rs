//! Keys of issuers.

use std::collections::BTreeMap;

use catalyst_core::{Result, Secret};
use serde::{Deserialize, Serialize};

use super::authority::maybe_name;
use super::{IssuerKeyRef, KeyAlgorithm, Pki};
use crate::wire::Exposed;

/// A key of the mount, without what is secret of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct IssuerKey {
    /// Its identifier.
    #[serde(rename = "key_id")]
    pub id: IssuerKeyRef,
    /// Its name, if it has one.
    #[serde(rename = "key_name", default, deserialize_with = "maybe_name")]
    pub name: Option<IssuerKeyRef>,
    /// Its kind, by the server's name: `rsa`, `ec`, `ed25519`.
    #[serde(default)]
    pub key_type: String,
}

/// A key that was made.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct GeneratedIssuerKey {
    /// The key.
    #[serde(flatten)]
    pub key: IssuerKey,
    /// The key itself in PEM, if it was to be exported. EC keys are in the form of SEC 1, RSA keys in that of PKCS #1.
    #[serde(default)]
    pub private_key: Option<Secret>,
}

impl Pki {
    /// Makes a key; `exported` shows it, once (`POST keys/generate/:kind`). Not repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Code `name_taken`.
    ///
    /// # Cancel safety
    /// It may or may not have been made.
    pub async fn generate_key(
        &self,
        algorithm: KeyAlgorithm,
        name: Option<&IssuerKeyRef>,
        exported: bool,
    ) -> Result<GeneratedIssuerKey> {
        let path = [self.mount.escaped(), "/keys/generate/", if exported { "exported" } else { "internal" }];
        let body = NewKey { key: algorithm.wire(), key_name: name };
        self.ask("generate issuer key", &path).once().exchange(&body).await
    }

    /// Takes in a key in PEM (`POST keys/import`). One that is there already stays, with its name. Repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Codes `malformed_input`, `name_taken`.
    ///
    /// # Cancel safety
    /// It may or may not be there; call it again.
    pub async fn import_key(&self, key: &Secret, name: Option<&IssuerKeyRef>) -> Result<IssuerKey> {
        let path = [self.mount.escaped(), "/keys/import"];
        let body = Import { pem_bundle: Exposed(key), key_name: name };
        self.ask("import issuer key", &path).exchange(&body).await
    }

    /// The keys by their identifiers, with their names, if they have any (`LIST keys`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn keys(&self) -> Result<BTreeMap<IssuerKeyRef, Option<IssuerKeyRef>>> {
        let path = [self.mount.escaped(), "/keys"];
        let listed: Option<ListedKeys> = self.ask("list issuer keys", &path).list_maybe().await?;
        let listed = listed.map(|listed| listed.key_info).unwrap_or_default();
        Ok(listed.into_iter().map(|(id, wire)| (id, wire.key_name)).collect())
    }

    /// What is known of a key (`GET key/:ref`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `key_not_found`.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn key(&self, key: &IssuerKeyRef) -> Result<IssuerKey> {
        let path = [self.mount.escaped(), "/key/", key.escaped()];
        self.ask("read issuer key", &path).read().await
    }

    /// Gives a key another name (`POST key/:ref`). Repeated after passing faults.
    ///
    /// # Errors
    /// Codes `key_not_found`, `name_taken`.
    ///
    /// # Cancel safety
    /// It may or may not have it; call it again.
    pub async fn rename_key(&self, key: &IssuerKeyRef, name: &IssuerKeyRef) -> Result<IssuerKey> {
        let path = [self.mount.escaped(), "/key/", key.escaped()];
        self.ask("rename issuer key", &path).exchange(&Renamed { key_name: name }).await
    }

    /// Deletes a key for ever (`DELETE key/:ref`). One that is not there is a success. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `key_in_use` by an issuer.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_key(&self, key: &IssuerKeyRef) -> Result<()> {
        let path = [self.mount.escaped(), "/key/", key.escaped()];
        self.ask("delete issuer key", &path).delete().await
    }
}

#[derive(Serialize)]
struct NewKey<'a> {
    #[serde(flatten)]
    key: super::algorithm::KeyWire,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_name: Option<&'a IssuerKeyRef>,
}

#[derive(Serialize)]
struct Import<'a> {
    pem_bundle: Exposed<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_name: Option<&'a IssuerKeyRef>,
}

#[derive(Serialize)]
struct Renamed<'a> {
    key_name: &'a IssuerKeyRef,
}

#[derive(Deserialize)]
struct ListedKeys {
    #[serde(default)]
    key_info: BTreeMap<IssuerKeyRef, ListedKey>,
}

#[derive(Deserialize)]
struct ListedKey {
    #[serde(default, deserialize_with = "maybe_name")]
    key_name: Option<IssuerKeyRef>,
}
