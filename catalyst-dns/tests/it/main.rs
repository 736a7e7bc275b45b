//! What users of the crate would notice.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod fake;
mod fake_dns;
mod flip;
mod mock;
mod pool;
mod powerdns;
mod recorded;
mod records;
mod registrar;
mod replay;
mod steps;
