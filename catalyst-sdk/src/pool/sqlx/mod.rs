//! A rotating pool of sqlx: change one line, keep the queries.
//!
//! | pool | feature | for |
//! | --- | --- | --- |
//! | [`RotatingPgPool`] | `sqlx` | PostgreSQL |
//! | [`RotatingMySqlPool`] | `mysql` | MySQL and MariaDB |

mod connection;
mod database;
mod driver;
mod executor;
mod pem;
mod pool;

pub use connection::{ConnectionGuard, PoolCheckout, RotatingTransaction};
pub use database::SqlxDatabase;
pub use driver::{ConnectOptionsOf, Sqlx};
#[cfg(feature = "mysql")]
pub use pool::{MySqlCheckout, MySqlRotatingTransaction, RotatingMySqlPool, RotatingMySqlPoolBuilder};
#[cfg(feature = "sqlx")]
pub use pool::{PgCheckout, PgRotatingTransaction, RotatingPgPool, RotatingPgPoolBuilder};
