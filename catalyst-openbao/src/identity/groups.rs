//! The calls about groups.

use catalyst_core::Result;

use super::client::Made;
use super::entities::Listed;
use super::{Group, GroupId, GroupSettings, Identity, IdentityName, Lookup, Named};

impl Identity {
    /// Creates a group, or changes the one of that name. `POST identity/group/name/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_entity` or `unknown_group` if a member is not there; `invalid_request` with the server's reason, as
    /// when a group would be its own member, or its kind would change.
    ///
    /// # Cancel safety
    /// It may or may not be written.
    pub async fn write_group(&self, name: &IdentityName, settings: &GroupSettings) -> Result<GroupId> {
        let path = ["identity/group/name/", name.escaped()];
        let made: Option<Made<GroupId>> = self.ask("write group", &path).exchange_maybe(settings).await?;
        match made {
            Some(made) => Ok(made.id),
            // The server says nothing of one that was there.
            None => Ok(self.ask("read group", &path).read::<Made<GroupId>>().await?.id),
        }
    }

    /// A group, or none if there is none. `GET identity/group/id/:id`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn group(&self, id: &GroupId) -> Result<Option<Group>> {
        let path = ["identity/group/id/", id.escaped()];
        self.ask("read group", &path).read_maybe().await
    }

    /// The group of this name, or none if there is none. `GET identity/group/name/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn group_named(&self, name: &IdentityName) -> Result<Option<Group>> {
        let path = ["identity/group/name/", name.escaped()];
        self.ask("read group", &path).read_maybe().await
    }

    /// All groups. `LIST identity/group/id`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn groups(&self) -> Result<Vec<Named<GroupId>>> {
        let listed: Option<Listed<GroupId>> =
            self.ask("list groups", &["identity/group/id"]).list_maybe().await?;
        Ok(listed.map(Listed::into_names).unwrap_or_default())
    }

    /// The group that is looked for, or none. `POST identity/lookup/group`, repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn look_up_group(&self, by: &Lookup<GroupId>) -> Result<Option<Group>> {
        self.ask("look up group", &["identity/lookup/group"]).exchange_maybe(by).await
    }

    /// Deletes a group with its alias; its members stay. None there is a success. `DELETE identity/group/id/:id`,
    /// repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn delete_group(&self, id: &GroupId) -> Result<()> {
        let path = ["identity/group/id/", id.escaped()];
        self.ask("delete group", &path).delete().await
    }
}
