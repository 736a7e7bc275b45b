//! A Postgres-protocol server in process: real drivers connect to it, with no database on the machine.
//!
//! Each login is checked with SCRAM-SHA-256 against a [`UserDirectory`], so a user that OpenBao (real or fake) has
//! dropped is refused exactly as PostgreSQL refuses it. What a dropped user's open session then meets is what was
//! measured on PostgreSQL 17: the session lives on, reading a table gives 42501 and `current_user` gives 42704; or,
//! with a role whose revocation ends its sessions, 57P01.
//!
//! | part | file |
//! | --- | --- |
//! | [`FakePostgres`]: start, stop, restart | `server` |
//! | one connection, from the first byte to the last | `session` |
//! | SCRAM against the directory | `login` |
//! | the SQL that it knows, and its answers | `statement`, `answer` |
//! | refusals as PostgreSQL words them | `refusal` |
//! | [`Faults`], [`Statistics`] | `faults`, `statistics` |
//!
//! The users of an OpenBao in memory are a directory as they are; its listener tells about those that it dropped:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use catalyst_openbao::mock::{Model, UserChange};
//! use catalyst_tests::postgres::{FakePostgres, OnDrop};
//!
//! let model = Model::new();
//! let builder = FakePostgres::builder(Arc::new(model.clone()));
//! let postgres = Arc::new(builder.on_drop(OnDrop::SessionsEnd).start().await?);
//! let server = Arc::downgrade(&postgres);
//! model.on_user_event(move |event| {
//!     if let (UserChange::Dropped, Some(server)) = (event.change, server.upgrade()) {
//!         server.user_dropped(&event.username);
//!     }
//! });
//! # Ok(()) }
//! ```
//!
//! It answers `select 1`, `select current_user`, `select count(*) from orders`, `select pg_sleep(…)`,
//! `insert into orders …`, transactions, and what drivers send on their own; anything else is refused with 0A000.
//! It never speaks TLS.

mod answer;
mod faults;
mod login;
mod refusal;
mod server;
mod session;
mod statement;
mod statistics;
mod users;

#[cfg(test)]
mod tests;

pub use faults::{Faults, LoginFault};
pub use server::{FakePostgres, FakePostgresBuilder, OnDrop, Shutdown};
pub use statistics::Statistics;
pub use users::{UserDirectory, Users};
