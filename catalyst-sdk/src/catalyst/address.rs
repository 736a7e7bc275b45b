//! Where a database is, for a driver to read.

use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result, Secret};

const OPEN: &str = "open database";

pub(super) struct Address {
    pub(super) name: String,
    pub(super) url: Option<Secret>,
    pub(super) max_connections: Option<u32>,
    pub(super) warm_query: Option<String>,
}

impl Address {
    /// The driver's options. Its error is not kept: it repeats what it could not read, which may hold a password.
    pub(super) fn options<O: FromStr>(&self) -> Result<O> {
        let bad =
            |help: String| Error::new(ErrorKind::Config, OPEN).with_target(self.name.clone()).with_help(help);
        let missing = || bad(format!("no address for it: set DATABASE_URL, or databases.{}.url", self.name));
        let example = "postgres://host:5432/database?sslmode=verify-full";
        let url = self.url.as_ref().ok_or_else(missing)?;
        url.expose()
            .parse()
            .map_err(|_quoting| bad(format!("its address cannot be read; expected like {example}")))
    }
}
