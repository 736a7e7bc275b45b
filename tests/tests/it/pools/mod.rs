//! Every pool of the SDK as a subject of the contract, wherever its server is.

mod deadpool;
mod place;
mod sqlx;

pub(crate) use deadpool::Deadpool;
pub(crate) use place::{OpenAt, Place};
pub(crate) use sqlx::SqlxPostgres;
