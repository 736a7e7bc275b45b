//! Databases through sqlx.

use catalyst_core::Result;

use super::Catalyst;
use crate::pool::sqlx::Sqlx;

impl Catalyst {
    /// The database that the application calls `name`, as a pool with a live user that rotates from here on. Asking
    /// again gives the same pool.
    ///
    /// # Errors
    /// What is missing or wrong in the configuration, OpenBao's refusal of the role, or the database's.
    ///
    /// # Cancel safety
    /// Safe: a user that was made is given back.
    #[cfg(feature = "sqlx")]
    pub async fn postgres(&self, name: &str) -> Result<crate::pool::sqlx::RotatingPgPool> {
        let start = async {
            let place = self.place(name)?;
            let mut connect: sqlx::postgres::PgConnectOptions =
                place.address.options(super::address::POSTGRES)?;
            if let Some(file) = &place.address.ca_file {
                connect = connect.ssl_root_cert(file);
            }
            let driver = Sqlx::sized(connect, place.address.max_connections);
            place.start(driver).await
        };
        self.0.pools.sqlx.get(name, Box::pin(start)).await
    }

    /// The database of MySQL or MariaDB that the application calls `name`, as a pool with a live user that rotates from
    /// here on. Asking again gives the same pool.
    ///
    /// # Errors
    /// What is missing or wrong in the configuration, OpenBao's refusal of the role, or the database's.
    ///
    /// # Cancel safety
    /// Safe: a user that was made is given back.
    #[cfg(feature = "mysql")]
    pub async fn mysql(&self, name: &str) -> Result<crate::pool::sqlx::RotatingMySqlPool> {
        let start = async {
            let place = self.place(name)?;
            let mut connect: sqlx::mysql::MySqlConnectOptions =
                place.address.options(super::address::MYSQL)?;
            if let Some(file) = &place.address.ca_file {
                connect = connect.ssl_ca(file);
            }
            let driver = Sqlx::sized(connect, place.address.max_connections);
            place.start(driver).await
        };
        self.0.pools.mysql.get(name, Box::pin(start)).await
    }
}
