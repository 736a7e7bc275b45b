//! Client policies: what the realm holds all clients of a kind to.

mod document;
mod ensure;
mod fapi;
mod rotation;

pub use fapi::SenderConstraint;
pub use rotation::SecretRotationPolicy;
