//! Every pool of the SDK as a subject of the contract, wherever its server is.

mod clickhouse;
mod deadpool;
mod mongo;
mod place;
mod sqlx;
mod stored;
mod valkey;

pub(crate) use clickhouse::ClickHouse;
pub(crate) use deadpool::Deadpool;
pub(crate) use mongo::Mongo;
pub(crate) use place::{OpenAt, Place};
pub(crate) use sqlx::SqlxPostgres;
pub(crate) use stored::{Store, StoredStage, Users};
pub(crate) use valkey::Valkey;
