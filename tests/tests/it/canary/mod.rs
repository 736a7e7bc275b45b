//! No secret is ever printed: secrets are planted in every input, every path is driven with `tracing` at TRACE, and
//! all that was printed is searched.
//!
//! Everything runs on one thread, so that the thread's subscriber hears all of it, `log` users included.

mod dns;
mod ear;
mod engines;
mod keycloak;
mod platform;
