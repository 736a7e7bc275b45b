//! One-time codes that change with time, as authenticator apps show them.

mod client;
mod codes;
mod keys;

pub use client::Totp;
pub use codes::{OneTimeCode, OneTimePasswords};
pub use keys::{GeneratedTotpKey, ImportedTotpKey, NewTotpKey, TotpAlgorithm, TotpDigits, TotpKey};
