//! One of them.

use std::fmt;

use serde::Serialize;

use super::{MySqlTarget, OtherTarget, PostgresTarget, ValkeyTarget};

/// A database of any kind.
#[derive(Clone, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ConnectionTarget {
    /// PostgreSQL.
    PostgreSql(PostgresTarget),
    /// MySQL or MariaDB.
    MySql(MySqlTarget),
    /// Valkey or Redis.
    Valkey(ValkeyTarget),
    /// Another one, by the name of its plugin.
    Other(OtherTarget),
}

impl ConnectionTarget {
    /// The plugin of the server that speaks to it.
    pub fn plugin(&self) -> &str {
        match self {
            Self::PostgreSql(_) => "postgresql-database-plugin",
            Self::MySql(_) => "mysql-database-plugin",
            Self::Valkey(target) => target.plugin(),
            Self::Other(target) => target.plugin.as_str(),
        }
    }
}

impl fmt::Debug for ConnectionTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PostgreSql(target) => target.fmt(f),
            Self::MySql(target) => target.fmt(f),
            Self::Valkey(target) => target.fmt(f),
            Self::Other(target) => target.fmt(f),
        }
    }
}

macro_rules! from {
    ($($variant:ident($target:ty))*) => {$(
        impl From<$target> for ConnectionTarget {
            fn from(target: $target) -> Self {
                Self::$variant(target)
            }
        }
    )*};
}

from! {
    PostgreSql(PostgresTarget)
    MySql(MySqlTarget)
    Valkey(ValkeyTarget)
    Other(OtherTarget)
}
