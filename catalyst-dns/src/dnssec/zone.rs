//! Signing a zone, and what its parent must say.

use std::fmt;
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};

use super::{ZoneKey, ZoneSecurity, digest};
use crate::{Ds, ZoneName};

/// A zone's keys and what follows from them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedZone {
    /// The zone.
    pub zone: ZoneName,
    /// All its keys; none if it is not signed.
    pub keys: Vec<ZoneKey>,
    /// What the parent must have: the SHA-256 digest of each key that signs keys, is active and published.
    pub ds: Vec<Ds>,
}

impl SignedZone {
    /// The zone with these keys, whose digests are compared with what the server offers.
    ///
    /// # Errors
    /// `Decode` with code `ds_mismatch` if the server offers a digest that its key does not have.
    pub fn new(zone: ZoneName, keys: Vec<ZoneKey>) -> Result<Self> {
        keys.iter().try_for_each(|key| digest::check(&zone, key))?;
        let entry = |key: &&ZoneKey| key.active && key.published && key.dnskey.is_entry_point();
        let ds = keys.iter().filter(entry).map(|key| Ds::from_dnskey(&zone, &key.dnskey)).collect();
        Ok(Self { zone, keys, ds })
    }

    /// Whether a key signs it.
    pub fn is_signed(&self) -> bool {
        self.keys.iter().any(|key| key.active)
    }
}

impl fmt::Display for SignedZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_signed() {
            return write!(f, "{} is not signed", self.zone);
        }
        write!(f, "{} is signed", self.zone)?;
        for key in &self.keys {
            let (tag, algorithm) = (key.dnskey.key_tag(), key.dnskey.algorithm);
            let active = if key.active { "active" } else { "inactive" };
            let published = if key.published { "published" } else { "unpublished" };
            let role = key.role;
            write!(f, "\n  key {} {role:?} tag {tag} algorithm {algorithm}, {active}, {published}", key.id)?;
        }
        self.ds.iter().try_for_each(|ds| write!(f, "\n  its parent must have: DS {ds}"))
    }
}

/// Signs zones.
///
/// ```no_run
/// use std::sync::Arc;
/// use catalyst_dns::ZoneSecurity;
/// use catalyst_dns::dnssec::Dnssec;
///
/// # async fn example(powerdns: Arc<dyn ZoneSecurity>) -> catalyst_dns::Result<()> {
/// let signed = Dnssec::new(powerdns).enable(&"example.org".parse()?).await?;
/// for ds in &signed.ds {
///     println!("the parent must have: example.org. DS {ds}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Dnssec {
    keys: Arc<dyn ZoneSecurity>,
}

impl Dnssec {
    /// Works on the zones of this server.
    pub fn new(keys: Arc<dyn ZoneSecurity>) -> Self {
        Self { keys }
    }

    /// The keys of a zone and the DS records that follow from them.
    ///
    /// # Errors
    /// `Decode` with code `ds_mismatch`; see [`SignedZone::new`].
    pub async fn status(&self, zone: &ZoneName) -> Result<SignedZone> {
        SignedZone::new(zone.clone(), self.keys.keys(zone).await?)
    }

    /// Signs the zone, if it is not signed, and gives what its parent must have. Until the parent has it, validators
    /// take the zone as unsigned.
    ///
    /// # Errors
    /// `Unavailable` with code `not_signed` if the server took the order and has no active key afterwards;
    /// `ds_mismatch` as in [`status`](Self::status).
    ///
    /// # Cancel safety
    /// May be repeated: a zone that is signed is left as it is.
    pub async fn enable(&self, zone: &ZoneName) -> Result<SignedZone> {
        let before = self.status(zone).await?;
        if before.is_signed() {
            return Ok(before);
        }
        self.keys.set_dnssec(zone, true).await?;
        let after = self.status(zone).await?;
        if after.is_signed() {
            tracing::info!(zone = %zone, "zone signed");
            return Ok(after);
        }
        Err(Error::new(ErrorKind::Unavailable, "sign a zone")
            .with_code("not_signed")
            .with_target(zone.as_str())
            .with_help(
                "the server has no active key; does its back end keep keys (gsqlite3-dnssec and the like)?",
            ))
    }

    /// Ends signing and removes all keys, if `parent`, the DS records that all parent servers have, is empty, and has
    /// been for as long as their TTL: the caller vouches for the time.
    ///
    /// # Errors
    /// `Conflict` with code `ds_at_parent`: validators would take the unsigned zone for forged.
    pub async fn disable(&self, zone: &ZoneName, parent: &[Ds]) -> Result<()> {
        if let Some(ds) = parent.first() {
            return Err(Error::new(ErrorKind::Conflict, "end the signing of a zone")
                .with_code("ds_at_parent")
                .with_target(zone.as_str())
                .with_help(format!("the parent has DS {ds}; remove it and wait for its TTL first")));
        }
        self.keys.set_dnssec(zone, false).await
    }
}
