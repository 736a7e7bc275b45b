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
pub struct DatabaseCredentials(RoleLease);

impl DatabaseCredentials {
    /// Users of `role`, made by `database`.
    pub fn new(database: Arc<dyn DynamicCredentials>, role: RoleName) -> Self {
        Self(RoleLease::new(database, role))
    }
}

impl Source for DatabaseCredentials {
    type Value = Credentials;
    type Grant = Lease<Credentials>;

    fn name(&self) -> &str {
        self.0.name()
    }

    async fn issue(&self) -> Result<Granted<Self::Grant>> {
        self.0.issue().await
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
        self.0.renew(lease).await
    }

    async fn idle(&self, _value: &Credentials) {}

    fn end(&self, _value: &Credentials, _why: &Error) {}

    async fn revoke(&self, lease: &Self::Grant) -> Result<()> {
        self.0.revoke(lease).await
    }

    fn backing(&self, lease: &Self::Grant) -> Backing {
        RoleLease::backing(lease)
    }

    async fn backing_changed(&self, lease: &Self::Grant, seen: Backing) {
        RoleLease::backing_changed(lease, seen).await;
    }
}

/// The lease half of a source: everything but what is made of the credential.
#[derive(Debug)]
pub(crate) struct RoleLease {
    database: Arc<dyn DynamicCredentials>,
    role: RoleName,
    name: String,
}

impl RoleLease {
    pub(crate) fn new(database: Arc<dyn DynamicCredentials>, role: RoleName) -> Self {
        let name = role.to_string();
        Self { database, role, name }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn issue(&self) -> Result<Granted<Lease<Credentials>>> {
        let lease = self.database.issue(&self.role).await?;
        let term = Term { issued_at: lease.issued_at, ttl: lease.term.ttl, renewable: lease.term.renewable };
        let label = lease.value.username.clone();
        Ok(Granted { grant: lease, term, label })
    }

    pub(crate) async fn renew(&self, lease: &Lease<Credentials>) -> Result<Term> {
        let issued_at = Instant::now();
        let term = self.database.renew(&lease.id, None).await?;
        Ok(Term { issued_at, ttl: term.ttl, renewable: term.renewable })
    }

    pub(crate) async fn revoke(&self, lease: &Lease<Credentials>) -> Result<()> {
        self.database.revoke(&lease.id).await
    }

    /// A lease dies with the session that asked for it.
    pub(crate) fn backing(lease: &Lease<Credentials>) -> Backing {
        backing(lease.session.state())
    }

    pub(crate) async fn backing_changed(lease: &Lease<Credentials>, seen: Backing) {
        let mut watch = lease.session.changed();
        // Subscribed first, so a change between the look and the wait is not missed.
        while Self::backing(lease) == seen {
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
