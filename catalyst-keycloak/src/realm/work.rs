//! One run of an `ensure`: what it asks and writes is counted, and a stale token is replaced once.

use catalyst_core::http::Method;
use catalyst_core::{ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{RealmAdmin, RealmChange};
use crate::Outcome;
use crate::operation::Operation;
use crate::transport::{AdminPath, Answer, Call};

/// How often something is read again that others change at the same time.
pub(super) const ROUNDS: u32 = 3;

/// A run, with what it cost so far.
pub(super) struct Work<'a> {
    pub(super) admin: &'a RealmAdmin,
    pub(super) changes: Vec<String>,
    target: String,
    reads: u32,
    writes: u32,
    renewed: bool,
}

impl<'a> Work<'a> {
    /// A run that errors report as being about `what` in the realm.
    pub(super) fn new(admin: &'a RealmAdmin, what: &str) -> Self {
        let target = match what {
            "" => format!("realm {}", admin.name),
            what => format!("{what} in realm {}", admin.name),
        };
        Self { admin, changes: Vec::new(), target, reads: 0, writes: 0, renewed: false }
    }

    /// A path below the realm.
    pub(super) fn path(&self, segments: &[&str]) -> AdminPath {
        segments.iter().fold(self.admin.path(), |path, segment| path.then(segment))
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &mut self,
        operation: Operation,
        path: &AdminPath,
        query: &[(&str, &str)],
    ) -> Result<T> {
        let mut url = self.admin.api.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.reads += 1;
        let call = Call::new(operation, Method::Get, url, self.target.clone());
        self.send(&call).await?.json()
    }

    /// `None` for what is not there. A realm that is not there is still an error.
    pub(super) async fn find<T: DeserializeOwned>(
        &mut self,
        operation: Operation,
        path: &AdminPath,
    ) -> Result<Option<T>> {
        match self.get(operation, path, &[]).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == ErrorKind::NotFound && error.code() != Some("realm_not_found") => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Writes; repeated when nobody knows whether it took effect, for every write here is the same twice as once, or
    /// is then told that the thing exists.
    pub(super) async fn write(
        &mut self,
        operation: Operation,
        method: Method,
        path: &AdminPath,
        body: &impl Serialize,
    ) -> Result<Answer> {
        let url = self.admin.api.url(path);
        let call = Call::new(operation, method, url, self.target.clone()).json(body)?;
        self.writes += 1;
        self.send(&call).await
    }

    /// Removes; what is not there is a success. Returns whether it was there.
    pub(super) async fn delete(&mut self, operation: Operation, path: &AdminPath) -> Result<bool> {
        self.writes += 1;
        let url = self.admin.api.url(path);
        match self.send(&Call::new(operation, Method::Delete, url, self.target.clone())).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound && error.code() != Some("realm_not_found") => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Replaces the token once in a run: roles that were given after it was made are not in it. Returns whether it
    /// did.
    pub(super) async fn renew_token(&mut self) -> Result<bool> {
        if self.renewed {
            return Ok(false);
        }
        self.renewed = true;
        self.admin.api.renew_token().await?;
        Ok(true)
    }

    async fn send(&mut self, call: &Call) -> Result<Answer> {
        match self.admin.api.send(call).await {
            Err(error) if error.kind() == ErrorKind::PermissionDenied && self.renew_token().await? => {
                self.admin.api.send(call).await
            }
            answer => answer,
        }
    }

    /// Notes a difference that is about to be written.
    pub(super) fn note(&mut self, change: impl Into<String>) {
        self.changes.push(change.into());
    }

    pub(super) fn finish(self, created: bool) -> RealmChange {
        let outcome = match (created, self.changes.is_empty()) {
            (true, _) => Outcome::Created,
            (false, false) => Outcome::Updated,
            (false, true) => Outcome::Unchanged,
        };
        if outcome != Outcome::Unchanged {
            tracing::info!(target = self.target, ?outcome, changes = ?self.changes, "set up");
        }
        RealmChange { outcome, changes: self.changes, reads: self.reads, writes: self.writes }
    }
}
