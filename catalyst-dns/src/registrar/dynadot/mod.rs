//! Dynadot: JSON over HTTP with signed requests, one at a time.

mod answer;
mod api;
mod builder;
mod client;
mod dnssec;
mod refusal;
mod sign;
#[cfg(test)]
mod tests;

pub use builder::{DynadotBuilder, DynadotTier};
pub use client::Dynadot;
#[cfg(feature = "testing")]
pub(crate) use sign::signature as dynadot_signature;
