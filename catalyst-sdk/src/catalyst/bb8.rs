//! Databases through bb8-postgres.

use catalyst_core::Result;

use super::Catalyst;
use crate::pool::bb8::{Bb8, RotatingBb8};

impl Catalyst {
    /// The database that the application calls `name`, as a pool of bb8-postgres with a live user that rotates
    /// from here on. Asking again gives the same pool.
    ///
    /// # Errors
    /// What is missing or wrong in the configuration, OpenBao's refusal of the role, or the database's.
    ///
    /// # Cancel safety
    /// Safe: a user that was made is given back.
    pub async fn postgres_bb8(&self, name: &str) -> Result<RotatingBb8> {
        let start = async {
            let place = self.place(name)?;
            let address = &place.address;
            let driver = Bb8::new(address.checked_options()?, address.limits(), address.tls()?);
            place.start(driver).await
        };
        self.0.pools.bb8.get(name, Box::pin(start)).await
    }
}
