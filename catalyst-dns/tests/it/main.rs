//! What users of the crate would notice.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod records;
mod powerdns;
mod recorded;
