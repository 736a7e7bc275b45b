//! For tests of this crate's users and of this crate.
//!
//! Not covered by semantic versioning.

mod registrar;
mod socket;

pub use registrar::{AccountFault, FakeAccount, FakeDynadot, FakeNamecheap, FakeOvh};
//! Fakes on the real wires, and the contract suite.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`FakePowerDns`] | the state machine of [`mock`](crate::mock) behind HTTP on loopback |
//! | [`contract`] | what holds on the mock, on the fake and on PowerDNS 4.7.3 alike |
//!
//! Not covered by semantic versioning.

pub mod contract;
mod fake;
mod wire;

pub use fake::FakePowerDns;
