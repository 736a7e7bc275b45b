//! Real servers on loopback, started and ended by the test that needs them.
//!
//! | type | what it is |
//! | --- | --- |
//! | [`OpenBaoServer`] | OpenBao with TLS, Raft, audit and a Shamir seal; or in development mode |
//! | [`PostgresServer`] | PostgreSQL with the roles and the table that applications use |
//! | [`SpireServer`] | SPIRE, from binaries that are given |
//! | [`Servers`] | the first two, with OpenBao ready to make database users and to log workloads in |
//! | [`setup`] | the parts of that configuration, one function each |
//! | [`Api`] | the calls it is made of |
//!
//! Each server lives in a temporary folder of its own, which is kept when the test fails, and listens on a port that
//! was free. It ends when its value is dropped, and by the kernel's hand when the whole program is killed. What is
//! missing is installed ([`install`]).

mod api;
mod certificates;
pub mod environment;
mod folder;
pub mod install;
mod openbao;
mod pair;
pub mod poll;
mod port;
pub mod postgres;
mod process;
pub mod setup;
mod spire;

pub use api::Api;
pub use openbao::OpenBaoServer;
pub use pair::{Servers, ServersOptions};
pub use postgres::PostgresServer;
pub use process::Lifetime;
pub use spire::SpireServer;
