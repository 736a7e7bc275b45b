//! Where a database is, for a driver to read.

use std::path::PathBuf;

use catalyst_core::{Error, ErrorKind, Result, Secret};

const OPEN: &str = "open database";

pub(super) struct Address {
    pub(super) name: String,
    pub(super) url: Option<Secret>,
    #[cfg_attr(
        not(any(
            feature = "bb8",
            feature = "deadpool",
            feature = "diesel",
            feature = "mysql",
            feature = "sqlx",
            feature = "mongodb"
        )),
        allow(dead_code, reason = "only pools have a size")
    )]
    pub(super) max_connections: Option<u32>,
    #[cfg_attr(
        not(any(
            feature = "bb8",
            feature = "deadpool",
            feature = "diesel",
            feature = "mysql",
            feature = "sqlx"
        )),
        allow(dead_code, reason = "only databases of SQL want it")
    )]
    pub(super) ca_file: Option<PathBuf>,
}

impl Address {
    /// The driver's options. Its error is not kept: it repeats what it could not read, which may hold a password.
    /// `example` shows what was expected.
    #[cfg(any(feature = "mysql", feature = "sqlx"))]
    pub(super) fn options<O: std::str::FromStr>(&self, example: &str) -> Result<O> {
        self.text()?.expose().parse().map_err(|_quoting| self.unreadable(example))
    }

    /// The options of tokio-postgres, which knows no `verify-full` and no `verify-ca`: our TLS checks authority and name
    /// wherever it is demanded. So one address serves every driver.
    #[cfg(any(feature = "bb8", feature = "deadpool", feature = "diesel"))]
    pub(super) fn checked_options(&self) -> Result<tokio_postgres::Config> {
        let text = self.text()?.expose().replace("sslmode=verify-full", "sslmode=require");
        let text = Secret::from(text.replace("sslmode=verify-ca", "sslmode=require"));
        text.expose().parse().map_err(|_quoting| self.unreadable(POSTGRES))
    }

    /// The address as it is configured.
    pub(super) fn text(&self) -> Result<&Secret> {
        let help = || format!("no address for it: set DATABASE_URL, or databases.{}.url", self.name);
        self.url.as_ref().ok_or_else(|| self.bad(help()))
    }

    pub(super) fn unreadable(&self, example: &str) -> Error {
        self.bad(format!("its address cannot be read; expected like {example}"))
    }

    fn bad(&self, help: String) -> Error {
        Error::new(ErrorKind::Config, OPEN).with_target(self.name.clone()).with_help(help)
    }

    /// The limits of a pool that has no options of its own.
    #[cfg(any(feature = "bb8", feature = "deadpool", feature = "diesel"))]
    pub(super) fn limits(&self) -> crate::pool::PoolLimits {
        let mut limits = crate::pool::PoolLimits::default();
        if let Some(most) = self.max_connections.and_then(|most| usize::try_from(most).ok()) {
            limits.max_size = most;
        }
        limits
    }

    /// How the server's certificate is checked, where the driver does not read the file itself.
    #[cfg(any(feature = "bb8", feature = "deadpool", feature = "diesel"))]
    pub(super) fn tls(&self) -> Result<catalyst_core::tls::TlsConfig> {
        let tls = catalyst_core::tls::TlsConfig::new();
        match &self.ca_file {
            Some(file) => tls.ca_pem(&super::builder::read(file)?),
            None => Ok(tls),
        }
    }
}

/// As errors show what an address looks like.
#[cfg(any(feature = "bb8", feature = "deadpool", feature = "diesel", feature = "sqlx"))]
pub(super) const POSTGRES: &str = "postgres://host:5432/database?sslmode=verify-full";
#[cfg(feature = "mysql")]
pub(super) const MYSQL: &str = "mysql://host:3306/database?ssl-mode=VERIFY_IDENTITY";

#[cfg(all(test, feature = "deadpool"))]
mod tests {
    use super::*;
    use tokio_postgres::config::SslMode;

    #[test]
    fn an_address_whose_server_is_to_be_checked_suits_every_driver() {
        for (mode, demanded) in [
            ("verify-full", SslMode::Require),
            ("verify-ca", SslMode::Require),
            ("disable", SslMode::Disable),
        ] {
            let url = Some(format!("postgres://db:5432/app?sslmode={mode}").into());
            let address = Address { name: "app".to_owned(), url, max_connections: None, ca_file: None };
            assert_eq!(address.checked_options().unwrap().get_ssl_mode(), demanded);
        }
    }
}
