//! Connecting to MongoDB as one user, and what its refusals mean.

use std::fmt;

use catalyst_core::{Error, ErrorKind, Result, RetryAdvice};
use catalyst_openbao::Credentials;
use mongodb::Client;
use mongodb::bson::doc;
use mongodb::error::ErrorKind as Met;
use mongodb::options::ClientOptions;

use crate::pool::{ClientConnector, Connector, Refusal, Warmth};

/// Connects to one deployment. User and password in its options are replaced by each credential's; the database that
/// knows the user, and the mechanism, are kept.
#[derive(Clone)]
pub struct MongoConnector {
    options: ClientOptions,
}

impl MongoConnector {
    /// The deployment of these options, in which TLS and the size of the pool stand too.
    pub fn new(options: ClientOptions) -> Self {
        Self { options }
    }
}

impl Connector for MongoConnector {
    type Pool = Client;

    async fn open(&self, credentials: &Credentials, _warmth: Warmth) -> Result<Client> {
        let mut options = self.options.clone();
        let mut credential = options.credential.take().unwrap_or_default();
        credential.username = Some(credentials.username.clone());
        credential.password = Some(credentials.password.expose().to_owned());
        options.credential = Some(credential);
        let failed = |error| failed(error, "connect to MongoDB").with_target(credentials.username.clone());
        let client = Client::with_options(options).map_err(failed)?;
        // Nothing is connected before the first command, which proves the credential too.
        match client.database("admin").run_command(doc! { "ping": 1 }).await {
            Ok(_) => Ok(client),
            Err(error) => {
                client.shutdown().immediate(true).await;
                Err(failed(error))
            }
        }
    }

    /// The driver does not say how many connections it has; it opens them as they are wanted.
    fn size(&self, _client: &Client) -> usize {
        1
    }

    /// Waits for cursors, sessions and uploads that outlive the call that made them.
    async fn close(&self, client: &Client) {
        client.clone().shutdown().await;
    }

    fn end(&self, _client: &Client, _why: &Error) {
        // The driver's end is asynchronous; the connections end with the user.
    }
}

impl ClientConnector for MongoConnector {
    type Error = mongodb::error::Error;

    fn refusal(error: &mongodb::error::Error) -> Refusal {
        refusal(error)
    }

    fn explain(error: mongodb::error::Error) -> Error {
        failed(error, "use MongoDB")
    }
}

impl fmt::Debug for MongoConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.options.hosts.iter().map(ToString::to_string).collect();
        f.debug_struct("MongoConnector").field("hosts", &hosts).finish_non_exhaustive()
    }
}

/// What the driver's error says about the credential.
fn refusal(error: &mongodb::error::Error) -> Refusal {
    match &*error.kind {
        // Met while a connection is made, before the command is sent.
        Met::Authentication { .. } => Refusal::Login,
        Met::Command(command) => match command.code {
            // AuthenticationFailed, UserNotFound
            18 | 11 => Refusal::Login,
            // Unauthorized
            13 => Refusal::Permission,
            // InternalError
            1 => of_backend(&command.message),
            _ => Refusal::None,
        },
        _ => Refusal::None,
    }
}

/// FerretDB 1 hands user and password on to PostgreSQL, and says what that answered in the words of Go's driver:
/// `… (SQLSTATE 28P01)`.
fn of_backend(words: &str) -> Refusal {
    let state = words.rsplit_once("(SQLSTATE ").and_then(|(_, rest)| rest.get(..5));
    state.map_or(Refusal::None, Refusal::from_sqlstate)
}

/// The driver's error as ours. Its text is the server's own, which names no password.
fn failed(error: mongodb::error::Error, operation: &'static str) -> Error {
    let (kind, help) = match refusal(&error) {
        Refusal::Login => (ErrorKind::Unauthenticated, "the database does not accept the user (yet)"),
        Refusal::Permission => (ErrorKind::PermissionDenied, "the user lacks a role"),
        // The driver keeps only the words of why no server could be selected.
        Refusal::None if error.to_string().contains("invalid peer certificate") => {
            (ErrorKind::Tls, "no secure connection to the database: check its CA and name")
        }
        Refusal::None => match &*error.kind {
            Met::Io(_) | Met::ServerSelection { .. } | Met::ConnectionPoolCleared { .. } => {
                (ErrorKind::Connect, "no connection to the database")
            }
            Met::InvalidTlsConfig { .. } => (ErrorKind::Config, "the settings for TLS cannot work"),
            Met::InvalidArgument { .. } => (ErrorKind::Config, "the options cannot work"),
            Met::Shutdown => (ErrorKind::Closed, "the client was shut down"),
            _ => (ErrorKind::InvalidRequest, "the database refused"),
        },
    };
    let advice = match kind {
        ErrorKind::Unauthenticated | ErrorKind::Connect | ErrorKind::Tls => RetryAdvice::Backoff,
        _ => RetryAdvice::Never,
    };
    Error::new(kind, operation).with_help(help).with_retry(advice).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_of_ferretdbs_backend_is_read_from_its_words() {
        let words = "[opendb.go:110 pool.checkConnection] failed to connect to `user=orders-1 database=app`: failed SASL \
                     auth: FATAL: password authentication failed for user \"orders-1\" (SQLSTATE 28P01)";
        assert_eq!(of_backend(words), Refusal::Login);
        assert_eq!(of_backend("permission denied for schema app (SQLSTATE 42501)"), Refusal::Permission);
        for other in ["", "(SQLSTATE ", "(SQLSTATE 28", "relation does not exist (SQLSTATE 42P01)"] {
            assert_eq!(of_backend(other), Refusal::None, "{other}");
        }
    }
}
