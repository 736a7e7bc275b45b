//! The rotating pool under test, of either driver.

use std::sync::Arc;

use catalyst_sdk::pool::deadpool::RotatingDeadpool;
use catalyst_sdk::pool::sqlx::RotatingPgPool;
use catalyst_sdk::rotation::{Event, EventKind, Events, Health};
use catalyst_sdk::{Catalyst, Result};
use tokio::time::Instant;

use crate::database::{Database, Failure};
use crate::options::Pool;
use crate::stage::ROLE;
use crate::timeline::Step;

/// The pool that an application would hold.
#[derive(Clone)]
pub(crate) enum Orders {
    Sqlx(RotatingPgPool),
    Deadpool(RotatingDeadpool),
}

impl Orders {
    /// The one line that an application changes.
    pub(crate) async fn open(catalyst: &Catalyst, pool: Pool) -> Result<Self> {
        Ok(match pool {
            Pool::Sqlx => Self::Sqlx(catalyst.postgres(ROLE).await?),
            Pool::Deadpool => Self::Deadpool(catalyst.postgres_deadpool(ROLE).await?),
        })
    }

    /// As the load sees it.
    pub(crate) fn database(&self) -> Arc<dyn Database> {
        match self {
            Self::Sqlx(pool) => Arc::new(pool.clone()),
            Self::Deadpool(pool) => Arc::new(pool.clone()),
        }
    }

    /// What happens from here on.
    pub(crate) fn events(&self) -> Events {
        match self {
            Self::Sqlx(pool) => pool.events(),
            Self::Deadpool(pool) => pool.events(),
        }
    }

    pub(crate) fn health(&self) -> Health {
        match self {
            Self::Sqlx(pool) => pool.health(),
            Self::Deadpool(pool) => pool.health(),
        }
    }

    /// The user whom the database sees.
    pub(crate) async fn user(&self) -> std::result::Result<String, Failure> {
        const SQL: &str = "select current_user";
        match self {
            Self::Sqlx(pool) => Ok(sqlx::query_scalar(SQL).fetch_one(pool).await?),
            Self::Deadpool(pool) => Ok(pool.get().await?.query_one(SQL, &[]).await?.get(0)),
        }
    }
}

/// The SDK's event in the words of the timeline; none if it has no place there.
pub(crate) fn step(event: Event) -> Option<(Instant, u64, String, Step)> {
    let step = match event.kind {
        EventKind::Issued { ttl } => Step::Issued { ttl },
        EventKind::Rotated => Step::Rotated,
        EventKind::Drained => Step::Drained,
        EventKind::Ended { error } => Step::Ended { why: error.to_string() },
        EventKind::Renewed { ttl, .. } => Step::Renewed { ttl },
        EventKind::Revoked => Step::Revoked,
        EventKind::Failed { error } => Step::Failed { why: error.to_string() },
        EventKind::Recovered => Step::Recovered,
        EventKind::Missed { count } => Step::Failed { why: format!("{count} events were missed") },
        _ => return None,
    };
    Some((event.at, event.generation, event.label, step))
}
