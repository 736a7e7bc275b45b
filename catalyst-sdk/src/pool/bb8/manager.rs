//! bb8-postgres' managers with TLS and without, as one type.

use std::fmt;

use bb8::ManageConnection;
use bb8_postgres::PostgresConnectionManager;
use tokio_postgres::{Client, Config, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Makes the connections of one generation.
pub struct Manager(Transport);

enum Transport {
    Plain(PostgresConnectionManager<NoTls>),
    Tls(PostgresConnectionManager<MakeRustlsConnect>),
}

impl Manager {
    pub(super) fn new(database: Config, tls: Option<MakeRustlsConnect>) -> Self {
        Self(match tls {
            None => Transport::Plain(PostgresConnectionManager::new(database, NoTls)),
            Some(tls) => Transport::Tls(PostgresConnectionManager::new(database, tls)),
        })
    }
}

impl ManageConnection for Manager {
    type Connection = Client;
    type Error = Error;

    async fn connect(&self) -> Result<Client, Error> {
        match &self.0 {
            Transport::Plain(manager) => manager.connect().await,
            Transport::Tls(manager) => manager.connect().await,
        }
    }

    async fn is_valid(&self, client: &mut Client) -> Result<(), Error> {
        client.check_connection().await
    }

    fn has_broken(&self, client: &mut Client) -> bool {
        client.is_closed()
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Transport::Plain(_) => "Manager(plain)",
            Transport::Tls(_) => "Manager(TLS)",
        })
    }
}
