//! What holds on every implementation alike, as checks that panic when it does not.

#![allow(clippy::panic, clippy::missing_panics_doc, reason = "assertions for tests, which panic by purpose")]

pub mod registrar;
