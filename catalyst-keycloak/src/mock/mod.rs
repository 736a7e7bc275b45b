//! A Keycloak in memory, for the tests of applications.
//!
//! A [`Model`] is the server: realms with keys, clients, users, secrets that rotate, tokens that are really signed. The
//! feature `testing` puts the same state machine behind a real socket; [`MockKeycloak`] has the traits of this crate on it. A test sets it up, moves its time with
//! [`Model::advance`], and scripts what goes wrong with [`Faults`].

mod keycloak;
pub(crate) mod model;
mod registrar;

pub use keycloak::MockKeycloak;
pub use model::{Fault, FaultRule, Faults, Model, Refusal, Requests, Route};
