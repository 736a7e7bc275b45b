//! MongoDB and FerretDB.

use catalyst_core::Result;
use mongodb::options::{ClientOptions, Tls, TlsOptions};

use super::Catalyst;
use crate::pool::mongodb::{MongoConnector, RotatingMongo};

impl Catalyst {
    /// The MongoDB or FerretDB that the application calls `name`, as a client whose user is followed from here on: the
    /// one in the secret `databases.NAME.secret_path`, or in the secret `name`. Asking again gives the same client.
    ///
    /// # Errors
    /// What is missing or wrong in the configuration or the secret, or the database's refusal.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn mongodb(&self, name: &str) -> Result<RotatingMongo> {
        let start = async {
            let (target, database) = (self.target(name)?, self.0.config.database(name));
            let address = &self.address(name);
            // The driver's error is not kept: it may repeat what it could not read.
            let options = ClientOptions::parse(address.text()?.expose()).await;
            let mut options =
                options.map_err(|_quoting| address.unreadable("mongodb://host:27017/?tls=true"))?;
            if let Some(file) = &database.ca_file {
                let mut tls = match options.tls.take() {
                    Some(Tls::Enabled(tls)) => tls,
                    _ => TlsOptions::default(),
                };
                tls.ca_file_path = Some(file.clone());
                options.tls = Some(Tls::Enabled(tls));
            }
            options.max_pool_size = address.max_connections.or(options.max_pool_size);
            let users = self.stored_login(&database, database.secret_path.as_deref().unwrap_or(name))?;
            RotatingMongo::builder(users, MongoConnector::new(options)).policy(target.policy).start().await
        };
        self.0.pools.mongodb.get(name, Box::pin(start)).await
    }
}
