//! For tests of this crate's users and of this crate: a Keycloak on a real socket, and the contract that it keeps.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`FakeKeycloak`] | the state machine of [`mock`](crate::mock) behind HTTP on loopback |
//! | [`contract`] | what holds on the mock, on the fake and on Keycloak 26.7.3 alike |
//!
//! Not covered by semantic versioning.

pub mod contract;
mod fake;
mod wire;

pub use fake::FakeKeycloak;
