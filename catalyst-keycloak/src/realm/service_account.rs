//! Who administers the realm after its bootstrap: a client with a service account and the roles that it needs.

use std::collections::BTreeSet;

use catalyst_core::http::Method;
use catalyst_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::work::Work;
use super::{RealmAdmin, RealmChange};
use crate::client::AdminRegistrar;
use crate::operation::Operation;
use crate::refusal::SERVICE;
use crate::{ClientRegistrar, ClientSpec, Keycloak, Outcome, Registration};

/// A role of the client `realm-management`, which every realm but `master` has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ManagementRole {
    /// Create clients, and nothing else: what dynamic registration needs.
    CreateClient,
    /// See clients.
    ViewClients,
    /// Register, change and remove clients, and read their secrets.
    ManageClients,
    /// See the realm, its keys and its client policies.
    ViewRealm,
    /// Change the realm, its keys, roles and client policies.
    ManageRealm,
    /// See identity providers.
    ViewIdentityProviders,
    /// Set up identity providers.
    ManageIdentityProviders,
    /// See organizations.
    ViewOrganizations,
    /// Set up organizations.
    ManageOrganizations,
    /// See users.
    ViewUsers,
    /// Change users and grant roles: whoever has it can become anybody.
    ManageUsers,
}

impl ManagementRole {
    /// What registering clients and rotating their secrets takes.
    pub const REGISTRAR: [Self; 3] = [Self::ViewClients, Self::ManageClients, Self::ViewRealm];

    /// The server's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateClient => "create-client",
            Self::ViewClients => "view-clients",
            Self::ManageClients => "manage-clients",
            Self::ViewRealm => "view-realm",
            Self::ManageRealm => "manage-realm",
            Self::ViewIdentityProviders => "view-identity-providers",
            Self::ManageIdentityProviders => "manage-identity-providers",
            Self::ViewOrganizations => "view-organizations",
            Self::ManageOrganizations => "manage-organizations",
            Self::ViewUsers => "view-users",
            Self::ManageUsers => "manage-users",
        }
    }
}

/// What [`RealmAdmin::ensure_service_account`] did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServiceAccount {
    /// The client, with its secret if it has one.
    pub registration: Registration,
    /// The roles of its service account.
    pub roles: RealmChange,
}

#[derive(Deserialize)]
struct Identified {
    id: String,
}

/// Sent back as it came: the server wants its identifier and its name.
#[derive(Deserialize, Serialize)]
struct Role {
    name: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl RealmAdmin {
    /// Makes the realm have a client for a service that administers it, and gives that the roles. Log in with
    /// [`AdminLogin::service_account`](crate::AdminLogin::service_account) and this realm; the bootstrap
    /// administrator is needed no more. Roles that it has besides stay.
    ///
    /// Prefer a `client` without a secret: [`Authentication::Federated`](crate::Authentication::Federated).
    ///
    /// # Errors
    /// Those of [`ClientRegistrar::ensure`]; [`ErrorKind::PermissionDenied`] naming the role to grant: who gives roles
    /// needs `manage-users`, and has to have those roles himself.
    ///
    /// # Cancel safety
    /// Each write stands alone; a dropped call is finished by the next one.
    pub async fn ensure_service_account(
        &self,
        client: &ClientSpec,
        roles: &[ManagementRole],
    ) -> Result<ServiceAccount> {
        let client = client.clone().login(false).service_account(true);
        let registration = self.registrar().ensure(&client).await?;
        let roles = self.grant(&client, roles, registration.outcome).await?;
        Ok(ServiceAccount { registration, roles })
    }

    fn registrar(&self) -> AdminRegistrar {
        Keycloak { api: std::sync::Arc::clone(&self.api) }.registrar(self.name.clone())
    }

    async fn grant(
        &self,
        client: &ClientSpec,
        roles: &[ManagementRole],
        outcome: Outcome,
    ) -> Result<RealmChange> {
        let mut work = Work::new(self, &format!("service account of {}", client.id()));
        if outcome != Outcome::Unchanged {
            work.renew_token().await?;
        }
        let account = client_id(&mut work, client.id().as_str()).await?;
        let management = client_id(&mut work, "realm-management").await?;
        let path = work.path(&["clients", &account, "service-account-user"]);
        let user: Identified = work.get(Operation::ReadServiceAccount, &path, &[]).await?;
        let mapping = work.path(&["users", &user.id, "role-mappings", "clients", &management]);
        let has: Vec<Role> = work.get(Operation::GrantRoles, &mapping, &[]).await?;
        let wanted: BTreeSet<_> = roles.iter().map(|role| role.as_str()).collect();
        let missing: BTreeSet<_> =
            wanted.into_iter().filter(|wanted| !has.iter().any(|role| role.name == *wanted)).collect();
        if !missing.is_empty() {
            let path = mapping.clone().then("available");
            let available: Vec<Role> = work.get(Operation::GrantRoles, &path, &[]).await?;
            let grants: Vec<_> =
                available.into_iter().filter(|role| missing.contains(role.name.as_str())).collect();
            if let Some(unknown) =
                missing.iter().find(|wanted| !grants.iter().any(|role| role.name == **wanted))
            {
                return Err(Error::new(ErrorKind::InvalidRequest, Operation::GrantRoles.name())
                    .with_service(SERVICE)
                    .with_target(format!("{} in realm {}", client.id(), self.name))
                    .with_code("unknown_role")
                    .with_help(format!(
                        "the client realm-management has no role {unknown} that we may give"
                    )));
            }
            work.write(Operation::GrantRoles, Method::Post, &mapping, &grants).await?;
            for role in &missing {
                work.note(format!("role {role} is missing"));
            }
        }
        Ok(work.finish(false))
    }
}

/// The server's identifier of a client that has to be there.
async fn client_id(work: &mut Work<'_>, client: &str) -> Result<String> {
    let path = work.path(&["clients"]);
    let found: Vec<Identified> = work.get(Operation::FindClient, &path, &[("clientId", client)]).await?;
    found.into_iter().next().map(|client| client.id).ok_or_else(|| {
        Error::new(ErrorKind::NotFound, Operation::FindClient.name())
            .with_service(SERVICE)
            .with_target(format!("{client} in realm {}", work.admin.name))
            .with_code("client_not_found")
            .with_help("there is no such client in the realm; the realm master has no realm-management")
    })
}
