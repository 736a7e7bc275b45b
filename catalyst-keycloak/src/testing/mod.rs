//! For tests of this crate's users and of this crate: a Keycloak on a real socket, and the contract that it keeps.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`Browser`] | logs a user in, at the fake and at a real server |
//! | [`FakeKeycloak`] | the state machine of [`mock`](crate::mock) behind HTTP on loopback |
//! | [`contract`] | what holds on the mock, on the fake and on Keycloak 26.7.3 alike |
//!
//! Not covered by semantic versioning.

mod browser;
pub mod contract;
mod fake;
mod page;
mod wire;

pub use browser::{Browser, Visit};
pub use fake::FakeKeycloak;
pub use page::Page;
