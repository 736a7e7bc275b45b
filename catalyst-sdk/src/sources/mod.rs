//! The kinds of credential that rotate: one [`Source`](crate::rotation::Source) each.

mod database;

pub use database::DatabaseCredentials;
pub(crate) use database::RoleLease;
