//! The pool that an application holds.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use catalyst_openbao::{DynamicCredentials, RoleName};
use catalyst_spiffe::WorkloadIdentity;

use super::checkout::{self, Checkout};
use super::driver::{Driver, DriverError};
use super::identity::IdentitySource;
use super::opener::Opener;
use super::{PoolSource, Refusals};
use crate::rotation::{self, Events, Generation, Health, InUse, Policy, Rotating};

const GET: &str = "get database connection";

/// A driver's pool whose credential is replaced before it ends. Cheap to clone.
///
/// A connection keeps its generation as long as it lives. A caller that waits while the pool is swapped gets a
/// connection of the new pool. A login that the database refuses causes an early rotation, and the caller waits for it
/// within the limit for a connection.
///
/// Each driver has a name for it, such as [`RotatingPgPool`](super::sqlx::RotatingPgPool) or
/// [`RotatingDeadpool`](super::deadpool::RotatingDeadpool).
pub struct RotatingPool<D: Driver> {
    rotating: Rotating<D::Pool>,
    driver: D,
    refusals: Arc<Refusals>,
}

/// What a [`RotatingPool`] is made of.
#[must_use]
pub struct RotatingPoolBuilder<D> {
    login: Login,
    pub(super) driver: D,
    policy: Policy,
    pace: Option<Duration>,
    warm_query: Option<String>,
}

/// Where each generation's credential comes from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Login {
    /// A user that OpenBao makes.
    Role {
        /// What makes it.
        database: Arc<dyn DynamicCredentials>,
        /// By which role.
        role: RoleName,
    },
    /// Our SVID; there is no user to make and no password.
    Identity(Arc<dyn WorkloadIdentity>),
}

impl<D: Driver> RotatingPoolBuilder<D> {
    /// A pool of `driver` that logs in by `login`. The drivers that the SDK knows have shorter ways.
    pub fn new(login: Login, driver: D) -> Self {
        Self { login, driver, policy: Policy::default(), pace: None, warm_query: None }
    }

    /// When the credential is replaced, and how patiently.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The least pause between two connections while the next pool is warmed. Default: 10 ms; up to 100 ms are taken
    /// where there is time.
    pub fn warm_pace(mut self, pace: Duration) -> Self {
        self.pace = Some(pace);
        self
    }

    /// A harmless query that each new connection runs before it is used, best the application's commonest. A fresh
    /// session of PostgreSQL reads its catalogues at the first query, which takes milliseconds. It is a constant of
    /// the application, never input.
    pub fn warm_query(mut self, query: impl Into<String>) -> Self {
        self.warm_query = Some(query.into());
        self
    }

    /// Makes the first credential, connects with it, and rotates from here on.
    ///
    /// # Errors
    /// Those of [`rotation::start`]: the role, the policy, OpenBao or the database; for a login by identity those of
    /// [`WorkloadIdentity::x509`].
    ///
    /// # Cancel safety
    /// Safe: a user that was made is given back.
    pub async fn start(self) -> Result<RotatingPool<D>> {
        let Self { login, driver, policy, pace, warm_query } = self;
        let opener = Opener::new(driver.clone(), warm_query);
        let rotating = match login {
            Login::Role { database, role } => {
                let mut source = PoolSource::new(database, role, opener);
                if let Some(pace) = pace {
                    source = source.warm_pace(pace);
                }
                rotation::start(source, policy).await?
            }
            Login::Identity(identity) => {
                // The agent renews at half of an SVID's life; five sixths say that it does not.
                let policy = policy.rotate_before_if_unset(identity.x509()?.lifetime() / 6);
                rotation::start(IdentitySource::new(identity, opener, pace), policy).await?
            }
        };
        Ok(RotatingPool { rotating, driver, refusals: Arc::default() })
    }
}

impl<D: Driver> RotatingPool<D> {
    /// A connection, which keeps its generation as long as it lives.
    ///
    /// # Errors
    /// `Timeout` if there was none in time, `Connect` or `Unauthenticated` from the database, `Closed` after a
    /// shutdown.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn get(&self) -> Result<Checkout<D>> {
        match self.take().await {
            Some(Ok((connection, in_use))) => Ok(Checkout::new(connection, in_use)),
            Some(Err(error)) => Err(error.explain(GET)),
            None => Err(Error::new(ErrorKind::Closed, GET)),
        }
    }

    /// Which generation is in use.
    pub fn generation(&self) -> Generation {
        self.rotating.generation()
    }

    /// The condition, for a readiness probe.
    pub fn health(&self) -> Health {
        self.rotating.health()
    }

    /// What happens from here on.
    pub fn events(&self) -> Events {
        self.rotating.events()
    }

    /// The rotating value itself, to pin a generation's pool by hand.
    pub fn rotating(&self) -> &Rotating<D::Pool> {
        &self.rotating
    }

    /// Tells about an error that was met on a connection of this pool: a refused login, or a storm of missing rights,
    /// causes an early rotation.
    pub fn report(&self, error: &D::StatementError) {
        self.note(error, self.generation());
    }

    /// Drains the pool and gives the users back, within `limit`. Calling it again waits for the same end.
    ///
    /// # Errors
    /// `Timeout` if something was left to its TTL.
    ///
    /// # Cancel safety
    /// The shutdown goes on.
    pub async fn shutdown(&self, limit: Duration) -> Result<()> {
        self.rotating.shutdown(limit).await
    }

    /// A connection of the newest generation, and the right to keep it; none after a shutdown.
    pub(super) async fn take(&self) -> Option<Result<(D::Connection, InUse<D::Pool>), D::Error>> {
        checkout::newest(&self.driver, &self.rotating).await
    }

    /// Asks for an early rotation if `error` says that the credential is no good.
    pub(super) fn note(&self, error: &D::StatementError, generation: Generation) {
        if self.refusals.note(error.refusal()) {
            self.rotating.report_refused(generation);
        }
    }
}

impl<D: Driver> Clone for RotatingPool<D> {
    fn clone(&self) -> Self {
        let (rotating, refusals) = (self.rotating.clone(), Arc::clone(&self.refusals));
        Self { rotating, driver: self.driver.clone(), refusals }
    }
}

impl<D: Driver> fmt::Debug for RotatingPool<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RotatingPool")
            .field("driver", &self.driver)
            .field("generation", &self.generation())
            .finish_non_exhaustive()
    }
}

impl<D: fmt::Debug> fmt::Debug for RotatingPoolBuilder<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RotatingPoolBuilder")
            .field("login", &self.login)
            .field("driver", &self.driver)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
