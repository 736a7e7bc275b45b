//! OVH: signed requests, changes as tasks.

mod answer;
mod api;
mod builder;
mod client;
mod keys;
mod refusal;
mod sign;
#[cfg(test)]
mod tests;

pub use builder::{OvhBuilder, OvhCredential, OvhRegion};
pub use client::Ovh;
#[cfg(feature = "testing")]
pub(crate) use sign::signature as ovh_signature;
