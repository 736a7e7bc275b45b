//! ClickHouse.

use catalyst_core::{Error, ErrorKind, Result};
use clickhouse::Client;
use url::Url;

use super::Catalyst;
use super::address::Address;
use crate::pool::clickhouse::{ClickHouseConnector, RotatingClickHouse};

impl Catalyst {
    /// The ClickHouse that the application calls `name`, as a client whose user is followed from here on: the one in
    /// the secret `databases.NAME.secret_path`, or in the secret `name`. The address is that of its HTTP interface,
    /// with `?database=` where it is not the user's default. Asking again gives the same client.
    ///
    /// # Errors
    /// What is missing or wrong in the configuration or the secret, or the database's refusal.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn clickhouse(&self, name: &str) -> Result<RotatingClickHouse> {
        let start = async {
            let (target, database) = (self.target(name)?, self.0.config.database(name));
            let connector = ClickHouseConnector::new(client(&self.address(name))?);
            let users = self.stored_login(&database, database.secret_path.as_deref().unwrap_or(name))?;
            RotatingClickHouse::builder(users, connector).policy(target.policy).start().await
        };
        self.0.pools.clickhouse.get(name, Box::pin(start)).await
    }
}

fn client(address: &Address) -> Result<Client> {
    let unreadable = || address.unreadable("https://host:8443/?database=metrics");
    // The parser's error is not kept: it may repeat what it could not read.
    let mut url: Url = address.text()?.expose().parse().map_err(|_quoting| unreadable())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(unreadable());
    }
    let database = url.query_pairs().find(|(key, _)| key == "database").map(|(_, name)| name.into_owned());
    url.set_query(None);
    if url.set_username("").and_then(|()| url.set_password(None)).is_err() {
        return Err(unreadable());
    }
    // The driver panics where the machine has none, even without TLS.
    if rustls_native_certs::load_native_certs().certs.is_empty() {
        let help =
            "the machine has no certificate authorities, which the driver wants: install ca-certificates";
        return Err(Error::new(ErrorKind::Config, "open database")
            .with_target(address.name.clone())
            .with_help(help));
    }
    let client = Client::default().with_url(url);
    Ok(match database {
        Some(database) => client.with_database(database),
        None => client,
    })
}
