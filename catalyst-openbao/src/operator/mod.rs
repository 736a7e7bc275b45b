//! Initialising, sealing, unsealing, rekeying.

mod client;

pub use client::Operator;
