//! The calls about entities.

use std::collections::BTreeMap;

use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use super::client::Made;
use super::{Entity, EntityId, EntitySettings, Identity, IdentityName, Lookup, Named};

impl Identity {
    /// Creates an entity, or changes the one of that name. `POST identity/entity/name/:name`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be written.
    pub async fn write_entity(&self, name: &IdentityName, settings: &EntitySettings) -> Result<EntityId> {
        let path = ["identity/entity/name/", name.escaped()];
        let made: Option<Made<EntityId>> = self.ask("write entity", &path).exchange_maybe(settings).await?;
        match made {
            Some(made) => Ok(made.id),
            // The server says nothing of one that was there.
            None => Ok(self.ask("read entity", &path).read::<Made<EntityId>>().await?.id),
        }
    }

    /// An entity, or none if there is none. `GET identity/entity/id/:id`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn entity(&self, id: &EntityId) -> Result<Option<Entity>> {
        let path = ["identity/entity/id/", id.escaped()];
        self.ask("read entity", &path).read_maybe().await
    }

    /// The entity of this name, or none if there is none. `GET identity/entity/name/:name`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn entity_named(&self, name: &IdentityName) -> Result<Option<Entity>> {
        let path = ["identity/entity/name/", name.escaped()];
        self.ask("read entity", &path).read_maybe().await
    }

    /// All entities. `LIST identity/entity/id`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn entities(&self) -> Result<Vec<Named<EntityId>>> {
        let listed: Option<Listed<EntityId>> =
            self.ask("list entities", &["identity/entity/id"]).list_maybe().await?;
        Ok(listed.map(Listed::into_names).unwrap_or_default())
    }

    /// The entity that is looked for, or none. `POST identity/lookup/entity`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn look_up_entity(&self, by: &Lookup<EntityId>) -> Result<Option<Entity>> {
        self.ask("look up entity", &["identity/lookup/entity"]).exchange_maybe(by).await
    }

    /// Makes one entity of several: aliases and groups go to `into`, the others are gone. Their tokens are those of
    /// `into` from then on. `POST identity/entity/merge`.
    ///
    /// Repeated only when it is certain that the request had no effect.
    ///
    /// # Errors
    /// Code `unknown_entity` if one of them is not there. Code `invalid_request` with the server's reason, as when both
    /// have an alias at one login method.
    ///
    /// # Cancel safety
    /// They may or may not be merged.
    pub async fn merge_entities(&self, from: &[EntityId], into: &EntityId) -> Result<()> {
        let body = Merge { from_entity_ids: from, to_entity_id: into };
        self.ask("merge entities", &["identity/entity/merge"]).once().write(&body).await
    }

    /// Deletes an entity with its aliases, and takes it out of its groups. None there is a success.
    /// `DELETE identity/entity/id/:id`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_entity(&self, id: &EntityId) -> Result<()> {
        let path = ["identity/entity/id/", id.escaped()];
        self.ask("delete entity", &path).delete().await
    }
}

#[derive(Serialize)]
struct Merge<'a> {
    from_entity_ids: &'a [EntityId],
    to_entity_id: &'a EntityId,
}

/// A list with what is said of each.
#[derive(Deserialize)]
#[serde(bound = "I: Ord + Deserialize<'de>")]
pub(super) struct Listed<I> {
    #[serde(default)]
    key_info: BTreeMap<I, ListedName>,
}

#[derive(Deserialize)]
struct ListedName {
    name: IdentityName,
}

impl<I> Listed<I> {
    pub(super) fn into_names(self) -> Vec<Named<I>> {
        self.key_info.into_iter().map(|(id, listed)| Named { id, name: listed.name }).collect()
    }
}
