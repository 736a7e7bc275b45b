//! The calls about aliases.

use catalyst_core::{Error, ErrorKind, Result};

use super::client::Made;
use super::{Alias, AliasId, EntityId, GroupId, Identity, NewAlias};
use crate::refusal::SERVICE;

impl Identity {
    /// Writes an alias of an entity: twice the same is one. What it had of notes is replaced.
    /// `POST identity/entity-alias`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount_accessor` if no login method has this accessor; `unknown_entity`; `alias_exists` if it has
    /// another one there already.
    ///
    /// # Cancel safety
    /// It may or may not be written.
    pub async fn write_entity_alias(&self, alias: &NewAlias<EntityId>) -> Result<AliasId> {
        let call = self.ask("write entity alias", &["identity/entity-alias"]);
        let made: Option<Made<AliasId>> = call.exchange_maybe(alias).await?;
        if let Some(made) = made {
            return Ok(made.id);
        }
        // The server says nothing where nothing changed.
        let found = self.look_up_entity(&alias.lookup()).await?;
        let own = found
            .and_then(|found| found.aliases.into_iter().find(|own| own.at.accessor == alias.mount_accessor));
        own.map(|own| own.id).ok_or_else(|| gone("write entity alias"))
    }

    /// An alias of an entity, or none if there is none. `GET identity/entity-alias/id/:id`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn entity_alias(&self, id: &AliasId) -> Result<Option<Alias>> {
        let path = ["identity/entity-alias/id/", id.escaped()];
        self.ask("read entity alias", &path).read_maybe().await
    }

    /// The identifiers of all aliases of entities. `LIST identity/entity-alias/id`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn entity_aliases(&self) -> Result<Vec<AliasId>> {
        let listed = self.ask("list entity aliases", &["identity/entity-alias/id"]).list().await?;
        listed.iter().map(|id| id.parse()).collect()
    }

    /// Deletes an alias of an entity. None there is a success. `DELETE identity/entity-alias/id/:id`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_entity_alias(&self, id: &AliasId) -> Result<()> {
        let path = ["identity/entity-alias/id/", id.escaped()];
        self.ask("delete entity alias", &path).delete().await
    }

    /// Writes an alias of a group: twice the same is one. What it had of notes is replaced.
    /// `POST identity/group-alias`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount_accessor` if no login method has this accessor; `unknown_group`; `alias_exists` if it has
    /// another one there already; `invalid_request` if the group is not external.
    ///
    /// # Cancel safety
    /// It may or may not be written.
    pub async fn write_group_alias(&self, alias: &NewAlias<GroupId>) -> Result<AliasId> {
        let call = self.ask("write group alias", &["identity/group-alias"]);
        let made: Option<Made<AliasId>> = call.exchange_maybe(alias).await?;
        if let Some(made) = made {
            return Ok(made.id);
        }
        // The server says nothing where nothing changed.
        let found = self.look_up_group(&alias.lookup()).await?;
        let own = found.and_then(|found| found.alias);
        own.map(|own| own.id).ok_or_else(|| gone("write group alias"))
    }

    /// An alias of a group, or none if there is none. `GET identity/group-alias/id/:id`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn group_alias(&self, id: &AliasId) -> Result<Option<Alias>> {
        let path = ["identity/group-alias/id/", id.escaped()];
        self.ask("read group alias", &path).read_maybe().await
    }

    /// The identifiers of all aliases of groups. `LIST identity/group-alias/id`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn group_aliases(&self) -> Result<Vec<AliasId>> {
        let listed = self.ask("list group aliases", &["identity/group-alias/id"]).list().await?;
        listed.iter().map(|id| id.parse()).collect()
    }

    /// Deletes an alias of a group. None there is a success. `DELETE identity/group-alias/id/:id`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_group_alias(&self, id: &AliasId) -> Result<()> {
        let path = ["identity/group-alias/id/", id.escaped()];
        self.ask("delete group alias", &path).delete().await
    }
}

/// Somebody deleted it meanwhile.
fn gone(operation: &'static str) -> Error {
    Error::new(ErrorKind::Conflict, operation)
        .with_service(SERVICE)
        .with_code("alias_exists")
        .with_help("the alias was there and is gone again; somebody else changes it, too")
}
