//! The languages of statements.

/// In which language a database takes its statements, as far as they can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQL of PostgreSQL.
    PostgreSql,
    /// SQL of MySQL and MariaDB.
    MySql,
    /// Rules of access control lists, of Valkey and Redis.
    Valkey,
}

impl Dialect {
    /// That of a plugin of the server; none if statements for it cannot be checked.
    pub fn of_plugin(name: &str) -> Option<Self> {
        match name {
            "postgresql-database-plugin" => Some(Self::PostgreSql),
            "mysql-database-plugin"
            | "mysql-aurora-database-plugin"
            | "mysql-rds-database-plugin"
            | "mysql-legacy-database-plugin" => Some(Self::MySql),
            "valkey-database-plugin" | "redis-database-plugin" => Some(Self::Valkey),
            _ => None,
        }
    }
}
