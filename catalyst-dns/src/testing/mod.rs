//! Fakes on the real wires, and the contract suite.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`FakePowerDns`] | the state machine of [`mock`](crate::mock) behind HTTP on loopback |
//! | [`dns`] | the same state answering questions over UDP and TCP, health checks and signatures included |
//! | [`registrar`] | registrars with accounts, domains and faults |
//! | [`FakePool`] | pool-domain-manager with its defects |
//! | [`contract`] | what holds on the mock, on the fake and on PowerDNS 4.7.3 alike |
//!
//! Not covered by semantic versioning.

pub mod contract;
pub mod dns;
mod fake;
mod pool;
pub mod registrar;
mod socket;
mod view;
mod wire;

pub use fake::FakePowerDns;
pub use pool::{FakePool, FakePoolZones, PoolFault};
