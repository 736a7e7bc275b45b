//! The store that each token has for itself.

mod client;

pub use client::Cubbyhole;
