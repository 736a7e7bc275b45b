//! A PowerDNS in memory, for the tests of applications.
//!
//! A [`Model`] is the server: zones with serials that move by their rules, record sets, keys that really sign, TSIG
//! keys, configuration. [`MockDns`] has the traits of this crate on it; the feature `testing` puts the same state
//! machine behind real sockets. A test sets it up, moves its time with [`Model::advance`], and scripts what goes wrong
//! with [`Faults`].

mod dns;
pub(crate) mod model;
mod security;

pub use dns::MockDns;
pub use model::{Fault, FaultRule, Faults, Model, Refusal, Requests, Route};
