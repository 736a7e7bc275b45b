//! Every pool of the SDK as a subject of the contract, wherever its server is.

mod bb8;
mod clickhouse;
mod deadpool;
mod diesel;
mod mongo;
mod mysql;
mod place;
mod sqlx;
mod stored;
mod valkey;

pub(crate) use bb8::Bb8;
pub(crate) use clickhouse::ClickHouse;
pub(crate) use deadpool::Deadpool;
pub(crate) use diesel::Diesel;
pub(crate) use mongo::Mongo;
pub(crate) use mysql::SqlxMariaDb;
pub(crate) use place::{As, OpenAt, Place, Workload};
pub(crate) use sqlx::SqlxPostgres;
pub(crate) use stored::{Store, StoredStage, Users};
pub(crate) use valkey::Valkey;
