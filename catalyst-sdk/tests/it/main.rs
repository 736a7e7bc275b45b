//! The tests of the facade, in one binary. Everything here runs in virtual time unless it says otherwise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unchecked_time_subtraction,
    reason = "a test that meets the unexpected should fail there"
)]

#[cfg(all(feature = "dns", feature = "testing"))]
mod dns;
#[cfg(feature = "manifests")]
mod manifest;
mod rotation;
mod scripted;
#[cfg(all(feature = "sso", feature = "mock"))]
mod sso;
