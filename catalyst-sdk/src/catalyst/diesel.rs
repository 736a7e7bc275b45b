//! Databases through diesel-async.

use catalyst_core::Result;

use super::Catalyst;
use crate::pool::diesel::{Diesel, RotatingDiesel};

impl Catalyst {
    /// The database that the application calls `name`, as a pool of diesel-async with a live user that rotates
    /// from here on. Asking again gives the same pool.
    ///
    /// # Errors
    /// What is missing or wrong in the configuration, OpenBao's refusal of the role, or the database's.
    ///
    /// # Cancel safety
    /// Safe: a user that was made is given back.
    pub async fn postgres_diesel(&self, name: &str) -> Result<RotatingDiesel> {
        let start = async {
            let place = self.place(name)?;
            let address = &place.address;
            let driver = Diesel::new(address.checked_options()?, address.limits(), address.tls()?);
            place.start(driver).await
        };
        self.0.pools.diesel.get(name, Box::pin(start)).await
    }
}
