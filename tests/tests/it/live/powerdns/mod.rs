//! The SDK on a real PowerDNS.
//!
//! Tests share one server with SQLite, for its writes are one after the other anyhow, and have zones of their own.
//! Only those that stop it, freeze it, or need other settings start others.

mod contract;
mod harness;
mod stage;
