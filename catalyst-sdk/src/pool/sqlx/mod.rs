//! A rotating `PgPool`: change one line, keep the queries.

mod connection;
mod connector;
mod executor;
mod pool;

pub use connection::{PgCheckout, PgConnectionGuard, PgRotatingTransaction};
pub use connector::PgConnector;
pub use pool::{RotatingPgPool, RotatingPgPoolBuilder};
