//! A pool as a rotating value.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, Result};
use catalyst_openbao::{Credentials, DynamicCredentials, RoleName};

use super::{Connector, Warmth};
use crate::rotation::{Backing, Granted, Source, Term};
use crate::sources::DatabaseCredentials;

/// Rotates the pools of a [`Connector`], each with a database user of its own, which `S` provides.
#[derive(Debug)]
pub struct PoolSource<C, S = DatabaseCredentials> {
    users: S,
    connector: C,
    pace: Option<Duration>,
}

/// The least pause between two connections of a pool that is being warmed.
const PACE: Duration = Duration::from_millis(10);
/// The pause that is taken where there is time. A login costs both sides milliseconds of hashing (SCRAM), which the
/// queries beside it should not feel.
const EASY_PACE: Duration = Duration::from_millis(100);

/// As many connections as the pool in use has, evenly over most of the time there is; the rest is for the logins
/// themselves.
pub(super) fn warmth(connections: usize, within: Duration, least_pace: Option<Duration>) -> Warmth {
    let share = within / 5 * 4 / u32::try_from(connections.max(1)).unwrap_or(u32::MAX);
    Warmth::new(connections, share.min(EASY_PACE).max(least_pace.unwrap_or(PACE)), within)
}

impl<C: Connector> PoolSource<C> {
    /// Pools of `connector` that log in as users of `role`, made by `database`.
    pub fn new(database: Arc<dyn DynamicCredentials>, role: RoleName, connector: C) -> Self {
        Self::of(DatabaseCredentials::new(database, role), connector)
    }
}

impl<C: Connector, S: Source<Value = Credentials>> PoolSource<C, S> {
    /// Pools of `connector` that log in as `users`.
    pub fn of(users: S, connector: C) -> Self {
        Self { users, connector, pace: None }
    }

    /// The least pause between two connections while the next pool is warmed. Default: 10 ms; up to 100 ms are taken
    /// where there is time.
    #[must_use]
    pub fn warm_pace(mut self, pace: Duration) -> Self {
        self.pace = Some(pace);
        self
    }
}

impl<C: Connector, S: Source<Value = Credentials>> Source for PoolSource<C, S> {
    type Value = C::Pool;
    type Grant = S::Grant;

    fn name(&self) -> &str {
        self.users.name()
    }

    async fn issue(&self) -> Result<Granted<Self::Grant>> {
        self.users.issue().await
    }

    async fn prepare(
        &self,
        grant: &Self::Grant,
        previous: Option<&C::Pool>,
        within: Duration,
    ) -> Result<C::Pool> {
        let credentials = self.users.prepare(grant, None, within).await?;
        let connections = previous.map_or(1, |pool| self.connector.size(pool));
        self.connector.open(&credentials, warmth(connections, within, self.pace)).await
    }

    async fn renew(&self, grant: &Self::Grant) -> Result<Term> {
        self.users.renew(grant).await
    }

    async fn idle(&self, pool: &C::Pool) {
        self.connector.close(pool).await;
    }

    fn end(&self, pool: &C::Pool, why: &Error) {
        self.connector.end(pool, why);
    }

    async fn revoke(&self, grant: &Self::Grant) -> Result<()> {
        self.users.revoke(grant).await
    }

    fn backing(&self, grant: &Self::Grant) -> Backing {
        self.users.backing(grant)
    }

    async fn backing_changed(&self, grant: &Self::Grant, seen: Backing) {
        self.users.backing_changed(grant, seen).await;
    }

    fn issues_anew(&self) -> bool {
        self.users.issues_anew()
    }
}
