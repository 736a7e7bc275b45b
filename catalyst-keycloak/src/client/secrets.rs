//! Secrets through the Admin REST API.

use async_trait::async_trait;
use catalyst_core::http::Method;
use catalyst_core::{Error, ErrorKind, Result, Secret, retry};
use serde::Deserialize;
use serde_json::Value;

use super::representation::Representation;
use super::{AdminRegistrar, ClientSecrets, SecretPair, attribute};
use crate::form::Form;
use crate::operation::Operation;
use crate::refusal::SERVICE;
use crate::transport::{AdminPath, Call};
use crate::{ClientId, Realm};

/// `CredentialRepresentation`.
#[derive(Deserialize)]
struct Credential {
    value: Secret,
}

#[async_trait]
impl ClientSecrets for AdminRegistrar {
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
        let path = self.clients().then(&client.id).then("client-secret");
        let call = self.call(Operation::RegenerateSecret, Method::Post, &path, id).once();
        let made = self.api.send(&call).await?.json::<Credential>();
        // It was made, whatever the answer looks like.
        Ok(made.map_err(Error::with_outcome_unknown)?.value)
    }

    async fn end_rotated(&self, id: &ClientId) -> Result<bool> {
        let client = self.with_secret(id, Operation::EndRotatedSecret).await?;
        // The server answers the same whether there was one or not.
        if client.attributes.rotated().is_none() {
            return Ok(false);
        }
        let path = self.clients().then(&client.id).then("client-secret").then("rotated");
        self.api.send(&self.call(Operation::EndRotatedSecret, Method::Delete, &path, id)).await?;
        Ok(true)
    }

    async fn accepts(&self, id: &ClientId, secret: &Secret) -> Result<bool> {
        // Introspection asks for the client's proof and nothing else: no service account, no user, no session.
        let realm = Realm::new(self.realm.clone(), self.api.server.as_str())?;
        let form = Form::new()
            .field("client_id", id.as_str())
            .secret("client_secret", secret)
            .field("token", "catalyst-probe");
        let url = realm.endpoint("protocol/openid-connect/token/introspect");
        let target = format!("{id} in realm {}", self.realm);
        let call = Call::new(Operation::Introspect, Method::Post, url, target).form(&form);
        let asked = retry(&self.api.retry, &self.api.budget, call.idempotency, |_attempt| {
            self.api.transport.exchange(&call, None)
        });
        match asked.await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("bad_credentials") => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn overlaps(&self, id: &ClientId) -> Result<bool> {
        let path = AdminPath::realm(&self.realm).then("client-policies");
        let read = |list: &str| self.call(Operation::ReadPolicies, Method::Get, &path.clone().then(list), id);
        let profiles: Profiles = self.api.send(&read("profiles")).await?.json()?;
        let rotating: Vec<_> = profiles.profiles.iter().filter(|profile| profile.rotates()).collect();
        if rotating.is_empty() {
            return Ok(false);
        }
        let policies: Policies = self.api.send(&read("policies")).await?.json()?;
        Ok(policies.policies.iter().any(|policy| {
            policy.enabled
                && policy.conditions.iter().all(Condition::holds_for_confidential_clients)
                && rotating.iter().any(|profile| policy.profiles.contains(&profile.name))
        }))
    }
}

impl AdminRegistrar {
    async fn with_secret(&self, id: &ClientId, operation: Operation) -> Result<Representation> {
        let client = self.representation(id).await?.ok_or_else(|| self.not_found(operation, id))?;
        let by_secret =
            client.fields.get("clientAuthenticatorType").and_then(Value::as_str) == Some("client-secret");
        if !by_secret || client.is("publicClient") {
            return Err(self.no_secret(operation, id));
        }
        Ok(client)
    }

    fn no_secret(&self, operation: Operation, id: &ClientId) -> Error {
        Error::new(ErrorKind::InvalidRequest, operation.name())
            .with_service(SERVICE)
            .with_target(format!("{id} in realm {}", self.realm))
            .with_code("no_secret")
            .with_help("the client does not authenticate with a secret")
    }
}

#[derive(Deserialize)]
struct Profiles {
    #[serde(default)]
    profiles: Vec<PolicyProfile>,
}

#[derive(Deserialize)]
struct PolicyProfile {
    name: String,
    #[serde(default)]
    executors: Vec<Executor>,
}

#[derive(Deserialize)]
struct Executor {
    #[serde(default)]
    executor: String,
}

impl PolicyProfile {
    fn rotates(&self) -> bool {
        self.executors.iter().any(|executor| executor.executor == "secret-rotation")
    }
}

#[derive(Deserialize)]
struct Policies {
    #[serde(default)]
    policies: Vec<Policy>,
}

#[derive(Deserialize)]
struct Policy {
    #[serde(default)]
    enabled: bool,
    #[serde(default)]
    conditions: Vec<Condition>,
    #[serde(default)]
    profiles: Vec<String>,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(default)]
    condition: String,
    #[serde(default)]
    configuration: Value,
}

impl Condition {
    /// Whether every client with a secret meets it. One that we do not know may not hold: the caller then refuses
    /// to rotate, which is safe.
    fn holds_for_confidential_clients(&self) -> bool {
        match self.condition.as_str() {
            "any-client" => true,
            "client-access-type" => {
                let types = self.configuration.get("type").and_then(Value::as_array);
                types.is_some_and(|types| types.iter().any(|kind| kind == "confidential"))
            }
            _ => false,
        }
    }
}
