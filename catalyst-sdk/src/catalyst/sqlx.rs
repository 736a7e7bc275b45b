//! Databases through sqlx.

use catalyst_core::Result;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::Catalyst;
use crate::pool::sqlx::RotatingPgPool;

impl Catalyst {
    /// The database that the application calls `name`, as a pool with a live user that rotates from here on. Asking
    /// again gives the same pool.
    ///
    /// # Errors
    /// What is missing or wrong in the configuration, OpenBao's refusal of the role, or the database's.
    ///
    /// # Cancel safety
    /// Safe: a user that was made is given back.
    pub async fn postgres(&self, name: &str) -> Result<RotatingPgPool> {
        let start = async {
            let target = self.target(name)?;
            let connect: PgConnectOptions = target.address.options()?;
            let mut options = PgPoolOptions::new();
            if let Some(most) = target.address.max_connections {
                options = options.max_connections(most);
            }
            let mut builder = RotatingPgPool::builder(target.credentials, target.role, connect)
                .pool_options(options)
                .policy(target.policy);
            if let Some(query) = target.address.warm_query {
                builder = builder.warm_query(query);
            }
            builder.start().await
        };
        self.0.pools.sqlx.get(name, Box::pin(start)).await
    }
}
