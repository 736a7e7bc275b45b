//! What holds on the mock, on the fake and on PowerDNS 4.7.3 alike, as checks that panic when it does not.

#![allow(clippy::panic, clippy::missing_panics_doc, reason = "assertions for tests, which panic by purpose")]

pub mod registrar;
