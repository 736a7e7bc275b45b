//! What holds on the mock, on the fake and on Keycloak 26.7.3 alike, as checks that panic when it does not.
//!
//! Each check works on clients of its own and removes them. They may run at the same time in one realm.
//!
//! | module | over | needs |
//! | --- | --- | --- |
//! | [`registrar`] | [`ClientRegistrar`](crate::ClientRegistrar) | a realm with the client scopes of a new one |
//! | [`secrets`] | [`ClientSecrets`](crate::ClientSecrets) | a realm with the rotation policy, and one without |
//!
//! An [`Operator`] does to the server, behind the client's back, what a check needs.

#![allow(clippy::panic, clippy::missing_panics_doc, reason = "assertions for tests, which panic by purpose")]

mod check;
mod operator;
pub mod registrar;
pub mod secrets;

pub use operator::{ModelOperator, Operator};

use check::{Subject, done, refused};
