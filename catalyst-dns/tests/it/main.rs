//! What users of the crate would notice.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod records;
mod powerdns;
mod recorded;
//! All integration tests of the crate, in one binary.

mod registrar_dynadot;
mod registrar_namecheap;
mod registrar_ovh;
mod registrar_suite;
//! What users of the crate meet.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod flip;
mod registrars_cloudflare;
mod registrars_godaddy;
