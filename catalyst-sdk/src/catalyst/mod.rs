//! The platform behind one call.

#[cfg(any(
    feature = "bb8",
    feature = "deadpool",
    feature = "diesel",
    feature = "mysql",
    feature = "sqlx",
    feature = "redis",
    feature = "mongodb",
    feature = "clickhouse"
))]
mod address;
#[cfg(feature = "bb8")]
mod bb8;
mod builder;
#[cfg(feature = "clickhouse")]
mod clickhouse;
#[cfg(feature = "deadpool")]
mod deadpool;
#[cfg(feature = "diesel")]
mod diesel;
#[cfg(feature = "dns")]
mod dns;
mod keeper;
mod login;
#[cfg(feature = "mongodb")]
mod mongodb;
mod platform;
mod pools;
#[cfg(any(feature = "mysql", feature = "sqlx"))]
mod sqlx;
#[cfg(feature = "sso")]
mod sso;
#[cfg(any(feature = "s3", feature = "object-store"))]
mod storage;
#[cfg(any(feature = "redis", feature = "mongodb", feature = "clickhouse"))]
mod stored;
#[cfg(feature = "redis")]
mod valkey;

pub use builder::CatalystBuilder;
pub use platform::Catalyst;

/// As errors name it.
const CONNECT: &str = "connect to the platform";
