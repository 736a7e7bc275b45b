//! Where a database is and who manages it, for each kind of database.

mod any;
mod mysql;
mod other;
mod postgres;
mod valkey;

pub use any::ConnectionTarget;
pub use mysql::MySqlTarget;
pub use other::OtherTarget;
pub use postgres::{PasswordAuthentication, PostgresTarget};
pub use valkey::ValkeyTarget;

use catalyst_core::{Error, ErrorKind};

/// Of an address that is refused before it is sent.
fn bad_address(help: &'static str) -> Error {
    Error::new(ErrorKind::Config, "read database address").with_help(help)
}
