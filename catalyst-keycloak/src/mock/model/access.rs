//! Who asks, and what that one may do.

use super::realm::REALM_MANAGEMENT;
use super::state::State;
use super::{Refusal, sessions::Kind};

/// On whose behalf a request of administration is made.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// The test itself: everything.
    Root,
    /// The user of a bearer token.
    User {
        realm: String,
        /// The user's identifier.
        id: String,
    },
}

impl State {
    /// Reads the bearer token of a request of administration.
    pub(crate) fn caller(&self, bearer: Option<&str>) -> Result<Caller, Refusal> {
        let token = bearer.ok_or_else(Refusal::unauthorized)?;
        let issued = self.live_token(token).filter(|issued| issued.kind == Kind::Access);
        let issued = issued.ok_or_else(Refusal::unauthorized)?;
        Ok(Caller::User { realm: issued.realm.clone(), id: issued.user.clone() })
    }

    /// Refuses unless the caller has one of these roles over the realm.
    pub(crate) fn need(&self, by: &Caller, realm: &str, roles: &[&str]) -> Result<(), Refusal> {
        if self.may(by, realm, roles) { Ok(()) } else { Err(Refusal::forbidden()) }
    }

    /// Whether the caller has one of these roles over the realm: of `realm-management` there, of the client that
    /// stands for the realm in the master realm, or as administrator of all.
    pub(super) fn may(&self, by: &Caller, realm: &str, roles: &[&str]) -> bool {
        let Caller::User { realm: home, id } = by else { return true };
        let Some(own) = self.realms.get(home) else { return false };
        let Some(user) = own.users.iter().find(|user| user.id == *id) else { return false };
        if home == "master" && user.realm_roles.contains("admin") {
            return true;
        }
        let through = match (home.as_str(), realm) {
            ("master", _) => format!("{realm}-realm"),
            (home, realm) if home == realm => "realm-management".to_owned(),
            _ => return false,
        };
        let Some(client) = own.clients.iter().find(|client| client.client_id() == through) else {
            return false;
        };
        let Some(held) = user.client_roles.get(&client.id) else { return false };
        held.contains("realm-admin") || roles.iter().any(|role| held.contains(*role))
    }

    pub(super) fn may_create_realms(&self, by: &Caller) -> bool {
        let Caller::User { realm, id } = by else { return true };
        let user = self.realms.get(realm).and_then(|realm| realm.users.iter().find(|user| user.id == *id));
        realm == "master"
            && user.is_some_and(|user| {
                user.realm_roles.contains("admin") || user.realm_roles.contains("create-realm")
            })
    }

    /// Who makes a realm may do everything in it.
    pub(super) fn grant_realm(&mut self, by: &Caller, name: &str) {
        let Caller::User { realm, id } = by else { return };
        let through = format!("{name}-realm");
        let Some(home) = self.realms.get_mut(realm) else { return };
        let Some(client) = home.clients.iter().find(|client| client.client_id() == through) else { return };
        let client = client.id.clone();
        if let Some(user) = home.users.iter_mut().find(|user| user.id == *id) {
            user.client_roles.entry(client).or_default().extend(REALM_MANAGEMENT.map(str::to_owned));
        }
    }
}
