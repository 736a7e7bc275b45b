//! Cryptography with keys that never leave the server.

mod client;

pub use client::Transit;
