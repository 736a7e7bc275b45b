//! What the authoritative servers really answer.
//!
//! After a write, the server that took it is right at once and the others later, or never. [`Verifier`] asks each
//! server at each of its addresses and tells which agree, which lag behind, and what they serve instead;
//! [`Verifier::wait`] asks until all agree.

mod expectation;
mod report;
#[cfg(test)]
mod tests;
mod verifier;

pub use expectation::Expectation;
pub use report::{ServerReport, ServerState, Verification};
pub use verifier::{Verifier, Wait};
