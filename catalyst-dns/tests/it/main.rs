//! What users of the crate would notice.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod fake;
mod mock;
mod replay;
mod powerdns;
mod recorded;
