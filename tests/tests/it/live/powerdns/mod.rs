//! The SDK on a real PowerDNS.
//!
//! Tests share one server with SQLite, for its writes are one after the other anyhow, and have zones of their own.
//! Only those that stop it, freeze it, or need other settings start others.

mod acme;
mod admin;
mod contract;
mod dnssec;
mod failover;
mod faults;
mod harness;
mod hosts;
mod plan;
mod stage;
