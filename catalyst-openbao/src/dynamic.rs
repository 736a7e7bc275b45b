//! Credentials that the server makes for one caller and takes back.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Result, Secret};
use serde::Deserialize;

use crate::{Lease, LeaseId, LeaseTerm, RoleName};

/// A user name and its password, which belong together: replace both or neither.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Credentials {
    /// The user.
    pub username: String,
    /// Its password.
    pub password: Secret,
}

impl Credentials {
    /// A pair.
    pub fn new(username: impl Into<String>, password: Secret) -> Self {
        Self { username: username.into(), password }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Makes database users that live as long as their lease.
#[async_trait]
pub trait DynamicCredentials: fmt::Debug + Send + Sync + 'static {
    /// Makes a user for `role`.
    ///
    /// Repeated only when it is certain that the request had no effect. When no answer came, the error says
    /// [`outcome_unknown`](catalyst_core::Error::outcome_unknown): one user may then have been made that nobody
    /// knows. It ends with its term, or with the session, if the server got as far as its lease; if it did not,
    /// nothing removes the user, and only its creation statement ends it (`VALID UNTIL` in PostgreSQL). Ask for
    /// another one, as the rotation does; in a cluster that loses its leader that takes as long as the election.
    ///
    /// # Errors
    /// Codes `unknown_role`, `role_not_allowed`, `permission_denied`, `backend_down`, `sealed` and the others of
    /// the crate.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the same one user at most, and not seldom: the server then breaks off wherever it
    /// is. Let a mint end where there is a choice.
    async fn issue(&self, role: &RoleName) -> Result<Lease<Credentials>>;

    /// Prolongs a lease by `increment` from now, or by its role's default term. The server may grant less, down to
    /// what is left until the role's maximum: compare the answer's term with what was asked.
    ///
    /// # Errors
    /// Code `lease_not_found` if it has ended; `backend_down` if the database did not answer the server.
    ///
    /// # Cancel safety
    /// The lease may or may not have been prolonged.
    async fn renew(&self, lease: &LeaseId, increment: Option<Duration>) -> Result<LeaseTerm>;

    /// Ends a lease and removes its user. A lease that has ended already, or that nobody knows, is a success.
    ///
    /// # Errors
    /// Codes `backend_down` and `backend_refused` if the user could not be removed; the lease is then still there,
    /// and the server tries again at its end.
    ///
    /// # Cancel safety
    /// The lease may or may not have been ended; call it again.
    async fn revoke(&self, lease: &LeaseId) -> Result<()>;
}
