//! The plumbing that the Catalyst crates share. Applications meet it through the re-exports of the crate they use.
//!
//! | module | what it holds | feature |
//! | --- | --- | --- |
//! | [`Error`], [`ErrorKind`] | one error for all crates, one word in size | |
//! | [`Secret`], [`SecretBytes`] | values that are wiped and never printed | |
//! | [`retry`](retry()), [`Backoff`] | the one retry loop, bounded in attempts, time and budget | |
//! | [`TokenCache`] | one fetch for all who ask, refreshed early, dropped when refused | |
//! | [`AssertionSource`] | signed statements of who we are | |
//! | [`Clock`] | wall time that tests can move | |
//! | [`tls`] | TLS whose client identity is read at each handshake | `tls` |
//! | [`http`] | an opaque HTTP client with bounded bodies | `http` |
//! | [`testing`] | captured logs, searched for secrets; fakes that end cleanly | `testing`, `stub-server` |
//!
//! Invariants: this crate names no service, no URL path and no environment variable, and never spawns.

mod assertion;
mod backoff;
mod clock;
mod error;
#[cfg(feature = "http")]
pub mod http;
pub mod redact;
mod retry;
mod secret;
#[cfg(any(feature = "testing", feature = "stub-server"))]
pub mod testing;
#[cfg(feature = "tls")]
pub mod tls;
mod token_cache;

pub use assertion::AssertionSource;
pub use backoff::{Backoff, Jitter};
pub use clock::{Clock, ClockHand};
pub use error::{Error, ErrorKind, Result, RetryAdvice};
pub use retry::{Attempt, Idempotency, RetryBudget, RetryConfig, retry};
pub use secret::{Secret, SecretBytes};
pub use token_cache::{Fetched, TokenCache};
