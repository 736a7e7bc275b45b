//! The credential of a running application, which changes under it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use catalyst_keycloak::rotation::Record;
use catalyst_keycloak::{ClientCredential, CredentialSource};

use super::{KvRecordStore, key};
use crate::rotation::{self, Policy, Rotating};
use crate::sources::{Look, Seen, StoredSource};

/// A client's credential as it lies in OpenBao, read again from time to time. Cheap to clone.
///
/// As [`CredentialSource`] of an [`OidcClient`](catalyst_keycloak::OidcClient) it makes the next token request use
/// the new secret after a rotation. While OpenBao cannot be reached, the last one serves.
#[derive(Clone)]
pub struct RotatingCredential(Rotating<ClientCredential>);

impl RotatingCredential {
    pub(super) async fn start(records: KvRecordStore, name: String, poll: Duration) -> Result<Self> {
        let source = StoredSource::new(StoredCredential { records, name }, poll);
        rotation::start(source, Policy::default()).await.map(Self)
    }

    /// The rotation behind it: its events, its health, its end.
    pub fn rotating(&self) -> &Rotating<ClientCredential> {
        &self.0
    }

    /// Has OpenBao looked at now, because the realm refused the credential.
    pub fn report_refused(&self) {
        self.0.report_refused(self.0.generation());
    }
}

impl CredentialSource for RotatingCredential {
    fn credential(&self) -> Result<ClientCredential> {
        Ok(self.0.current().clone())
    }
}

impl fmt::Debug for RotatingCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RotatingCredential").field(&self.0).finish()
    }
}

/// How it lies in OpenBao.
struct StoredCredential {
    records: KvRecordStore,
    name: String,
}

impl Look for StoredCredential {
    type Value = ClientCredential;

    fn name(&self) -> &str {
        &self.name
    }

    async fn look(&self) -> Result<Seen<ClientCredential>> {
        let nothing = || {
            Error::new(ErrorKind::NotFound, "read client credential")
                .with_target(&*self.name)
                .with_code("no_secret")
                .with_help("no credential is stored for this application; ensure it first")
        };
        let (data, _) = self.records.read().await?.ok_or_else(nothing)?;
        if let Some(key) = key::read(&data)? {
            let material = data.get(key::PRIVATE_KEY).cloned().ok_or_else(nothing)?;
            let label = key.kid().to_owned();
            return Ok(Seen { material, value: ClientCredential::PrivateKeyJwt(Arc::new(key)), label });
        }
        let material = data.get(Record::SECRET).cloned().ok_or_else(nothing)?;
        let number = super::kv_record::record(&data)?.number;
        let value = ClientCredential::Secret(material.clone());
        Ok(Seen { material, value, label: format!("secret {number}") })
    }
}
