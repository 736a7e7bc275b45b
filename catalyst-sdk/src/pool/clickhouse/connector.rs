//! A client of ClickHouse as one user, and what the server's refusals mean.

use catalyst_core::{Error, ErrorKind, Result, RetryAdvice};
use catalyst_openbao::Credentials;
use clickhouse::Client;
use clickhouse::error::Error as Met;

use crate::pool::{ClientConnector, Connector, Refusal, Warmth};

/// Clients like the given one. User and password are replaced by each credential's; connections are shared by all, for
/// they belong to no user.
#[derive(Clone, Debug)]
pub struct ClickHouseConnector {
    client: Client,
}

impl ClickHouseConnector {
    /// Clients like `client`, which has the address, the database, and the settings.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl Connector for ClickHouseConnector {
    type Pool = Client;

    async fn open(&self, credentials: &Credentials, _warmth: Warmth) -> Result<Client> {
        let client = self.client.clone();
        let client = client.with_user(&*credentials.username).with_password(credentials.password.expose());
        // Proves the credential.
        let ping = client.query("SELECT 1").execute().await;
        let failed = |error| failed(error, "connect to ClickHouse").with_target(credentials.username.clone());
        ping.map(|()| client).map_err(failed)
    }

    fn size(&self, _client: &Client) -> usize {
        1
    }

    async fn close(&self, _client: &Client) {
        // There is nothing to close: connections belong to no user.
    }

    fn end(&self, _client: &Client, _why: &Error) {}
}

impl ClientConnector for ClickHouseConnector {
    type Error = Met;

    fn refusal(error: &Met) -> Refusal {
        refusal(error)
    }

    fn explain(error: Met) -> Error {
        failed(error, "use ClickHouse")
    }
}

/// What the driver's error says about the credential.
fn refusal(error: &Met) -> Refusal {
    match code(error) {
        // UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED
        Some(192..=194 | 516) => Refusal::Login,
        // ACCESS_DENIED
        Some(497) => Refusal::Permission,
        _ => Refusal::None,
    }
}

/// The number of the server's exception: its text begins with `Code: 516.`
fn code(error: &Met) -> Option<u32> {
    let Met::BadResponse(text) = error else { return None };
    let (_, rest) = text.split_once("Code: ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

/// The driver's error as ours. Its text is the server's own, which names no password.
fn failed(error: Met, operation: &'static str) -> Error {
    let (kind, help) = match (refusal(&error), &error) {
        (Refusal::Login, _) => (ErrorKind::Unauthenticated, "the database does not accept the user (yet)"),
        (Refusal::Permission, _) => (ErrorKind::PermissionDenied, "the user lacks a grant"),
        (_, Met::Network(_)) => (ErrorKind::Connect, "no connection to the database"),
        (_, Met::TimedOut) => (ErrorKind::Timeout, "no answer in time"),
        (_, Met::InvalidParams(_) | Met::Unsupported(_)) => (ErrorKind::Config, "the settings cannot work"),
        _ => (ErrorKind::InvalidRequest, "the database refused, or its answer was not what was expected"),
    };
    let advice = match kind {
        ErrorKind::Unauthenticated | ErrorKind::Connect | ErrorKind::Timeout => RetryAdvice::Backoff,
        _ => RetryAdvice::Never,
    };
    Error::new(kind, operation).with_help(help).with_retry(advice).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Met {
        Met::BadResponse(text.to_owned())
    }

    #[test]
    fn the_number_of_the_exception_tells_a_refused_login_from_a_missing_grant() {
        let login = "Code: 516. DB::Exception: default: Authentication failed: password is incorrect, or there is no \
                     user with such name. (AUTHENTICATION_FAILED) (version 25.3.2.39)";
        assert_eq!(refusal(&said(login)), Refusal::Login);
        assert_eq!(refusal(&said("Code: 497. DB::Exception: Not enough privileges")), Refusal::Permission);
        assert_eq!(refusal(&said("Code: 60. DB::Exception: Unknown table")), Refusal::None);
        assert_eq!(refusal(&said("Code: ")), Refusal::None);
        assert_eq!(refusal(&Met::TimedOut), Refusal::None);
        assert_eq!(failed(said(login), "x").kind(), ErrorKind::Unauthenticated);
    }
}
