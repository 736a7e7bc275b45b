//! The binaries as programs: started, killed, started again.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod bootstrap;
