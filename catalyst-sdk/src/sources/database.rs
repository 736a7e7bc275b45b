//! A database user from OpenBao, for a driver that brings its own pool.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, Result};
use catalyst_openbao::{Credentials, DynamicCredentials, Lease, RoleName, SessionState, Standing};
use tokio::time::Instant;

use crate::rotation::{Backing, Granted, Source, Term};

/// Rotates the bare name and password of a database role. For a pool that does the swap too, see
/// [`pool`](crate::pool).
///
/// ```no_run
/// use std::sync::Arc;
/// use catalyst_openbao::DynamicCredentials;
/// use catalyst_sdk::rotation::{self, Policy};
/// use catalyst_sdk::sources::DatabaseCredentials;
///
/// # async fn example(database: Arc<dyn DynamicCredentials>) -> catalyst_sdk::Result<()> {
/// let source = DatabaseCredentials::new(database, "orders-rw".parse()?);
/// let user = rotation::start(source, Policy::default()).await?;
/// println!("connect as {}", user.current().username);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DatabaseCredentials {
    database: Arc<dyn DynamicCredentials>,
    role: RoleName,
    name: String,
}

impl DatabaseCredentials {
    /// Users of `role`, made by `database`.
    pub fn new(database: Arc<dyn DynamicCredentials>, role: RoleName) -> Self {
        let name = role.to_string();
        Self { database, role, name }
    }
}

impl Source for DatabaseCredentials {
    type Value = Credentials;
    type Grant = Lease<Credentials>;

    fn name(&self) -> &str {
        &self.name
    }

    async fn issue(&self) -> Result<Granted<Self::Grant>> {
        let lease = self.database.issue(&self.role).await?;
        let term = Term { issued_at: lease.issued_at, ttl: lease.term.ttl, renewable: lease.term.renewable };
        let label = lease.value.username.clone();
        Ok(Granted { grant: lease, term, label })
    }

    async fn prepare(
        &self,
        lease: &Self::Grant,
        _previous: Option<&Credentials>,
        _within: Duration,
    ) -> Result<Credentials> {
        Ok(lease.value.clone())
    }

    async fn renew(&self, lease: &Self::Grant) -> Result<Term> {
        let issued_at = Instant::now();
        let term = self.database.renew(&lease.id, None).await?;
        Ok(Term { issued_at, ttl: term.ttl, renewable: term.renewable })
    }

    async fn idle(&self, _value: &Credentials) {}

    fn end(&self, _value: &Credentials, _why: &Error) {}

    async fn revoke(&self, lease: &Self::Grant) -> Result<()> {
        self.database.revoke(&lease.id).await
    }

    /// A lease dies with the session that asked for it.
    fn backing(&self, lease: &Self::Grant) -> Backing {
        backing(lease.session.state())
    }

    async fn backing_changed(&self, lease: &Self::Grant, seen: Backing) {
        let mut watch = lease.session.changed();
        // Subscribed first, so a change between the look and the wait is not missed.
        while self.backing(lease) == seen {
            watch.changed().await;
        }
    }
}

fn backing(session: SessionState) -> Backing {
    match (session.standing, session.expires_at) {
        (Standing::Lost, _) => Backing::Lost,
        (_, None) => Backing::Independent,
        (Standing::Lasting, Some(end)) => Backing::Lasting(end),
        (_, Some(end)) => Backing::Ends(end),
    }
}
