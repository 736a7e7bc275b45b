//! Databases through deadpool-postgres.

use catalyst_core::Result;

use super::Catalyst;
use crate::pool::deadpool::{Deadpool, RotatingDeadpool};

impl Catalyst {
    /// The database that the application calls `name`, as a pool of deadpool-postgres with a live user that rotates
    /// from here on. Asking again gives the same pool.
    ///
    /// # Errors
    /// What is missing or wrong in the configuration, OpenBao's refusal of the role, or the database's.
    ///
    /// # Cancel safety
    /// Safe: a user that was made is given back.
    pub async fn postgres_deadpool(&self, name: &str) -> Result<RotatingDeadpool> {
        let start = async {
            let place = self.place(name)?;
            let address = &place.address;
            let driver = Deadpool::new(address.checked_options()?, address.limits(), address.tls()?);
            place.start(driver).await
        };
        self.0.pools.deadpool.get(name, Box::pin(start)).await
    }
}
