//! Time-based one-time passwords.

mod client;

pub use client::Totp;
