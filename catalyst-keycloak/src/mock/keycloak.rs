//! The traits of this crate on a model.

use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde_json::Value;

use super::Model;
use super::model::{Caller, Fault, Form, Refusal, Route, State};
use crate::client::attribute;
use crate::client::representation::Representation;
use crate::operation::Operation;
use crate::refusal::{self, SERVICE};
use crate::{ClientId, ClientSecrets, RealmName, SecretPair};

/// The administration of one realm of a [`Model`], without a server: [`ClientRegistrar`](crate::ClientRegistrar) and
/// [`ClientSecrets`] for the tests of applications. Cheap to clone.
///
/// It decides what to change with the planner of the real registrar, and counts the same requests. It does not retry:
/// a fault of the model's script is the error that one try would have met.
///
/// ```
/// use catalyst_keycloak::mock::{MockKeycloak, Model};
/// use catalyst_keycloak::{ClientRegistrar, ClientSpec, Outcome};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_keycloak::Result<()> {
/// let model = Model::new();
/// model.set_realm("acme");
/// let registrar = MockKeycloak::new(model, "acme".parse()?);
/// let spec = ClientSpec::new("wordpress".parse()?, "acme/prod/wordpress".parse()?)
///     .redirect_uri("https://blog.acme.test/oauth/callback".parse()?);
/// assert_eq!(registrar.ensure(&spec).await?.outcome, Outcome::Created);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MockKeycloak {
    pub(super) model: Model,
    pub(super) realm: RealmName,
    pub(super) adopt: bool,
}

/// How long a caller waits for an answer that does not come.
const PATIENCE: Duration = Duration::from_secs(15);

impl MockKeycloak {
    /// The clients of `realm` in this model; the realm need not be there yet.
    pub fn new(model: Model, realm: RealmName) -> Self {
        Self { model, realm, adopt: false }
    }

    /// Takes over clients that belong to nobody, in place of refusing them.
    #[must_use]
    pub fn adopt_unowned(self, on: bool) -> Self {
        Self { adopt: on, ..self }
    }

    /// The state machine behind.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// One request: counted, struck by its fault, carried out.
    pub(super) async fn ask<T>(
        &self,
        operation: Operation,
        id: &ClientId,
        writes: bool,
        act: impl FnOnce(&mut State, &str) -> Result<T, Refusal> + Send,
    ) -> Result<T> {
        let (route, path) = self.route(operation);
        let fault = self.model.take_in(route, writes, &path);
        let broken = |kind, help: &str| {
            let error = self.about(kind, operation.name(), id).with_help(help);
            if writes { error.with_outcome_unknown() } else { error }
        };
        let refused = |refusal: &Refusal| {
            let body = refusal.body().to_string();
            refusal::meaning(operation, refusal.status(), body.as_bytes())
                .with_service(SERVICE)
                .with_target(self.target(id))
        };
        match &fault {
            Some(Fault::Drop) => return Err(broken(ErrorKind::Unavailable, "the connection was closed")),
            Some(Fault::Refuse(refusal)) => return Err(refused(refusal)),
            _ => {}
        }
        let done = self.model.with(|state| act(state, self.realm.as_str()));
        match fault {
            None => {}
            Some(Fault::Delay(pause)) => tokio::time::sleep(pause.min(PATIENCE)).await,
            Some(Fault::NoAnswer) => {
                tokio::time::sleep(PATIENCE).await;
                return Err(broken(ErrorKind::Timeout, "no answer came"));
            }
            Some(Fault::DropAnswer) => {
                return Err(broken(ErrorKind::Unavailable, "the connection was closed"));
            }
            Some(_) => {
                return Err(
                    broken(ErrorKind::Decode, "the answer is not JSON").with_code("unreadable_answer")
                );
            }
        }
        done.map_err(|refusal| refused(&refusal))
    }

    fn route(&self, operation: Operation) -> (Route, String) {
        let rest = match operation {
            Operation::ReadSecret | Operation::RegenerateSecret | Operation::EndRotatedSecret => {
                "clients/{id}/client-secret"
            }
            Operation::ReadPolicies => "client-policies",
            Operation::ReadScopes => "client-scopes",
            Operation::Introspect => {
                let path = format!("/realms/{}/protocol/openid-connect/token/introspect", self.realm);
                return (Route::Introspection, path);
            }
            _ => "clients",
        };
        let path = format!("admin/realms/{}/{rest}", self.realm);
        let segments: Vec<&str> = path.split('/').collect();
        (Route::of(&segments), format!("/{path}"))
    }

    fn target(&self, id: &ClientId) -> String {
        format!("{id} in realm {}", self.realm)
    }

    pub(super) fn about(&self, kind: ErrorKind, operation: &'static str, id: &ClientId) -> Error {
        Error::new(kind, operation).with_service(SERVICE).with_target(self.target(id))
    }

    pub(super) fn read(&self, operation: Operation, id: &ClientId, shown: Value) -> Result<Representation> {
        serde_json::from_value(shown).map_err(|error| {
            self.about(ErrorKind::Decode, operation.name(), id)
                .with_code("unreadable_answer")
                .with_source(error)
        })
    }

    async fn with_secret(&self, id: &ClientId, operation: Operation) -> Result<Representation> {
        let client = self.representation(id).await?.ok_or_else(|| self.missing(operation, id))?;
        let by_secret =
            client.fields.get("clientAuthenticatorType").and_then(Value::as_str) == Some("client-secret");
        if !by_secret || client.is("publicClient") {
            return Err(self.no_secret(operation, id));
        }
        Ok(client)
    }
}

#[async_trait]
impl ClientSecrets for MockKeycloak {
    async fn secrets(&self, id: &ClientId) -> Result<SecretPair> {
        let client = self.with_secret(id, Operation::ReadSecret).await?;
        let current = client.secret.clone().ok_or_else(|| self.no_secret(Operation::ReadSecret, id))?;
        Ok(SecretPair {
            current,
            created_at: client.attributes.time(attribute::SECRET_CREATED),
            expires_at: client.attributes.time(attribute::SECRET_EXPIRES),
            rotated: client.attributes.rotated().cloned(),
            rotated_expires_at: client.attributes.time(attribute::ROTATED_EXPIRES),
        })
    }

    async fn regenerate(&self, id: &ClientId) -> Result<Secret> {
        let client = self.with_secret(id, Operation::RegenerateSecret).await?;
        let made = self.ask(Operation::RegenerateSecret, id, true, |state, realm| {
            state.regenerate_secret(&Caller::Root, realm, &client.id)
        });
        made.await.map(|value| Self::secret_of(&value))
    }

    async fn end_rotated(&self, id: &ClientId) -> Result<bool> {
        let client = self.with_secret(id, Operation::EndRotatedSecret).await?;
        // The server answers the same whether there was one or not.
        if client.attributes.rotated().is_none() {
            return Ok(false);
        }
        let ended = self.ask(Operation::EndRotatedSecret, id, true, |state, realm| {
            state.end_rotated_secret(&Caller::Root, realm, &client.id)
        });
        ended.await.map(|()| true)
    }

    async fn accepts(&self, id: &ClientId, secret: &Secret) -> Result<bool> {
        let mut form = Form::default();
        for (name, value) in
            [("client_id", id.as_str()), ("client_secret", secret.expose()), ("token", "probe")]
        {
            form.fields.insert(name.to_owned(), value.to_owned());
        }
        match self.ask(Operation::Introspect, id, false, |state, realm| state.introspect(realm, &form)).await
        {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("bad_credentials") => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn overlaps(&self, id: &ClientId) -> Result<bool> {
        let rotates = self.ask(Operation::ReadPolicies, id, false, |state, realm| {
            state.realm(realm)?;
            Ok(state.rotates(realm, id.as_str()))
        });
        rotates.await
    }
}
