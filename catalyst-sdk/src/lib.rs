//! The Catalyst platform for applications.

pub mod bridge;
pub mod config;
pub mod pool;
pub mod rotation;
pub mod sources;

pub use catalyst_core::{Error, ErrorKind, Result, RetryAdvice, Secret};
