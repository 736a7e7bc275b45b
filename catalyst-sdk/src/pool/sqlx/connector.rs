//! Opening, warming and closing a `PgPool`.

use std::future::Future;

use catalyst_core::{Error, ErrorKind, Result, RetryAdvice};
use catalyst_openbao::Credentials;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool, Postgres};
use tokio::time::{Instant, sleep, timeout};

use super::pool::refusal;
use crate::pool::{Connector, Refusal, Warmth};

/// Opens pools to one database. User and password in its options are replaced by each credential's.
#[derive(Clone, Debug)]
pub struct PgConnector {
    database: PgConnectOptions,
    pool: PgPoolOptions,
    warm_query: Option<String>,
}

impl PgConnector {
    /// Pools to `database` with these options.
    pub fn new(database: PgConnectOptions, pool: PgPoolOptions) -> Self {
        Self { database, pool, warm_query: None }
    }

    /// What each connection runs before it is used.
    #[must_use]
    pub fn warm_query(mut self, query: Option<String>) -> Self {
        self.warm_query = query;
        self
    }

    /// A connection that is ready for use.
    async fn connection(&self, pool: &PgPool) -> sqlx::Result<PoolConnection<Postgres>> {
        let mut connection = pool.acquire().await?;
        if let Some(query) = &self.warm_query {
            // The application's own constant.
            sqlx::query(AssertSqlSafe(query.as_str())).execute(&mut *connection).await?;
        }
        Ok(connection)
    }
}

impl Connector for PgConnector {
    type Pool = PgPool;

    async fn open(&self, credentials: &Credentials, warmth: Warmth) -> Result<PgPool> {
        let options =
            self.database.clone().username(&credentials.username).password(credentials.password.expose());
        let pool = self.pool.clone().connect_lazy_with(options);
        let most = usize::try_from(self.pool.get_max_connections()).unwrap_or(usize::MAX);
        let began = Instant::now();
        let wanted = warmth.connections.min(most).max(1);
        // The first connection proves the credential, within the pool's own limit.
        let first = self.connection(&pool).await.map_err(|error| {
            drop(pool.close());
            failed(error, &credentials.username)
        })?;
        // Held until the end, so that each acquire opens one more; they come home when `held` is dropped.
        let mut held = vec![first];
        while held.len() < wanted {
            sleep(warmth.pace).await;
            match timeout(warmth.within.saturating_sub(began.elapsed()), self.connection(&pool)).await {
                Ok(Ok(connection)) => held.push(connection),
                // No time left, or no room at the server while two pools are open: less warm, and no reason to stop.
                Ok(Err(_)) | Err(_) => break,
            }
        }
        tracing::debug!(wanted, warm = held.len(), elapsed = ?began.elapsed(), "pool warmed");
        Ok(pool)
    }

    fn size(&self, pool: &PgPool) -> usize {
        pool.size() as usize
    }

    fn close(&self, pool: &PgPool) -> impl Future<Output = ()> + Send {
        pool.close()
    }

    fn end(&self, pool: &PgPool, _why: &Error) {
        // Marks it closed at once; whoever still has a connection is told through the generation.
        drop(pool.close());
    }
}

/// The driver's error as ours. Its own text is kept as the source: it names the user, never the password.
fn failed(error: sqlx::Error, username: &str) -> Error {
    let (kind, help) = if refusal(&error) == Refusal::Login {
        (
            ErrorKind::Unauthenticated,
            "the database does not accept the new user (yet); is it the one OpenBao writes to?",
        )
    } else {
        match &error {
            sqlx::Error::Tls(_) => {
                (ErrorKind::Tls, "no secure connection to the database: check its CA and name")
            }
            sqlx::Error::PoolTimedOut => (ErrorKind::Timeout, "no connection to the database in time"),
            sqlx::Error::Configuration(_) => {
                (ErrorKind::Config, "the options of the database connection cannot work")
            }
            _ => (ErrorKind::Connect, "no connection to the database"),
        }
    };
    let advice = if kind == ErrorKind::Config { RetryAdvice::Never } else { RetryAdvice::Backoff };
    Error::new(kind, "open connection pool")
        .with_target(username.to_owned())
        .with_help(help)
        .with_retry(advice)
        .with_source(error)
}
