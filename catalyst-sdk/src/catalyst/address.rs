//! Where a database is, for a driver to read.

use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result, Secret};

const OPEN: &str = "open database";

pub(super) struct Address {
    pub(super) name: String,
    pub(super) url: Option<Secret>,
    #[cfg_attr(
        not(any(feature = "sqlx", feature = "deadpool", feature = "mongodb")),
        allow(dead_code, reason = "only pools have a size")
    )]
    pub(super) max_connections: Option<u32>,
    #[cfg_attr(
        not(any(feature = "sqlx", feature = "deadpool")),
        allow(dead_code, reason = "only databases of SQL want it")
    )]
    pub(super) warm_query: Option<String>,
}

impl Address {
    /// The driver's options. Its error is not kept: it repeats what it could not read, which may hold a password.
    #[cfg_attr(
        not(any(feature = "sqlx", feature = "deadpool")),
        allow(dead_code, reason = "only databases of SQL want it")
    )]
    pub(super) fn options<O: FromStr>(&self) -> Result<O> {
        let read = self.text()?.expose().parse();
        read.map_err(|_quoting| self.unreadable("postgres://host:5432/database?sslmode=verify-full"))
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
}
