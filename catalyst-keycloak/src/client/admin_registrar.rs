//! Registration through the Admin REST API.

use std::sync::Arc;

use async_trait::async_trait;
use catalyst_core::http::Method;
use catalyst_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use url::Url;

use super::ensuring::Ensuring;
use super::plan::check_owner;
use super::representation::Representation;
use super::{ClientRegistrar, ClientSpec, Outcome, RegisteredClient, Registration};
use crate::admin::Api;
use crate::operation::Operation;
use crate::refusal::SERVICE;
use crate::transport::{AdminPath, Call};
use crate::{ClientId, Keycloak, Owner, RealmName};

/// How many clients one page of a listing looks at.
const PAGE: u32 = 100;

/// [`ClientRegistrar`] and [`ClientSecrets`](crate::ClientSecrets) of one realm, by an administrator. Cheap to clone.
///
/// Needs the roles `view-clients` and `manage-clients` of the client `realm-management`.
#[derive(Clone, Debug)]
pub struct AdminRegistrar {
    pub(super) api: Arc<Api>,
    pub(super) realm: RealmName,
    pub(super) adopt: bool,
    pub(super) check_roles: bool,
}

/// A part of the clients of one owner.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientPage {
    /// Those of this part that the owner owns; there may be none although more follow.
    pub clients: Vec<RegisteredClient>,
    /// Where the next part begins; `None` after the last one.
    pub next: Option<u32>,
}

impl Keycloak {
    /// The clients of `realm`.
    pub fn registrar(&self, realm: RealmName) -> AdminRegistrar {
        AdminRegistrar { api: Arc::clone(&self.api), realm, adopt: false, check_roles: false }
    }
}

impl AdminRegistrar {
    /// Takes over clients that belong to nobody, which others made by hand, in place of refusing them.
    #[must_use]
    pub fn adopt_unowned(self, on: bool) -> Self {
        Self { adopt: on, ..self }
    }

    /// Reads the roles of a client at each [`ensure`](ClientRegistrar::ensure), to find those that were removed by
    /// hand. Without it, an attribute of the client tells which were made, and an unchanged client costs one read.
    #[must_use]
    pub fn check_roles(self, on: bool) -> Self {
        Self { check_roles: on, ..self }
    }

    /// The clients of `owner`, `from` a position that a page before gave, or 0. The server cannot search by owner, so
    /// each page looks at 100 clients of the realm.
    ///
    /// # Errors
    /// Those of the server.
    ///
    /// # Cancel safety
    /// Safe: it reads.
    pub async fn list(&self, owner: &Owner, from: u32) -> Result<ClientPage> {
        let mut url = self.api.url(&self.clients());
        url.query_pairs_mut().append_pair("first", &from.to_string()).append_pair("max", &PAGE.to_string());
        let call = Call::new(Operation::ListClients, Method::Get, url, self.realm.as_str());
        let all: Vec<Representation> = self.api.send(&call).await?.json()?;
        let next = (all.len() >= PAGE as usize).then(|| from.saturating_add(PAGE));
        let theirs = all.iter().filter(|client| client.owner() == Some(owner.as_str()));
        Ok(ClientPage { clients: theirs.map(registered).collect::<Result<_>>()?, next })
    }

    pub(super) fn clients(&self) -> AdminPath {
        AdminPath::realm(&self.realm).then("clients")
    }

    pub(super) fn call(&self, operation: Operation, method: Method, path: &AdminPath, id: &ClientId) -> Call {
        self.call_url(operation, method, self.api.url(path), id)
    }

    pub(super) fn call_url(&self, operation: Operation, method: Method, url: Url, id: &ClientId) -> Call {
        Call::new(operation, method, url, format!("{id} in realm {}", self.realm))
    }

    /// The client as it is; one read, also when it is not there.
    pub(super) async fn representation(&self, id: &ClientId) -> Result<Option<Representation>> {
        let mut url = self.api.url(&self.clients());
        url.query_pairs_mut().append_pair("clientId", id.as_str());
        let call = self.call_url(Operation::FindClient, Method::Get, url, id);
        let found: Vec<Representation> = self.api.send(&call).await?.json()?;
        Ok(found.into_iter().find(|client| client.client_id == id.as_str()))
    }
}

#[async_trait]
impl ClientRegistrar for AdminRegistrar {
    async fn ensure(&self, spec: &ClientSpec) -> Result<Registration> {
        let registration = Ensuring::new(self, spec).run().await?;
        if registration.outcome != Outcome::Unchanged {
            tracing::info!(
                client = %spec.id, realm = %self.realm, outcome = ?registration.outcome, changes = ?registration.changes,
                "client registered"
            );
        }
        Ok(registration)
    }

    async fn find(&self, id: &ClientId) -> Result<Option<RegisteredClient>> {
        self.representation(id).await?.as_ref().map(registered).transpose()
    }

    async fn set_enabled(&self, id: &ClientId, owner: &Owner, enabled: bool) -> Result<()> {
        let current =
            self.representation(id).await?.ok_or_else(|| self.not_found(Operation::UpdateClient, id))?;
        check_owner(&current, owner.as_str(), self.adopt, Operation::UpdateClient.name())?;
        if current.is("enabled") == enabled {
            return Ok(());
        }
        let body = json!({ "clientId": id.as_str(), "enabled": enabled, "attributes": {} });
        let path = self.clients().then(&current.id);
        let call = self.call(Operation::UpdateClient, Method::Put, &path, id).json(&body)?;
        self.api.send(&call).await.map(drop)
    }

    async fn remove(&self, id: &ClientId, owner: &Owner) -> Result<bool> {
        let Some(current) = self.representation(id).await? else { return Ok(false) };
        check_owner(&current, owner.as_str(), self.adopt, Operation::RemoveClient.name())?;
        let path = self.clients().then(&current.id);
        match self.api.send(&self.call(Operation::RemoveClient, Method::Delete, &path, id)).await {
            Ok(_) => Ok(true),
            // Somebody else was faster, or our own first try took effect without an answer.
            Err(error) if error.code() == Some("client_not_found") => Ok(true),
            Err(error) => Err(error),
        }
    }
}

impl AdminRegistrar {
    pub(super) fn not_found(&self, operation: Operation, id: &ClientId) -> Error {
        Error::new(ErrorKind::NotFound, operation.name())
            .with_service(SERVICE)
            .with_target(format!("{id} in realm {}", self.realm))
            .with_code("client_not_found")
            .with_help("there is no such client in the realm")
    }
}

pub(super) fn registered(client: &Representation) -> Result<RegisteredClient> {
    Ok(RegisteredClient {
        id: client.client_id.parse()?,
        owner: client.owner().and_then(|owner| owner.parse().ok()),
        name: client.fields.get("name").and_then(Value::as_str).map(str::to_owned),
        enabled: client.is("enabled"),
        redirect_uris: client.texts("redirectUris").into_iter().map(str::to_owned).collect(),
    })
}
