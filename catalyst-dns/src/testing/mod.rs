//! Fakes on the real wires, and the contract suite.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`FakePowerDns`] | the state machine of [`mock`](crate::mock) behind HTTP on loopback |
//! | [`dns`] | a name server on loopback: answers, LUA records with health checks, signatures |
//! | [`contract`] | what holds on the mock, on the fake and on PowerDNS 4.7.3 alike |
//!
//! Not covered by semantic versioning.

pub mod contract;
pub mod dns;
mod fake;
mod view;
mod wire;

pub use fake::FakePowerDns;
