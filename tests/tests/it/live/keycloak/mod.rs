//! The SDK on a real Keycloak.
//!
//! All tests share one server, for a start costs 5 to 10 s and a realm 1 to 5 s; each has clients of its own. Only
//! `faults`, which freezes and stops it, starts another.

mod harness;
