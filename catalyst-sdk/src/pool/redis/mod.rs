//! A rotating client of Valkey, on the crate `redis`.

mod connection;
mod connector;
mod valkey;

pub use connection::ValkeyConnection;
pub use connector::ValkeyConnector;
pub use valkey::{RotatingValkey, RotatingValkeyBuilder};
