//! Keys of a signed domain: OVH takes the keys and makes the DS records.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::Result;
use serde_json::json;

use super::Ovh;
use super::answer::KeyRecord;
use crate::Dnskey;
use crate::registrar::cause::unreadable;
use crate::registrar::{RegisteredDomain, TaskId};

impl Ovh {
    /// The keys whose DS records OVH keeps in the parent (`/domain/{d}/dsRecord`).
    ///
    /// # Errors
    /// As [`Registrar`](crate::registrar::Registrar) has them. Repeated while OVH is unavailable.
    pub async fn keys(&self, domain: &RegisteredDomain) -> Result<Vec<Dnskey>> {
        let operation = "read DNSSEC keys";
        let list = format!("domain/{}/dsRecord", domain.as_str());
        let keys: Vec<KeyRecord> = self.objects(operation, domain, &list).await?;
        keys.into_iter()
            .map(|key| {
                let public_key = STANDARD
                    .decode(key.public_key.trim())
                    .map_err(|_invalid| unreadable(operation, "a public key is not base64"))?;
                Ok(Dnskey { flags: key.flags, protocol: 3, algorithm: key.algorithm, public_key })
            })
            .collect()
    }

    /// Replaces the keys; none ends the chain of trust. The task is to be followed as one for name servers.
    ///
    /// # Errors
    /// As [`Registrar`](crate::registrar::Registrar) has them; not repeated once the outcome is unknown.
    ///
    /// # Cancel safety
    /// A call that is dropped may have taken effect.
    pub async fn set_keys(&self, domain: &RegisteredDomain, keys: &[Dnskey]) -> Result<TaskId> {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| {
                json!({
                    "algorithm": key.algorithm,
                    "flags": key.flags,
                    "publicKey": STANDARD.encode(&key.public_key),
                    "tag": key.key_tag(),
                })
            })
            .collect();
        let path = format!("domain/{}/dsRecord", domain.as_str());
        self.start(domain, "set DNSSEC keys", &path, &json!({ "keys": keys })).await
    }
}
