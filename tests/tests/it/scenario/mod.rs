//! Whole stories on the fakes, with real drivers on real sockets.

mod clickhouse;
mod deadpool_pool;
mod dns;
mod facade;
mod mint;
mod platform;
mod pools;
mod sqlx_pool;
pub(crate) mod sso;
pub(crate) mod stage;
