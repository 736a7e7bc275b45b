//! Valkey.

use catalyst_core::Result;
use redis::ConnectionInfo;

use super::Catalyst;
use super::address::Address;
use super::builder::read;
use crate::pool::Users;
use crate::pool::redis::{RotatingValkey, ValkeyConnector};
use crate::sources::DatabaseCredentials;

impl Catalyst {
    /// The Valkey that the application calls `name`, as a client with a live user that rotates from here on: one that
    /// OpenBao makes, or the one in `databases.NAME.secret_path`. Several addresses with commas between them are nodes
    /// of a cluster, whose users are stored ones. Asking again gives the same client.
    ///
    /// # Errors
    /// What is missing or wrong in the configuration, OpenBao's refusal of the role, or Valkey's.
    ///
    /// # Cancel safety
    /// Safe: a user that was made is given back.
    pub async fn valkey(&self, name: &str) -> Result<RotatingValkey> {
        let start = async {
            let (target, database) = (self.target(name)?, self.0.config.database(name));
            let mut connector = connector(&self.address(name))?;
            if let Some(file) = &database.ca_file {
                connector = connector.ca_pem(read(file)?);
            }
            let users: Users = match &database.secret_path {
                Some(path) => self.stored_login(&database, path)?.into(),
                None => DatabaseCredentials::new(target.credentials, target.role).into(),
            };
            RotatingValkey::builder(users, connector).policy(target.policy).start().await
        };
        self.0.pools.valkey.get(name, Box::pin(start)).await
    }
}

fn connector(address: &Address) -> Result<ValkeyConnector> {
    let words = address.text()?.expose().split(',').map(str::trim).filter(|word| !word.is_empty());
    let nodes: Result<Vec<ConnectionInfo>, _> = words.map(str::parse).collect();
    match nodes {
        Ok(nodes) if nodes.len() > 1 => Ok(ValkeyConnector::cluster(nodes)),
        Ok(nodes) if nodes.len() == 1 => Ok(ValkeyConnector::server(nodes[0].clone())),
        // The driver's error is not kept: it may repeat what it could not read.
        Ok(_) | Err(_) => Err(address.unreadable("rediss://host:6379")),
    }
}
