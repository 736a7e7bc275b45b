//! Certificates: the PKI engine.

mod client;

pub use client::Pki;
