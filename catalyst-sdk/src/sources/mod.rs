//! The kinds of credential that rotate: one [`Source`](crate::rotation::Source) each.

mod database;
pub mod fields;
mod keys;
mod kv;
mod login;
mod stored;

pub use database::DatabaseCredentials;
pub use keys::{AccessKeys, KvAccessKeys};
pub use kv::KvSecret;
pub use login::KvLogin;
#[cfg(feature = "sso")]
pub(crate) use stored::{Look, Seen, StoredSource};
pub use stored::{Nudge, Stored};
