//! For tests of this crate's users and of this crate: a Keycloak on a real socket, and the contract that it keeps.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`FakeKeycloak`] | the state machine of [`mock`](crate::mock) behind HTTP on loopback |
//!
//! Not covered by semantic versioning.

mod fake;
mod wire;

pub use fake::FakeKeycloak;
