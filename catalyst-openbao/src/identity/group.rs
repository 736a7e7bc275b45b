//! Groups.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{Alias, EntityId, GroupId, IdentityName};
use crate::settings::{covers, list, setters, texts};
use crate::wire::MaybeTime;

/// Entities and groups that have policies in common.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
#[non_exhaustive]
pub struct Group {
    /// Its identifier.
    pub id: GroupId,
    /// Its name.
    pub name: IdentityName,
    /// Who says who its members are.
    pub kind: GroupKind,
    /// Notes.
    pub metadata: BTreeMap<String, String>,
    /// Policies of its members.
    pub policies: Vec<String>,
    /// The entities in it.
    pub member_entities: Vec<EntityId>,
    /// The groups in it.
    pub member_groups: Vec<GroupId>,
    /// The groups that it is in.
    pub parents: Vec<GroupId>,
    /// What a login method calls it, of an external one.
    pub alias: Option<Alias>,
    /// When it was made.
    pub created_at: Option<SystemTime>,
    /// When it was changed last.
    pub updated_at: Option<SystemTime>,
}

/// Who says who the members of a group are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum GroupKind {
    /// Whoever writes the group.
    #[default]
    Internal,
    /// A login method, at each login: whoever it says is in the group of its alias.
    External,
}

/// What is said of a group. Lists are written whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GroupSettings {
    /// Who says who its members are. It cannot be changed.
    #[serde(rename = "type")]
    pub kind: GroupKind,
    /// Notes.
    pub metadata: BTreeMap<String, String>,
    /// Policies of its members.
    pub policies: Vec<String>,
    /// The entities in it, of an internal one.
    #[serde(rename = "member_entity_ids", skip_serializing_if = "Option::is_none")]
    pub member_entities: Option<Vec<EntityId>>,
    /// The groups in it.
    #[serde(rename = "member_group_ids", skip_serializing_if = "Option::is_none")]
    pub member_groups: Option<Vec<GroupId>>,
}

impl GroupSettings {
    /// An internal group; members that it has are left as they are.
    pub fn new() -> Self {
        Self::default()
    }

    /// A group whose members a login method names.
    pub fn external() -> Self {
        Self { kind: GroupKind::External, ..Self::default() }
    }

    /// Adds a note.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }

    /// Puts these entities into it, and all others out.
    #[must_use]
    pub fn member_entities(mut self, members: impl IntoIterator<Item = EntityId>) -> Self {
        self.member_entities = Some(members.into_iter().collect());
        self
    }

    /// Puts these groups into it, and all others out.
    #[must_use]
    pub fn member_groups(mut self, members: impl IntoIterator<Item = GroupId>) -> Self {
        self.member_groups = Some(members.into_iter().collect());
        self
    }

    setters! {
        /// Policies of its members.
        policies: list String;
    }

    /// Whether `found` has all that this sets; lists are compared as sets.
    pub fn is_met_by(&self, found: &Group) -> bool {
        let kept = Self {
            kind: found.kind,
            metadata: found.metadata.clone(),
            policies: found.policies.clone(),
            member_entities: Some(found.member_entities.clone()),
            member_groups: Some(found.member_groups.clone()),
        };
        covers(self, &kept) && self.metadata == kept.metadata
    }
}

#[derive(Deserialize)]
struct Wire {
    id: GroupId,
    name: IdentityName,
    #[serde(rename = "type")]
    kind: GroupKind,
    #[serde(default, deserialize_with = "texts")]
    metadata: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "list")]
    policies: Vec<String>,
    #[serde(default)]
    member_entity_ids: Option<Vec<EntityId>>,
    #[serde(default)]
    member_group_ids: Option<Vec<GroupId>>,
    #[serde(default)]
    parent_group_ids: Option<Vec<GroupId>>,
    #[serde(default)]
    alias: Option<MaybeAlias>,
    #[serde(default)]
    creation_time: MaybeTime,
    #[serde(default)]
    last_update_time: MaybeTime,
}

/// An alias, or `{}` where there is none.
#[derive(Deserialize)]
#[serde(untagged)]
enum MaybeAlias {
    Alias(Box<Alias>),
    None {},
}

impl From<Wire> for Group {
    fn from(wire: Wire) -> Self {
        Self {
            id: wire.id,
            name: wire.name,
            kind: wire.kind,
            metadata: wire.metadata,
            policies: wire.policies,
            member_entities: wire.member_entity_ids.unwrap_or_default(),
            member_groups: wire.member_group_ids.unwrap_or_default(),
            parents: wire.parent_group_ids.unwrap_or_default(),
            alias: match wire.alias {
                Some(MaybeAlias::Alias(alias)) => Some(*alias),
                _ => None,
            },
            created_at: wire.creation_time.0,
            updated_at: wire.last_update_time.0,
        }
    }
}
