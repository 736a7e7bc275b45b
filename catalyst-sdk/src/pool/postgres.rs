//! What the pools over tokio-postgres share: the options, the login, the errors.

use std::fmt;
use std::sync::Arc;

use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result, RetryAdvice};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::driver::{DriverError, Proof};
use super::{PoolLimits, Refusal, handshake};

/// Where the database is, and how its pools are limited.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) database: Config,
    pub(super) limits: PoolLimits,
    pub(super) tls: TlsConfig,
}

impl Options {
    pub(super) fn new(database: Config) -> Self {
        Self { database, limits: PoolLimits::default(), tls: TlsConfig::new() }
    }

    /// The driver's configuration for `proof`, and TLS unless it is switched off.
    pub(super) fn log_in(&self, proof: Proof<'_>) -> Result<(Config, Option<MakeRustlsConnect>)> {
        let mut database = self.database.clone();
        database.connect_timeout(self.limits.connect);
        let mut tls = self.tls.clone();
        match proof {
            Proof::Password(credentials) => {
                database.user(&credentials.username).password(credentials.password.expose());
            }
            Proof::Certificate(identity) => {
                if database.get_ssl_mode() == SslMode::Disable {
                    return Err(Error::new(ErrorKind::Config, "open connection pool")
                        .with_help("a login by identity needs TLS: sslmode is disable"));
                }
                // Else the server could talk the driver out of TLS.
                database.ssl_mode(SslMode::Require);
                tls = tls.identity(Arc::new(identity.clone()));
            }
        }
        let tls = match database.get_ssl_mode() {
            SslMode::Disable => None,
            _ => Some(MakeRustlsConnect::new((*tls.to_rustls()?).clone())),
        };
        Ok((database, tls))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl DriverError for tokio_postgres::Error {
    fn refusal(&self) -> Refusal {
        self.code().map_or(Refusal::None, |state| Refusal::from_sqlstate(state.code()))
    }

    /// Its text names the user, never the password.
    fn explain(self, operation: &'static str) -> Error {
        let (kind, help) = match self.refusal() {
            Refusal::Login => (
                ErrorKind::Unauthenticated,
                "the database does not accept the user (yet); is it the one OpenBao writes to?",
            ),
            Refusal::Permission => {
                (ErrorKind::PermissionDenied, "the user lacks a right; see the role's statements")
            }
            Refusal::None if handshake::failed(&self) => {
                (ErrorKind::Tls, "no secure connection to the database: check its CA and name")
            }
            Refusal::None => match self.code().map(|state| state.code().get(..2).unwrap_or_default()) {
                None | Some("08") => (ErrorKind::Connect, "no connection to the database"),
                // No room, going down or coming up.
                Some("53" | "57") => (ErrorKind::Unavailable, "the database has no room or is (re)starting"),
                Some(_) => (ErrorKind::InvalidRequest, "the database refused"),
            },
        };
        let advice = match kind {
            ErrorKind::Unauthenticated | ErrorKind::Connect | ErrorKind::Unavailable | ErrorKind::Tls => {
                RetryAdvice::Backoff
            }
            _ => RetryAdvice::Never,
        };
        Error::new(kind, operation).with_help(help).with_retry(advice).with_source(self)
    }
}
