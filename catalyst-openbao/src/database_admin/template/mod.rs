//! Roles whose statements are right: each passes the checks, and was tried on the real database.

mod identifier;
mod mysql;
mod postgres;
mod valkey;

pub use mysql::{MySqlFlavor, MySqlRole};
pub use postgres::PostgresRole;
pub use valkey::ValkeyRole;
