//! Registration in the mock: the planner of the real registrar, on the model.

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde_json::{Value, json};

use super::MockKeycloak;
use super::model::{Caller, ClientQuery, State};
use crate::client::attribute;
use crate::client::plan;
use crate::client::representation::Representation;
use crate::operation::Operation;
use crate::{
    Authentication, ClientId, ClientRegistrar, ClientSpec, Outcome, Owner, RegisteredClient, Registration,
};

#[async_trait]
impl ClientRegistrar for MockKeycloak {
    async fn ensure(&self, spec: &ClientSpec) -> Result<Registration> {
        Ensuring { mock: self, spec, reads: 0, writes: 0, changes: Vec::new() }.run().await
    }

    async fn find(&self, id: &ClientId) -> Result<Option<RegisteredClient>> {
        self.representation(id).await?.as_ref().map(registered).transpose()
    }

    async fn set_enabled(&self, id: &ClientId, owner: &Owner, enabled: bool) -> Result<()> {
        let operation = Operation::UpdateClient;
        let current = self.representation(id).await?.ok_or_else(|| self.missing(operation, id))?;
        plan::check_owner(&current, owner.as_str(), self.adopt, operation.name())?;
        if current.is("enabled") != enabled {
            let body = json!({ "clientId": id.as_str(), "enabled": enabled, "attributes": {} });
            self.update(id, &current.id, &body).await?;
        }
        Ok(())
    }

    async fn remove(&self, id: &ClientId, owner: &Owner) -> Result<bool> {
        let Some(current) = self.representation(id).await? else { return Ok(false) };
        plan::check_owner(&current, owner.as_str(), self.adopt, Operation::RemoveClient.name())?;
        let gone = self.ask(Operation::RemoveClient, id, true, |state, realm| {
            state.delete_client(&Caller::Root, realm, &current.id)
        });
        match gone.await {
            Ok(()) => Ok(true),
            Err(error) if error.code() == Some("client_not_found") => Ok(true),
            Err(error) => Err(error),
        }
    }
}

impl MockKeycloak {
    /// The client as it is; one read, also when it is not there.
    pub(super) async fn representation(&self, id: &ClientId) -> Result<Option<Representation>> {
        let query = ClientQuery { client_id: Some(id.to_string()), ..ClientQuery::default() };
        Ok(self.list(id, query).await?.into_iter().next())
    }

    async fn list(&self, id: &ClientId, query: ClientQuery) -> Result<Vec<Representation>> {
        let found = self.ask(Operation::FindClient, id, false, |state: &mut State, realm: &str| {
            state.list_clients(&Caller::Root, realm, &query)
        });
        found.await?.into_iter().map(|value| self.read(Operation::FindClient, id, value)).collect()
    }

    async fn update(&self, id: &ClientId, key: &str, body: &Value) -> Result<()> {
        let written = self.ask(Operation::UpdateClient, id, true, |state, realm| {
            state.update_client(&Caller::Root, realm, key, body)
        });
        written.await
    }
}

/// One run of `ensure`, with what it cost.
struct Ensuring<'a> {
    mock: &'a MockKeycloak,
    spec: &'a ClientSpec,
    reads: u32,
    writes: u32,
    changes: Vec<String>,
}

impl Ensuring<'_> {
    async fn run(mut self) -> Result<Registration> {
        let body = Value::Object(plan::create(self.spec)?);
        let mut created = false;
        let mut found = self.find().await?;
        if found.is_none() {
            self.check_subject().await?;
            match self.create(&body).await {
                Ok(()) => created = true,
                Err(error) if error.code() == Some("already_exists") => {}
                Err(error) if error.outcome_unknown() => created = true,
                Err(error) => return Err(error),
            }
            found = self.find().await?;
        }
        let Some(client) = found else {
            return Err(self.mock.missing(Operation::CreateClient, &self.spec.id));
        };
        let mut outcome = Outcome::Unchanged;
        if let Some(patch) = plan::converge(self.spec, &client, self.mock.adopt)? {
            if patch.changes_attributes() {
                self.check_subject().await?;
            }
            self.writes += 1;
            self.mock.update(&self.spec.id, &client.id, &Value::Object(patch.body)).await?;
            (outcome, self.changes) = (Outcome::Updated, patch.changes);
        }
        let declared: Vec<&str> = self.spec.roles.iter().map(String::as_str).collect();
        if created || client.attributes.get(attribute::ROLES).unwrap_or_default() != declared.join("##") {
            self.ensure_roles(&client).await?;
        }
        self.ensure_scopes(&client).await?;
        if outcome == Outcome::Unchanged && !self.changes.is_empty() {
            outcome = Outcome::Updated;
        }
        let outcome = if created { Outcome::Created } else { outcome };
        let secret = match self.spec.authentication {
            Authentication::Secret => client.secret,
            _ => None,
        };
        let Self { reads, writes, changes, .. } = self;
        Ok(Registration { outcome, changes, reads, writes, secret })
    }

    async fn find(&mut self) -> Result<Option<Representation>> {
        self.reads += 1;
        self.mock.representation(&self.spec.id).await
    }

    async fn create(&mut self, body: &Value) -> Result<()> {
        self.writes += 1;
        let made = self.mock.ask(Operation::CreateClient, &self.spec.id, true, |state, realm| {
            state.create_client(&Caller::Root, realm, body)
        });
        made.await.map(drop)
    }

    async fn check_subject(&mut self) -> Result<()> {
        let Authentication::Federated { issuer, subject } = &self.spec.authentication else { return Ok(()) };
        self.reads += 1;
        let same = [(attribute::FEDERATED_ISSUER, issuer), (attribute::FEDERATED_SUBJECT, subject)];
        let same = same.map(|(name, value)| (name.to_owned(), value.clone())).to_vec();
        let query = ClientQuery { attributes: same, ..ClientQuery::default() };
        let holders = self.mock.list(&self.spec.id, query).await?;
        match holders.iter().find(|client| client.client_id != self.spec.id.as_str()) {
            None => Ok(()),
            Some(other) => Err(self
                .mock
                .about(ErrorKind::Conflict, "ensure client", &self.spec.id)
                .with_code("duplicate_subject")
                .with_help(format!("the client {} has the subject {subject} already", other.client_id))),
        }
    }

    async fn ensure_roles(&mut self, client: &Representation) -> Result<()> {
        if self.spec.roles.is_empty() {
            return Ok(());
        }
        self.reads += 1;
        let (mock, id, key) = (self.mock, &self.spec.id, Some(client.id.as_str()));
        let listed = mock
            .ask(Operation::ReadRoles, id, false, |state, realm| state.list_roles(&Caller::Root, realm, key));
        let listed = listed.await?;
        let missing =
            self.spec.roles.iter().filter(|role| !listed.iter().any(|known| known["name"] == role.as_str()));
        for role in missing {
            self.writes += 1;
            let made = mock.ask(Operation::CreateRole, id, true, |state, realm| {
                state.create_role(&Caller::Root, realm, key, &json!({ "name": role }))
            });
            match made.await {
                Ok(_) => self.changes.push(format!("role {role:?} is missing")),
                Err(error) if error.code() == Some("already_exists") => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn ensure_scopes(&mut self, client: &Representation) -> Result<()> {
        let lists = [
            ("defaultClientScopes", "optionalClientScopes", &self.spec.default_scopes),
            ("optionalClientScopes", "defaultClientScopes", &self.spec.optional_scopes),
        ];
        let lists = lists.map(|(list, other, wanted)| {
            let there = client.texts(list);
            let missing: Vec<&String> =
                wanted.iter().filter(|name| !there.contains(&name.as_str())).collect();
            (list, other, missing)
        });
        if lists.iter().all(|(_, _, missing)| missing.is_empty()) {
            return Ok(());
        }
        self.reads += 1;
        let (mock, id) = (self.mock, &self.spec.id);
        let known = mock
            .ask(Operation::ReadScopes, id, false, |state, realm| state.list_scopes(&Caller::Root, realm));
        let known = known.await?;
        for (list, other, missing) in lists {
            for name in missing {
                let scope = known.iter().find(|scope| scope["name"] == name.as_str());
                let Some(scope) = scope.and_then(|scope| scope["id"].as_str()) else {
                    return Err(mock
                        .about(ErrorKind::InvalidRequest, Operation::AssignScope.name(), id)
                        .with_code("unknown_scope")
                        .with_help(format!("the realm has no client scope {name:?}")));
                };
                let mut steps = vec![(list, true)];
                if client.texts(other).contains(&name.as_str()) {
                    steps.insert(0, (other, false));
                }
                for (list, assign) in steps {
                    self.writes += 1;
                    let step = mock.ask(Operation::AssignScope, id, true, |state, realm| {
                        state.assign_scope(&Caller::Root, realm, &client.id, (list, scope, assign))
                    });
                    step.await?;
                }
                self.changes.push(format!("scope {name:?} is missing"));
            }
        }
        Ok(())
    }
}

fn registered(client: &Representation) -> Result<RegisteredClient> {
    Ok(RegisteredClient {
        id: client.client_id.parse()?,
        owner: client.owner().and_then(|owner| owner.parse().ok()),
        name: client.fields.get("name").and_then(Value::as_str).map(str::to_owned),
        enabled: client.is("enabled"),
        redirect_uris: client.texts("redirectUris").into_iter().map(str::to_owned).collect(),
    })
}

impl MockKeycloak {
    pub(super) fn missing(&self, operation: Operation, id: &ClientId) -> Error {
        self.about(ErrorKind::NotFound, operation.name(), id)
            .with_code("client_not_found")
            .with_help("there is no such client in the realm")
    }

    pub(super) fn no_secret(&self, operation: Operation, id: &ClientId) -> Error {
        self.about(ErrorKind::InvalidRequest, operation.name(), id)
            .with_code("no_secret")
            .with_help("the client does not authenticate with a secret")
    }

    pub(super) fn secret_of(value: &Value) -> Secret {
        Secret::new(value["value"].as_str().unwrap_or_default())
    }
}
