//! Signed zones: keys, what their parents must say, and whether it all holds.

mod keys;

pub use keys::{KeyId, KeyRole, KeySpec, ZoneKey, ZoneSecurity};
