//! The Catalyst platform for applications.

pub mod rotation;

pub use catalyst_core::{Error, ErrorKind, Result, RetryAdvice, Secret};
