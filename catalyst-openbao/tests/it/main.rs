//! The mock and the fake keep the contract, and the client keeps its promises when the server does not.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::needless_pass_by_value, reason = "a test")]

mod fake;
mod faults;
mod mock;
mod recorded;
mod replayed;
mod system;
