//! The DNS-01 challenge of ACME (RFC 8555 section 8.4).
//!
//! [`Dns01Solver`] puts the TXT record of a challenge into the zone that serves it, waits until every authoritative
//! server answers with it, and takes it out again. It reads only what stands at the names in question, however large
//! the zone, and keeps what others have at the same name: the challenges of `example.org` and `*.example.org` stand
//! side by side.

#[cfg(test)]
mod order_tests;
mod place;
mod solver;
#[cfg(test)]
pub(crate) mod stage;
#[cfg(test)]
mod tests;

pub use place::Challenge;
pub use solver::Dns01Solver;
