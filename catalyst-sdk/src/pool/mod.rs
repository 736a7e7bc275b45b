//! Connection pools whose credential rotates: one pool per generation.
//!
//! The next pool is opened and warmed to the size of the one in use before it takes its place; whoever waits for a
//! connection of the old one moves over; the old user is given back when the last connection has come home, or
//! shortly before its lease ends.
//!
//! | pool | feature | accepted where |
//! | --- | --- | --- |
//! | [`RotatingPgPool`](sqlx::RotatingPgPool) | `sqlx` | a `&PgPool` is: it is an `Executor` and an `Acquire` |
//! | [`RotatingMySqlPool`](sqlx::RotatingMySqlPool) | `mysql` | a `&MySqlPool` is; MySQL and MariaDB |
//! | [`RotatingDeadpool`](deadpool::RotatingDeadpool) | `deadpool` | `get()` gives a client with the driver's methods |
//! | [`RotatingBb8`](bb8::RotatingBb8) | `bb8` | the same |
//! | [`RotatingDiesel`](diesel::RotatingDiesel) | `diesel` | `&mut *connection` is an `AsyncPgConnection` |
//! | [`RotatingValkey`](redis::RotatingValkey) | `redis` | a `&mut ConnectionManager` is: it is a `ConnectionLike` |
//! | [`RotatingMongo`](mongodb::RotatingMongo) | `mongodb` | `run()` and `checkout()` give the driver's client |
//! | [`RotatingClickHouse`](clickhouse::RotatingClickHouse) | `clickhouse` | the same |
//!
//! Each logs in as users that OpenBao makes (`builder`), or without any password by our SVID as client certificate
//! (`by_identity`): then a generation is an SVID, and connections turn over as SVIDs do.
//!
//! All are a [`RotatingPool`] over a [`Driver`]; for a pool that the SDK does not know, implement that, or a
//! [`Connector`] where the pool is not one of connections that are taken out.
//!
//! Valkey, MongoDB and ClickHouse have clients that all calls share, where a database of SQL has connections that are
//! taken out: there a call in flight is what keeps its generation. See [`RotatingClient`].

#[cfg(feature = "bb8")]
pub mod bb8;
mod checkout;
#[cfg(feature = "clickhouse")]
pub mod clickhouse;
mod client;
mod connector;
#[cfg(feature = "deadpool")]
pub mod deadpool;
#[cfg(feature = "diesel")]
pub mod diesel;
mod driver;
#[cfg(any(
    feature = "bb8",
    feature = "deadpool",
    feature = "diesel",
    feature = "mysql",
    feature = "redis",
    feature = "sqlx"
))]
mod handshake;
mod identity;
mod limits;
#[cfg(feature = "mongodb")]
pub mod mongodb;
mod opener;
#[cfg(any(feature = "bb8", feature = "deadpool", feature = "diesel"))]
mod postgres;
#[cfg(feature = "redis")]
pub mod redis;
mod refusal;
mod rotating;
mod source;
#[cfg(any(feature = "mysql", feature = "sqlx"))]
pub mod sqlx;
mod users;

pub use checkout::Checkout;
pub use client::{ClientConnector, RotatingClient, RotatingClientBuilder};
pub use connector::{Connector, Warmth};
pub use driver::{Driver, DriverError, PinnedIdentity, Proof};
pub use limits::PoolLimits;
pub use opener::Opener;
pub use refusal::{Refusal, Refusals};
pub use rotating::{Login, RotatingPool, RotatingPoolBuilder};
pub use source::PoolSource;
pub use users::Users;
