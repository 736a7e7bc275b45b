//! The SDK on a real Keycloak.
//!
//! All tests share one server, for a start costs 5 to 10 s and a realm 1 to 5 s; each has clients of its own. Only
//! `harness` and `faults`, which stop it and freeze it, start others.

mod contract;
mod credentials;
mod dynamic;
mod faults;
mod harness;
mod killed;
mod login;
mod realm_setup;
mod realms;
mod registrar;
mod rotation;
mod secrets;
mod sso;
mod stage;
mod tokens;
mod wire;
