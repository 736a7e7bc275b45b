//! The signing keys of a realm, and how one follows the other without a token that cannot be verified.

mod component;
mod plan;
mod rotate;

#[cfg(test)]
mod tests;

pub use plan::{KeyPolicy, KeyStep};
pub use rotate::KeyProgress;
