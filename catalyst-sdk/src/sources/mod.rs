//! The kinds of credential that rotate: one [`Source`](crate::rotation::Source) each.

mod database;
mod kv;
mod stored;

pub use database::DatabaseCredentials;
pub(crate) use database::RoleLease;
pub use kv::KvSecret;
pub use stored::Stored;
#[cfg(feature = "sso")]
pub(crate) use stored::{Look, Seen, StoredSource};
