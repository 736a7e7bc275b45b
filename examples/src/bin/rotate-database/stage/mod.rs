//! Where the run takes place: the fakes in this process, or the real servers.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Secret;
use catalyst_openbao::DynamicCredentials;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use tokio::time::{Instant, sleep};

use crate::database::Database;
use crate::options::{Options, Pool};
use crate::orders::Orders;

mod fake;
mod live;

use fake::Fake;
use live::Live;

/// Anything that stops a run before it has a result.
pub(crate) type Broken = Box<dyn std::error::Error + Send + Sync>;

/// How long a server may take to drop users that were given back.
const PATIENCE: Duration = Duration::from_secs(5);

/// The role at OpenBao.
const ROLE: &str = "orders-rw";
/// The database user whose password never changes.
const FIXED_USER: &str = "fixed";

/// The servers.
pub(crate) enum Stage {
    Fake(Fake),
    Live(Box<Live>),
}

/// Where the database is, and how the user logs in whose password never changes.
pub(crate) struct Address {
    pub port: u16,
    pub database: &'static str,
    pub user: &'static str,
    pub password: Secret,
}

impl Stage {
    pub(crate) async fn start(options: &Options) -> Result<Self, Broken> {
        Ok(if options.live {
            Self::Live(Box::new(Live::start(options).await?))
        } else {
            Self::Fake(Fake::start(options).await?)
        })
    }

    fn users(&self) -> Result<Arc<dyn DynamicCredentials>, Broken> {
        match self {
            Self::Fake(fake) => fake.users(),
            Self::Live(live) => live.users(),
        }
    }

    fn address(&self) -> Address {
        match self {
            Self::Fake(fake) => fake.address(),
            Self::Live(live) => live.address(),
        }
    }

    /// The rotating pool.
    pub(crate) async fn orders(&self, options: &Options) -> Result<Orders, Broken> {
        let (users, role) = (self.users()?, ROLE.parse()?);
        let address = self.address();
        Ok(match options.pool {
            Pool::Sqlx => {
                use catalyst_sdk::pool::sqlx::RotatingPgPool;
                let builder = RotatingPgPool::builder(users, role, address.for_sqlx());
                Orders::Sqlx(builder.pool_options(size(options)).start().await?)
            }
            Pool::Deadpool => {
                use catalyst_sdk::pool::deadpool::{PoolLimits, RotatingDeadpool};
                let mut limits = PoolLimits::default();
                limits.max_size = options.pool_size.into();
                let builder = RotatingDeadpool::builder(users, role, address.for_tokio_postgres());
                Orders::Deadpool(builder.limits(limits).start().await?)
            }
        })
    }

    /// The same pool of the driver alone, as large, warm, on the credential that never changes.
    pub(crate) async fn fixed(&self, options: &Options) -> Result<Arc<dyn Database>, Broken> {
        let address = self.address();
        match options.pool {
            Pool::Sqlx => {
                let pool = size(options).connect_with(address.for_sqlx()).await?;
                let mut warm = Vec::new();
                for _ in 0..options.pool_size {
                    warm.push(pool.acquire().await?);
                }
                drop(warm);
                Ok(Arc::new(pool))
            }
            Pool::Deadpool => {
                use deadpool_postgres::{Manager, Pool};
                let manager = Manager::new(address.for_tokio_postgres(), tokio_postgres::NoTls);
                let pool = Pool::builder(manager).max_size(options.pool_size.into()).build()?;
                let mut warm = Vec::new();
                for _ in 0..options.pool_size {
                    warm.push(pool.get().await?);
                }
                drop(warm);
                Ok(Arc::new(pool))
            }
        }
    }

    /// The users that OpenBao has made and that the database has now.
    pub(crate) async fn made_users(&self) -> Result<Vec<String>, Broken> {
        match self {
            Self::Fake(fake) => Ok(fake.made_users()),
            Self::Live(live) => live.made_users().await,
        }
    }

    /// How many of them stay, although all were given back.
    pub(crate) async fn users_left(&self) -> Result<usize, Broken> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = self.made_users().await?.len();
            if left == 0 || Instant::now() >= deadline {
                return Ok(left);
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn stop(self) -> Result<(), Broken> {
        match self {
            Self::Fake(fake) => {
                fake.stop().await;
                Ok(())
            }
            Self::Live(live) => live.stop().await,
        }
    }
}

/// 128 bits, for one run.
fn password() -> Secret {
    Secret::from(format!("{:032x}", fastrand::u128(..)))
}

fn size(options: &Options) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(options.pool_size.into())
}

impl Address {
    fn for_sqlx(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .database(self.database)
            .ssl_mode(PgSslMode::Disable)
            .username(self.user)
            .password(self.password.expose())
    }

    fn for_tokio_postgres(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(self.port).dbname(self.database);
        config.ssl_mode(tokio_postgres::config::SslMode::Disable);
        config.user(self.user).password(self.password.expose());
        config
    }
}
