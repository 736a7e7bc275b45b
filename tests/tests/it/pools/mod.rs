//! Every pool of the SDK as a subject of the contract, wherever its server is.

mod bb8;
mod deadpool;
mod diesel;
mod mysql;
mod place;
mod sqlx;

pub(crate) use bb8::Bb8;
pub(crate) use deadpool::Deadpool;
pub(crate) use diesel::Diesel;
pub(crate) use mysql::SqlxMariaDb;
pub(crate) use place::{As, OpenAt, Place, Workload};
pub(crate) use sqlx::SqlxPostgres;
