//! The two queries of the load, on each kind of pool.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_sdk::pool::deadpool::RotatingDeadpool;
use catalyst_sdk::pool::sqlx::RotatingPgPool;
use sqlx::error::DatabaseError;

/// What a query said when it failed, as its driver words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure(pub String);

/// A pool that the load can use.
#[async_trait]
pub(crate) trait Database: Send + Sync + 'static {
    /// Reads a table, so that it notices at once when the user has lost its rights.
    async fn short(&self) -> Result<(), Failure>;

    /// The same, and keeps its connection for [`LONG`].
    async fn long(&self) -> Result<(), Failure>;
}

/// How long a long query takes on the server.
pub(crate) const LONG: Duration = Duration::from_millis(800);

pub(crate) const SHORT_SQL: &str = "select count(*) from orders";
pub(crate) const LONG_SQL: &str = "select count(*) from orders, pg_sleep($1)";

/// One in so many queries is long.
pub(crate) const ONE_IN: u32 = 20;

/// The same lines for the driver's own pool and for the one that rotates: that is the point.
macro_rules! with_sqlx {
    ($pool:ty) => {
        #[async_trait]
        impl Database for $pool {
            async fn short(&self) -> Result<(), Failure> {
                let _orders: i64 = sqlx::query_scalar(SHORT_SQL).fetch_one(self).await?;
                Ok(())
            }

            async fn long(&self) -> Result<(), Failure> {
                let query = sqlx::query_scalar(LONG_SQL).bind(LONG.as_secs_f64());
                let _orders: i64 = query.fetch_one(self).await?;
                Ok(())
            }
        }
    };
}

macro_rules! with_deadpool {
    ($pool:ty) => {
        #[async_trait]
        impl Database for $pool {
            async fn short(&self) -> Result<(), Failure> {
                let client = self.get().await?;
                let statement = client.prepare_cached(SHORT_SQL).await?;
                client.query_one(&statement, &[]).await?;
                Ok(())
            }

            async fn long(&self) -> Result<(), Failure> {
                let client = self.get().await?;
                let statement = client.prepare_cached(LONG_SQL).await?;
                client.query_one(&statement, &[&LONG.as_secs_f64()]).await?;
                Ok(())
            }
        }
    };
}

with_sqlx!(sqlx::PgPool);
with_sqlx!(RotatingPgPool);
with_deadpool!(deadpool_postgres::Pool);
with_deadpool!(RotatingDeadpool);

impl Failure {
    /// A query that got no answer at all.
    pub(crate) fn silence(after: Duration) -> Self {
        Self(format!("no answer within {} s", after.as_secs()))
    }

    fn new(error: &(dyn std::error::Error + 'static), code: Option<&str>) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause.filter(|_| text.len() < 400) {
            let more = error.to_string();
            if !text.contains(&more) {
                text = format!("{text}: {more}");
            }
            cause = error.source();
        }
        if let Some(code) = code {
            text = format!("{text} (SQLSTATE {code})");
        }
        Self(text.chars().take(500).collect())
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::new(&error, error.as_database_error().and_then(DatabaseError::code).as_deref())
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::new(&error, error.code().map(tokio_postgres::error::SqlState::code))
    }
}

impl From<deadpool_postgres::PoolError> for Failure {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => Self::from(error),
            other => Self::new(&other, None),
        }
    }
}

impl From<catalyst_sdk::Error> for Failure {
    fn from(error: catalyst_sdk::Error) -> Self {
        Self::new(&error, None)
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
