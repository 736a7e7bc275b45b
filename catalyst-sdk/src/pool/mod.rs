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

#[cfg(any(feature = "sqlx", feature = "deadpool"))]
mod checkout;
mod connector;
#[cfg(feature = "deadpool")]
pub mod deadpool;
mod refusal;
mod source;
#[cfg(feature = "sqlx")]
pub mod sqlx;

pub use connector::{Connector, Warmth};
pub use refusal::{Refusal, Refusals};
pub use source::PoolSource;
