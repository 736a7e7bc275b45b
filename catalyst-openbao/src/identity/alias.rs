//! What login methods call somebody.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{AliasId, Lookup};
use crate::settings::texts;
use crate::wire::MaybeTime;

/// What one login method calls an entity, or a group of its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
#[non_exhaustive]
pub struct Alias {
    /// Its identifier.
    pub id: AliasId,
    /// The name that the login method gives.
    pub name: String,
    /// The identifier of the entity or group.
    pub canonical_id: String,
    /// Where.
    pub at: AliasedAt,
    /// What the login method says of it.
    pub metadata: BTreeMap<String, String>,
    /// Notes.
    pub custom_metadata: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Option<SystemTime>,
}

/// The login method that an alias is of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AliasedAt {
    /// The accessor of its mount.
    pub accessor: String,
    /// The path of its mount: `auth/jwt/`.
    pub path: String,
    /// Its type.
    pub kind: String,
}

/// An alias to write. An entity has one for each login method, and a group only one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NewAlias<I> {
    /// Whose it is.
    pub canonical_id: I,
    /// The name that the login method gives: of `jwt`, what the role's `user_claim` says.
    pub name: String,
    /// The accessor of the login method's mount.
    pub mount_accessor: String,
    /// Notes. They are written whole.
    pub custom_metadata: BTreeMap<String, String>,
}

impl<I: Clone> NewAlias<I> {
    /// What the login method of this accessor calls `whose`.
    pub fn new(whose: &I, name: impl Into<String>, mount_accessor: impl Into<String>) -> Self {
        Self {
            canonical_id: whose.clone(),
            name: name.into(),
            mount_accessor: mount_accessor.into(),
            custom_metadata: BTreeMap::new(),
        }
    }

    /// By what it is found.
    pub(super) fn lookup(&self) -> Lookup<I> {
        Lookup::Alias { alias_name: self.name.clone(), alias_mount_accessor: self.mount_accessor.clone() }
    }

    /// Adds a note.
    #[must_use]
    pub fn custom_metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.custom_metadata.insert(name.into(), value.into());
        self
    }
}

#[derive(Deserialize)]
struct Wire {
    id: AliasId,
    name: String,
    #[serde(default)]
    canonical_id: String,
    #[serde(default)]
    mount_accessor: String,
    #[serde(default)]
    mount_path: String,
    #[serde(default)]
    mount_type: String,
    #[serde(default, deserialize_with = "texts")]
    metadata: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "texts")]
    custom_metadata: BTreeMap<String, String>,
    #[serde(default)]
    creation_time: MaybeTime,
}

impl From<Wire> for Alias {
    fn from(wire: Wire) -> Self {
        Self {
            id: wire.id,
            name: wire.name,
            canonical_id: wire.canonical_id,
            at: AliasedAt { accessor: wire.mount_accessor, path: wire.mount_path, kind: wire.mount_type },
            metadata: wire.metadata,
            custom_metadata: wire.custom_metadata,
            created_at: wire.creation_time.0,
        }
    }
}
