//! The mock and the fake keep the contract, and answer as the real server was recorded.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod fake;
mod flows;
mod mock;
mod recorded;
mod registrar;
mod tokens;
mod unify;
