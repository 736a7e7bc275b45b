//! One run of `ensure` through the Admin REST API: find, create or mend, then roles and scopes.

use std::collections::BTreeSet;

use catalyst_core::http::Method;
use catalyst_core::{Clock, Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::admin_registrar::AdminRegistrar;
use super::representation::Representation;
use super::{Authentication, ClientSpec, Outcome, Registration, attribute, plan};
use crate::operation::Operation;
use crate::refusal::SERVICE;
use crate::transport::{AdminPath, Answer, Call};

/// How often a create is tried whose outcome nobody learned.
const CREATES: u32 = 3;

/// One run of `ensure`, with what it cost.
pub(super) struct Ensuring<'a> {
    registrar: &'a AdminRegistrar,
    spec: &'a ClientSpec,
    reads: u32,
    writes: u32,
}

impl<'a> Ensuring<'a> {
    pub(super) fn new(registrar: &'a AdminRegistrar, spec: &'a ClientSpec) -> Self {
        Self { registrar, spec, reads: 0, writes: 0 }
    }

    pub(super) async fn run(mut self) -> Result<Registration> {
        // A contradiction in the declaration is told before anything is asked.
        let body = plan::create(self.spec)?;
        let (mut outcome, mut changes) = (Outcome::Unchanged, Vec::new());
        let mut created = false;
        let mut found = self.find().await?;
        for attempt in 1.. {
            if found.is_some() {
                break;
            }
            self.check_subject().await?;
            match self.create(&body).await {
                Ok(()) => created = true,
                // Another process was faster, or our own request was, whose answer was lost.
                Err(error) if error.code() == Some("already_exists") => {}
                Err(error) if error.outcome_unknown() && attempt < CREATES => {
                    tracing::warn!(%error, "nobody knows whether the client was created; looking it up");
                    created = true;
                }
                Err(error) => return Err(error),
            }
            found = self.find().await?;
            if found.is_none() && attempt >= CREATES {
                return Err(self.registrar.not_found(Operation::CreateClient, &self.spec.id));
            }
        }
        let Some(mut client) = found else {
            return Err(self.registrar.not_found(Operation::CreateClient, &self.spec.id));
        };
        let roles_recorded = client.attributes.get(attribute::ROLES).map(str::to_owned);
        // One that we just made has our owner; nobody else's is taken over without being asked.
        if let Some(patch) = plan::converge(self.spec, &client, self.registrar.adopt)? {
            if patch.changes_attributes() {
                self.check_subject().await?;
            }
            let path = self.registrar.clients().then(&client.id);
            let call = self.registrar.call(Operation::UpdateClient, Method::Put, &path, &self.spec.id);
            self.write(&call.json(&patch.body)?).await?;
            (outcome, changes) = (Outcome::Updated, patch.changes);
            if has_ended(&client) {
                // Under a rotation policy any update of a client whose secret has ended gives it a new one.
                changes.push("the secret had ended; the realm made a new one".into());
                client = self.find().await?.unwrap_or(client);
            }
        }
        if created {
            outcome = Outcome::Created;
        }
        let fresh = created || roles_recorded.is_none_or(|recorded| recorded != self.role_list());
        self.ensure_roles(&client, fresh, &mut changes).await?;
        self.ensure_scopes(&client, &mut changes).await?;
        if outcome == Outcome::Unchanged && !changes.is_empty() {
            outcome = Outcome::Updated;
        }
        let secret = match self.spec.authentication {
            Authentication::Secret => client.secret,
            _ => None,
        };
        Ok(Registration { outcome, changes, reads: self.reads, writes: self.writes, secret })
    }

    async fn find(&mut self) -> Result<Option<Representation>> {
        self.reads += 1;
        self.registrar.representation(&self.spec.id).await
    }

    async fn create(&mut self, body: &Map<String, Value>) -> Result<()> {
        let registrar = self.registrar;
        let call =
            registrar.call(Operation::CreateClient, Method::Post, &registrar.clients(), &self.spec.id).once();
        self.write(&call.json(body)?).await?.created().map(drop)
    }

    /// The server takes two clients with one subject, and then logs the first of them in for both.
    async fn check_subject(&mut self) -> Result<()> {
        let Authentication::Federated { issuer, subject } = &self.spec.authentication else { return Ok(()) };
        let registrar = self.registrar;
        let mut url = registrar.api.url(&registrar.clients());
        url.query_pairs_mut().append_pair("q", &format!("{}:\"{subject}\"", attribute::FEDERATED_SUBJECT));
        let call = registrar.call_url(Operation::FindClient, Method::Get, url, &self.spec.id);
        let with_subject: Vec<Representation> = self.read(&call).await?.json()?;
        let other = with_subject.iter().find(|client| {
            client.client_id != self.spec.id.as_str()
                && client.attributes.get(attribute::FEDERATED_SUBJECT) == Some(subject)
                && client.attributes.get(attribute::FEDERATED_ISSUER) == Some(issuer)
        });
        let Some(other) = other else { return Ok(()) };
        let help = format!(
            "the client {} has the subject {subject} already; the server would log it in for both: give each \
             workload a service account of its own",
            other.client_id
        );
        Err(Error::new(ErrorKind::Conflict, "ensure client")
            .with_service(SERVICE)
            .with_target(self.spec.id.as_str())
            .with_code("duplicate_subject")
            .with_help(help))
    }

    fn role_list(&self) -> String {
        self.spec.roles.iter().map(String::as_str).collect::<Vec<_>>().join("##")
    }

    async fn ensure_roles(
        &mut self,
        client: &Representation,
        fresh: bool,
        changes: &mut Vec<String>,
    ) -> Result<()> {
        if self.spec.roles.is_empty() || !(fresh || self.registrar.check_roles) {
            return Ok(());
        }
        let registrar = self.registrar;
        let path = registrar.clients().then(&client.id).then("roles");
        let call = registrar.call(Operation::ReadRoles, Method::Get, &path, &self.spec.id);
        let there: Vec<Named> = self.read(&call).await?.json()?;
        for role in self.spec.roles.iter().filter(|role| !there.iter().any(|named| named.name == **role)) {
            let call = registrar.call(Operation::CreateRole, Method::Post, &path, &self.spec.id);
            match self.write(&call.json(&json!({ "name": role }))?).await {
                Ok(_) => changes.push(format!("role {role:?} is missing")),
                Err(error) if error.code() == Some("already_exists") => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Updates cannot carry scopes: each is assigned by its identifier.
    async fn ensure_scopes(&mut self, client: &Representation, changes: &mut Vec<String>) -> Result<()> {
        let spec = self.spec;
        let missing = |wanted: &BTreeSet<String>, field: &str| {
            let there = client.texts(field);
            wanted.iter().filter(|scope| !there.contains(&scope.as_str())).cloned().collect::<Vec<_>>()
        };
        let (default, optional) = ("default-client-scopes", "optional-client-scopes");
        let lists = [
            (default, optional, missing(&spec.default_scopes, "defaultClientScopes")),
            (optional, default, missing(&spec.optional_scopes, "optionalClientScopes")),
        ];
        if lists.iter().all(|(_, _, scopes)| scopes.is_empty()) {
            return Ok(());
        }
        let assigned = [client.texts("defaultClientScopes"), client.texts("optionalClientScopes")].concat();
        let registrar = self.registrar;
        let path = AdminPath::realm(&registrar.realm).then("client-scopes");
        let call = registrar.call(Operation::ReadScopes, Method::Get, &path, &spec.id);
        let known: Vec<Named> = self.read(&call).await?.json()?;
        for (list, other, scopes) in lists {
            for scope in scopes {
                let Some(named) = known.iter().find(|named| named.name == scope) else {
                    return Err(Error::new(ErrorKind::InvalidRequest, Operation::AssignScope.name())
                        .with_service(SERVICE)
                        .with_target(spec.id.as_str())
                        .with_code("unknown_scope")
                        .with_help(format!("the realm {} has no client scope {scope:?}", registrar.realm)));
                };
                let path = |list| registrar.clients().then(&client.id).then(list).then(&named.id);
                // A scope that stands in the other list is not moved by the server, which says 204 all the same.
                if assigned.contains(&scope.as_str()) {
                    let call = registrar.call(Operation::AssignScope, Method::Delete, &path(other), &spec.id);
                    self.write(&call).await?;
                }
                let call = registrar.call(Operation::AssignScope, Method::Put, &path(list), &spec.id);
                self.write(&call).await?;
                changes.push(format!("scope {scope:?} is missing"));
            }
        }
        Ok(())
    }

    async fn read(&mut self, call: &Call) -> Result<Answer> {
        self.reads += 1;
        self.registrar.api.send(call).await
    }

    async fn write(&mut self, call: &Call) -> Result<Answer> {
        self.writes += 1;
        self.registrar.api.send(call).await
    }
}

/// A role or a scope.
#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    id: String,
    name: String,
}

/// Whether its secret cannot be used any more.
fn has_ended(client: &Representation) -> bool {
    let by_secret = client.secret.is_some() && !client.is("publicClient");
    by_secret
        && client.attributes.time(attribute::SECRET_EXPIRES).is_some_and(|end| end <= Clock::system().now())
}
