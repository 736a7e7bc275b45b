//! The keys of an issuer, always at hand: a cache that no verification waits for while the key is known.

mod cache;
mod plan;
mod source;
mod unknown;

pub use source::{HttpKeySource, KeySource, PublishedKeys};

pub(super) use cache::{KeyCache, Loaded, Look};
