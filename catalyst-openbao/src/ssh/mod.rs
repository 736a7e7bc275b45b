//! SSH certificates and one-time passwords.

mod client;

pub use client::Ssh;
