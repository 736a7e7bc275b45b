//! Connection pools whose credential rotates: one pool per generation.
//!
//! The next pool is opened and warmed to the size of the one in use before it takes its place; whoever waits for a
//! connection of the old one moves over; the old user is given back when the last connection has come home, or
//! shortly before its lease ends.
//!
//! | pool | feature | accepted where |
//! | --- | --- | --- |
//! | [`RotatingPgPool`](sqlx::RotatingPgPool) | `sqlx` | a `&PgPool` is: it is an `Executor` and an `Acquire` |
//! | [`RotatingDeadpool`](deadpool::RotatingDeadpool) | `deadpool` | `get()` gives a client with the driver's methods |
//! | [`RotatingValkey`](redis::RotatingValkey) | `redis` | a `&mut ConnectionManager` is: it is a `ConnectionLike` |
//! | [`RotatingMongo`](mongodb::RotatingMongo) | `mongodb` | `run()` and `checkout()` give the driver's client |
//! | [`RotatingClickHouse`](clickhouse::RotatingClickHouse) | `clickhouse` | the same |
//!
//! Valkey, MongoDB and ClickHouse have clients that all calls share, where a database of SQL has connections that are
//! taken out: there a call in flight is what keeps its generation. See [`RotatingClient`].

#[cfg(any(feature = "sqlx", feature = "deadpool"))]
mod checkout;
#[cfg(feature = "clickhouse")]
pub mod clickhouse;
mod client;
mod connector;
#[cfg(feature = "deadpool")]
pub mod deadpool;
#[cfg(feature = "mongodb")]
pub mod mongodb;
#[cfg(feature = "redis")]
pub mod redis;
mod refusal;
mod source;
#[cfg(feature = "sqlx")]
pub mod sqlx;
mod users;

pub use client::{ClientConnector, RotatingClient, RotatingClientBuilder};
pub use connector::{Connector, Warmth};
pub use refusal::{Refusal, Refusals};
pub use source::PoolSource;
pub use users::Users;
