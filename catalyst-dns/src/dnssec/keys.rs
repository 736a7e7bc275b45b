//! The keys of a zone, wherever they are kept.

use std::fmt;

use async_trait::async_trait;
use catalyst_core::Result;

use crate::{Dnskey, Ds, ZoneName};

/// The server's number of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a key signs (RFC 4033 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyRole {
    /// The zone's keys only; the parent has its digest.
    Ksk,
    /// The zone's records.
    Zsk,
    /// Both.
    Csk,
}

/// A key of a zone, without its private half.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ZoneKey {
    /// The server's number.
    pub id: KeyId,
    /// What it signs.
    pub role: KeyRole,
    /// Whether it signs.
    pub active: bool,
    /// Whether it stands in the zone's DNSKEY set.
    pub published: bool,
    /// The key as the zone publishes it.
    pub dnskey: Dnskey,
    /// The digests that the server offers for the parent.
    pub ds: Vec<Ds>,
}

impl ZoneKey {
    /// A key as a server keeps it: what an implementation of [`ZoneSecurity`] gives.
    pub fn new(id: KeyId, role: KeyRole, active: bool, published: bool, dnskey: Dnskey, ds: Vec<Ds>) -> Self {
        Self { id, role, active, published, dnskey, ds }
    }
}

/// A key that is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct KeySpec {
    pub(crate) role: KeyRole,
    pub(crate) active: bool,
    pub(crate) published: bool,
}

impl KeySpec {
    /// An ECDSA P-256 key (algorithm 13) that is published and signs.
    pub fn new(role: KeyRole) -> Self {
        Self { role, active: true, published: true }
    }

    /// Published, and does not sign yet.
    pub fn inactive(self) -> Self {
        Self { active: false, ..self }
    }

    /// Not in the zone yet.
    pub fn unpublished(self) -> Self {
        Self { published: false, ..self }
    }

    /// What the key is to sign.
    pub fn role(&self) -> KeyRole {
        self.role
    }

    /// Whether it is to sign from the beginning.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Whether it is to be published from the beginning.
    pub fn is_published(&self) -> bool {
        self.published
    }
}

/// The keys of zones: `PowerDns` in production, `MockDns` in tests.
///
/// # Cancel safety
/// A call that is dropped may have taken effect. Only [`add_key`](Self::add_key) must not be repeated blindly: look at
/// [`keys`](Self::keys) first.
#[async_trait]
pub trait ZoneSecurity: fmt::Debug + Send + Sync + 'static {
    /// All keys of a zone; none if it is not signed.
    async fn keys(&self, zone: &ZoneName) -> Result<Vec<ZoneKey>>;

    /// Makes a key.
    async fn add_key(&self, zone: &ZoneName, spec: KeySpec) -> Result<ZoneKey>;

    /// Says whether a key signs, and whether it is published.
    async fn change_key(&self, zone: &ZoneName, key: KeyId, active: bool, published: bool) -> Result<()>;

    /// Removes a key; none there is no fault.
    async fn remove_key(&self, zone: &ZoneName, key: KeyId) -> Result<()>;

    /// Signs the zone, with the server's default key (one CSK of algorithm 13) if it has none; or ends that, and
    /// removes all its keys.
    async fn set_dnssec(&self, zone: &ZoneName, signed: bool) -> Result<()>;
}
