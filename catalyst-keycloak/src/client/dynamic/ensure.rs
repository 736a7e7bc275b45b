//! One run of `ensure` by dynamic registration.

use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, Secret};

use super::DynamicRegistrar;
use super::registrar::Registered;
use crate::client::plan;
use crate::client::representation::Representation;
use crate::client::{Authentication, ClientSpec, Outcome, Registration};
use crate::operation::Operation;
use crate::refusal::SERVICE;

/// How often it looks again after another process changed the client.
const ROUNDS: u32 = 3;

/// How long it waits for the answer of a faster process to be kept.
const CROSSING: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
];

pub(super) struct Ensuring<'a> {
    registrar: &'a DynamicRegistrar,
    spec: &'a ClientSpec,
    reads: u32,
    writes: u32,
}

/// What the client is read and changed with.
struct Key {
    token: Secret,
    /// The version of what is kept; `None` for a service account's token, which does not change.
    version: Option<u64>,
}

impl<'a> Ensuring<'a> {
    pub(super) fn new(registrar: &'a DynamicRegistrar, spec: &'a ClientSpec) -> Self {
        Self { registrar, spec, reads: 0, writes: 0 }
    }

    pub(super) async fn run(mut self) -> Result<Registration> {
        if !self.spec.roles.is_empty() {
            return Err(self.unsupported("client roles"));
        }
        let body = plan::create(self.spec)?;
        for _ in 0..ROUNDS {
            let kept = self.registrar.store().load(&self.spec.id).await?;
            if let Some((kept, version)) = &kept {
                if kept.owner != self.spec.owner {
                    return Err(self.not_owned(kept.owner.as_str()));
                }
                let key = Key { token: kept.token.clone(), version: Some(*version) };
                match self.read(&key.token).await {
                    Ok(found) => match self.converge(&found.client, &key).await {
                        // Another process was faster; look again.
                        Err(error) if error.code() == Some("invalid_token") => continue,
                        result => return result,
                    },
                    Err(error) if error.kind() == ErrorKind::Unauthenticated => {}
                    Err(error) => return Err(error),
                }
                // Another process may have changed the client, and the token with it.
                let again = self.registrar.store().load(&self.spec.id).await?;
                if again.map(|(_, version)| version) != Some(*version) {
                    continue;
                }
            }
            // It is not there as far as we know, was removed, or its token was lost: the server tells which.
            let version = kept.map(|(_, version)| version);
            let refused = match self.create(&body, version).await {
                Err(error) if matches!(error.code(), Some("already_exists" | "initial_token_used_up")) => {
                    error
                }
                result => return result,
            };
            if self.kept_by_another(version).await? {
                continue;
            }
            return match refused.code() {
                Some("already_exists") => self.administer(version).await,
                _ => Err(refused),
            };
        }
        Err(self.registrar.lost(Operation::UpdateRegistration, &self.spec.id))
    }

    /// Whether another process, which was faster, keeps the token that it got. Its answer and ours may cross.
    async fn kept_by_another(&self, version: Option<u64>) -> Result<bool> {
        for pause in CROSSING {
            let kept = self.registrar.store().load(&self.spec.id).await?;
            if kept.map(|(_, version)| version) != version {
                return Ok(true);
            }
            tokio::time::sleep(pause).await;
        }
        Ok(false)
    }

    async fn read(&mut self, token: &Secret) -> Result<Registered> {
        self.reads += 1;
        self.registrar.read(&self.spec.id, token).await
    }

    async fn create(
        &mut self,
        body: &serde_json::Map<String, serde_json::Value>,
        version: Option<u64>,
    ) -> Result<Registration> {
        self.writes += 1;
        let registered = self.registrar.register(&self.spec.id, body).await?;
        if let Some(token) = registered.registration_access_token {
            self.registrar.keep(&self.spec.id, &self.spec.owner, token, version).await?;
        }
        self.check_scopes(&registered.client)?;
        Ok(self.finish(Outcome::Created, Vec::new(), registered.client.secret))
    }

    /// There is a client whose token nobody kept. A service account may be allowed to change it all the same.
    async fn administer(&mut self, version: Option<u64>) -> Result<Registration> {
        let lost = || match version {
            Some(_) => self.registrar.lost(Operation::ReadRegistration, &self.spec.id),
            None => self.registrar.lost(Operation::Register, &self.spec.id),
        };
        let Some(token) = self.registrar.access().administration().await? else { return Err(lost()) };
        let found = match self.registrar.read(&self.spec.id, &token).await {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(lost()),
            found => found?,
        };
        self.reads += 1;
        self.converge(&found.client, &Key { token, version: None }).await
    }

    async fn converge(&mut self, current: &Representation, key: &Key) -> Result<Registration> {
        self.check_scopes(current)?;
        let Some(patch) = plan::converge(self.spec, current, false)? else {
            return Ok(self.finish(Outcome::Unchanged, Vec::new(), current.secret.clone()));
        };
        self.writes += 1;
        let updated = match self.registrar.update(&self.spec.id, &key.token, &patch.body).await {
            Err(error) if error.outcome_unknown() => self.after_lost_answer(key, error).await?,
            updated => updated?,
        };
        if let (Some(token), Some(version)) = (updated.registration_access_token, key.version) {
            self.registrar.keep(&self.spec.id, &self.spec.owner, token, Some(version)).await?;
        }
        Ok(self.finish(Outcome::Updated, patch.changes, updated.client.secret))
    }

    /// The old token tells: if it still works, nothing happened. If it does not, the new one was in the lost answer.
    async fn after_lost_answer(&mut self, key: &Key, error: Error) -> Result<Registered> {
        match self.read(&key.token).await {
            // A service account's token always works; what is true is what it reads.
            Ok(found) if key.version.is_none() => Ok(found),
            Err(refused) if refused.kind() == ErrorKind::Unauthenticated => {
                let lost = || self.registrar.lost(Operation::UpdateRegistration, &self.spec.id);
                let token = self.registrar.access().administration().await?.ok_or_else(lost)?;
                match self.registrar.read(&self.spec.id, &token).await {
                    Err(refused) if refused.kind() == ErrorKind::PermissionDenied => Err(lost()),
                    found => found,
                }
            }
            _ => Err(error),
        }
    }

    /// Scopes are assigned by administrators; those that the realm gives every client are there anyway.
    fn check_scopes(&self, client: &Representation) -> Result<()> {
        let default = client.texts("defaultClientScopes");
        let optional = client.texts("optionalClientScopes");
        let missing =
            self.spec.default_scopes.iter().find(|scope| !default.contains(&scope.as_str())).or_else(|| {
                self.spec.optional_scopes.iter().find(|scope| !optional.contains(&scope.as_str()))
            });
        match missing {
            None => Ok(()),
            Some(scope) => Err(self.unsupported(&format!("the client scope {scope:?}"))),
        }
    }

    fn finish(&self, outcome: Outcome, changes: Vec<String>, secret: Option<Secret>) -> Registration {
        let secret = secret.filter(|_| matches!(self.spec.authentication, Authentication::Secret));
        if outcome != Outcome::Unchanged {
            tracing::info!(client = %self.spec.id, ?outcome, ?changes, "client registered dynamically");
        }
        Registration { outcome, changes, reads: self.reads, writes: self.writes, secret }
    }

    fn unsupported(&self, what: &str) -> Error {
        Error::new(ErrorKind::InvalidRequest, "ensure client")
            .with_service(SERVICE)
            .with_target(self.spec.id.as_str())
            .with_code("unsupported_by_registration")
            .with_help(format!(
                "dynamic registration has no say over {what}; register the client as an administrator, or have one add that"
            ))
    }

    fn not_owned(&self, owner: &str) -> Error {
        Error::new(ErrorKind::Conflict, "ensure client")
            .with_service(SERVICE)
            .with_target(self.spec.id.as_str())
            .with_code("not_owned")
            .with_help(format!(
                "the client belongs to {owner}; give it up there, or choose another client id"
            ))
    }
}
