//! What differs between the databases of sqlx: how a login is set, and what an error says.

use catalyst_core::Result;
use sqlx::Database;
use sqlx::error::DatabaseError;

use super::driver::ConnectOptionsOf;
use crate::pool::{Proof, Refusal};

/// A database of sqlx that can be logged in to as others say. Sealed: PostgreSQL, and MySQL with MariaDB.
pub trait SqlxDatabase: Database + Sized + sealed::Sealed {
    /// `options` for a login by `proof`.
    ///
    /// # Errors
    /// [`Config`](catalyst_core::ErrorKind::Config) if the options forbid it.
    fn log_in(options: ConnectOptionsOf<Self>, proof: Proof<'_>) -> Result<ConnectOptionsOf<Self>>;

    /// Runs a query for nothing but its effect.
    fn run(connection: &mut Self::Connection, query: &str) -> impl Future<Output = sqlx::Result<()>> + Send;
}

mod sealed {
    pub trait Sealed {}
    #[cfg(feature = "sqlx")]
    impl Sealed for sqlx::Postgres {}
    #[cfg(feature = "mysql")]
    impl Sealed for sqlx::MySql {}
}

#[cfg(feature = "sqlx")]
impl SqlxDatabase for sqlx::Postgres {
    fn log_in(options: ConnectOptionsOf<Self>, proof: Proof<'_>) -> Result<ConnectOptionsOf<Self>> {
        use sqlx::postgres::PgSslMode;
        Ok(match proof {
            Proof::Password(user) => options.username(&user.username).password(user.password.expose()),
            Proof::Certificate(identity) => {
                // Without TLS nothing is presented, and with a server that is not checked anybody could ask for it.
                if !matches!(options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull) {
                    return Err(unchecked("sslmode=verify-full"));
                }
                let svid = identity.svid();
                options
                    .ssl_client_cert_from_pem(super::pem::certificates(svid.chain()))
                    .ssl_client_key_from_pem(super::pem::private_key(svid.private_key()).expose())
            }
        })
    }

    async fn run(connection: &mut sqlx::PgConnection, query: &str) -> sqlx::Result<()> {
        // The application's own constant.
        sqlx::query(sqlx::AssertSqlSafe(query)).execute(connection).await.map(drop)
    }
}

#[cfg(feature = "mysql")]
impl SqlxDatabase for sqlx::MySql {
    fn log_in(options: ConnectOptionsOf<Self>, proof: Proof<'_>) -> Result<ConnectOptionsOf<Self>> {
        use sqlx::mysql::MySqlSslMode;
        Ok(match proof {
            Proof::Password(user) => options.username(&user.username).password(user.password.expose()),
            Proof::Certificate(identity) => {
                let svid = identity.svid();
                // The options do not tell their mode; this is the one that checks name and authority.
                options
                    .ssl_mode(MySqlSslMode::VerifyIdentity)
                    .ssl_client_cert_from_pem(super::pem::certificates(svid.chain()))
                    .ssl_client_key_from_pem(super::pem::private_key(svid.private_key()).expose())
            }
        })
    }

    async fn run(connection: &mut sqlx::MySqlConnection, query: &str) -> sqlx::Result<()> {
        // The application's own constant.
        sqlx::query(sqlx::AssertSqlSafe(query)).execute(connection).await.map(drop)
    }
}

#[cfg(feature = "sqlx")]
fn unchecked(needed: &str) -> catalyst_core::Error {
    catalyst_core::Error::new(catalyst_core::ErrorKind::Config, "open connection pool")
        .with_help(format!("a login by identity needs a server that is checked: set {needed}"))
}

/// What the database's refusal says about the credential: by number for MySQL and MariaDB, whose SQLSTATE says less,
/// else by SQLSTATE.
pub(super) fn refusal(error: &dyn DatabaseError) -> Refusal {
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return Refusal::from_mysql(error.number());
    }
    error.code().as_deref().map_or(Refusal::None, Refusal::from_sqlstate)
}
