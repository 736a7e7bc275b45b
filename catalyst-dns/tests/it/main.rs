//! What users of the crate meet.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod flip;
mod registrars_cloudflare;
mod registrars_godaddy;
