//! Entities.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{Alias, AliasId, EntityId, GroupId, IdentityName};
use crate::settings::{covers, list, setters, texts};
use crate::wire::MaybeTime;

/// Somebody, whatever login method knows it by whatever name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
#[non_exhaustive]
pub struct Entity {
    /// Its identifier.
    pub id: EntityId,
    /// Its name; the server makes one up for whoever logs in first.
    pub name: IdentityName,
    /// Notes.
    pub metadata: BTreeMap<String, String>,
    /// Policies that its tokens have besides their own.
    pub policies: Vec<String>,
    /// Whether its tokens are refused.
    pub disabled: bool,
    /// What login methods call it, at most one name for each.
    pub aliases: Vec<Alias>,
    /// The groups that it is a member of.
    pub direct_groups: Vec<GroupId>,
    /// The groups that these are members of.
    pub inherited_groups: Vec<GroupId>,
    /// The entities that were merged into this one.
    pub merged: Vec<EntityId>,
    /// When it was made.
    pub created_at: Option<SystemTime>,
    /// When it was changed last.
    pub updated_at: Option<SystemTime>,
}

/// What is said of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EntitySettings {
    /// Notes. They are written whole.
    pub metadata: BTreeMap<String, String>,
    /// Policies that its tokens have besides their own. They are written whole.
    pub policies: Vec<String>,
    /// Whether its tokens are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

impl EntitySettings {
    /// No notes, no policies.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a note.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }

    setters! {
        /// Policies that its tokens have besides their own.
        policies: list String;
        /// Whether its tokens are refused.
        disabled: some bool;
    }

    /// Whether `found` has all that this sets; lists are compared as sets.
    pub fn is_met_by(&self, found: &Entity) -> bool {
        let kept = Self {
            metadata: found.metadata.clone(),
            policies: found.policies.clone(),
            disabled: Some(found.disabled),
        };
        covers(self, &kept) && self.metadata == kept.metadata
    }
}

/// An identifier and the name to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Named<I> {
    /// The identifier.
    pub id: I,
    /// The name.
    pub name: IdentityName,
}

/// By what an entity or a group is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Lookup<I> {
    /// By its identifier.
    Id {
        /// The identifier.
        id: I,
    },
    /// By its name.
    Name {
        /// The name.
        name: IdentityName,
    },
    /// By the identifier of an alias.
    AliasId {
        /// The identifier.
        alias_id: AliasId,
    },
    /// By what a login method calls it.
    Alias {
        /// The name there.
        alias_name: String,
        /// The accessor of the mount.
        alias_mount_accessor: String,
    },
}

#[derive(Deserialize)]
struct Wire {
    id: EntityId,
    name: IdentityName,
    #[serde(default, deserialize_with = "texts")]
    metadata: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "list")]
    policies: Vec<String>,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    aliases: Option<Vec<Alias>>,
    #[serde(default)]
    direct_group_ids: Option<Vec<GroupId>>,
    #[serde(default)]
    inherited_group_ids: Option<Vec<GroupId>>,
    #[serde(default)]
    merged_entity_ids: Option<Vec<EntityId>>,
    #[serde(default)]
    creation_time: MaybeTime,
    #[serde(default)]
    last_update_time: MaybeTime,
}

impl From<Wire> for Entity {
    fn from(wire: Wire) -> Self {
        Self {
            id: wire.id,
            name: wire.name,
            metadata: wire.metadata,
            policies: wire.policies,
            disabled: wire.disabled,
            aliases: wire.aliases.unwrap_or_default(),
            direct_groups: wire.direct_group_ids.unwrap_or_default(),
            inherited_groups: wire.inherited_group_ids.unwrap_or_default(),
            merged: wire.merged_entity_ids.unwrap_or_default(),
            created_at: wire.creation_time.0,
            updated_at: wire.last_update_time.0,
        }
    }
}
