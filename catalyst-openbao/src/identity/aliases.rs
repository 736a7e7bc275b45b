//! The calls about aliases.

use catalyst_core::Result;

use super::client::Made;
use super::{Alias, AliasId, EntityId, GroupId, Identity, NewAlias};

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
        let made: Made<AliasId> =
            self.ask("write entity alias", &["identity/entity-alias"]).exchange(alias).await?;
        Ok(made.id)
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
        let made: Made<AliasId> =
            self.ask("write group alias", &["identity/group-alias"]).exchange(alias).await?;
        Ok(made.id)
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
