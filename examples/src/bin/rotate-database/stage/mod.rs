//! Where the run takes place: the fakes in this process, or the real servers.
//!
//! The SPIFFE agent is a fake in both, for the real one is in no registry; it speaks the Workload API on a real socket,
//! and OpenBao checks the signature of its JWT-SVIDs.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Secret;
use catalyst_sdk::config::{Config, DatabaseConfig};
use catalyst_spiffe::mock::MockIdentity;
use catalyst_spiffe::testing::FakeAgent;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::database::{Database, SHORT_SQL};
use crate::options::{Options, Pool};

mod fake;
mod live;

use fake::Fake;
use live::Live;

/// Anything that stops a run before it has a result.
pub(crate) type Broken = Box<dyn std::error::Error + Send + Sync>;

/// The database, as the application calls it, and the role at OpenBao.
pub(crate) const ROLE: &str = "orders-rw";
/// Who we are.
const WORKLOAD: &str = "spiffe://catalyst.local/ns/shop/sa/orders";
/// Whom our JWT-SVIDs are for.
const AUDIENCE: &str = "openbao";
/// The database user whose password never changes.
const FIXED_USER: &str = "fixed";
/// How long a server may take to drop users that were given back.
const PATIENCE: Duration = Duration::from_secs(5);

/// The agent and the servers.
pub(crate) struct Stage {
    servers: Servers,
    agent: FakeAgent,
    _folder: TempDir,
}

enum Servers {
    Fake(Fake),
    Live(Box<Live>),
}

/// Where the database is, and the password of [`FIXED_USER`].
struct Address {
    port: u16,
    database: &'static str,
    password: Secret,
}

impl Stage {
    pub(crate) async fn start(options: &Options) -> Result<Self, Broken> {
        let folder = tempfile::tempdir()?;
        let identity = MockIdentity::new(WORKLOAD)?;
        let public_key = identity.jwt_public_key_pem();
        let agent = FakeAgent::serving(&folder.path().join("agent.sock"), identity).await?;
        let servers = if options.live {
            Servers::Live(Box::new(Live::start(options, &public_key).await?))
        } else {
            Servers::Fake(Fake::start(options).await?)
        };
        Ok(Self { servers, agent, _folder: folder })
    }

    /// What the platform would put into the environment of an application.
    pub(crate) fn config(&self, options: &Options) -> Config {
        let mut config = Config::default();
        config.identity.endpoint = Some(self.agent.address());
        match &self.servers {
            Servers::Fake(fake) => config.openbao.address = Some(fake.openbao()),
            Servers::Live(live) => {
                config.openbao.address = Some(live.openbao());
                config.openbao.ca_file = Some(live.ca_file());
            }
        }
        let Address { port, database, .. } = self.address();
        let mut orders = DatabaseConfig::default();
        let url = format!("postgres://127.0.0.1:{port}/{database}?sslmode=disable");
        orders.url = Some(Secret::from(url));
        orders.max_connections = Some(options.pool_size.into());
        orders.warm_query = Some(SHORT_SQL.to_owned());
        config.databases.insert(ROLE.to_owned(), orders);
        config
    }

    /// The same pool of the driver alone, as large, warm, on the credential that never changes.
    pub(crate) async fn fixed(&self, options: &Options) -> Result<Arc<dyn Database>, Broken> {
        let address = self.address();
        match options.pool {
            Pool::Sqlx => {
                let size = PgPoolOptions::new().max_connections(options.pool_size.into());
                let pool = size.connect_with(address.for_sqlx()).await?;
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
        match &self.servers {
            Servers::Fake(fake) => Ok(fake.made_users()),
            Servers::Live(live) => live.made_users().await,
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
        self.agent.stop();
        match self.servers {
            Servers::Fake(fake) => {
                fake.stop().await;
                Ok(())
            }
            Servers::Live(live) => live.stop().await,
        }
    }

    fn address(&self) -> Address {
        match &self.servers {
            Servers::Fake(fake) => fake.address(),
            Servers::Live(live) => live.address(),
        }
    }
}

/// 128 bits, for one run.
fn password() -> Secret {
    Secret::from(format!("{:032x}", fastrand::u128(..)))
}

impl Address {
    fn for_sqlx(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .database(self.database)
            .ssl_mode(PgSslMode::Disable)
            .username(FIXED_USER)
            .password(self.password.expose())
    }

    fn for_tokio_postgres(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(self.port).dbname(self.database);
        config.ssl_mode(tokio_postgres::config::SslMode::Disable);
        config.user(FIXED_USER).password(self.password.expose());
        config
    }
}
