//! The platform behind one call.

#[cfg(any(feature = "sqlx", feature = "deadpool"))]
mod address;
mod builder;
#[cfg(feature = "deadpool")]
mod deadpool;
#[cfg(feature = "dns")]
mod dns;
mod keeper;
mod login;
mod platform;
mod pools;
#[cfg(feature = "sqlx")]
mod sqlx;
#[cfg(feature = "sso")]
mod sso;

pub use builder::CatalystBuilder;
pub use platform::Catalyst;

/// As errors name it.
const CONNECT: &str = "connect to the platform";
