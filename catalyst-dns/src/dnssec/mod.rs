//! Signed zones: keys, what their parents must say, and whether it all holds.
//!
//! - [`Dnssec`] signs a zone and gives the DS records that its parent must have, computed here and compared with what
//!   the server offers.
//! - [`ServedParent`] puts them into a parent zone that we serve, too; [`publish_cds`] asks a parent that looks for
//!   CDS (RFC 7344).
//! - [`Rollover`] plans the replacement of a key, step by step, and [`Roller`] takes the steps; both go on where a
//!   process ended.
//! - [`Validator`] verifies the chain from the parent's DS to the zone's signatures on every server.

mod cds;
mod chain;
#[cfg(test)]
mod chain_tests;
mod digest;
mod keys;
mod parent;
#[cfg(test)]
mod roller_tests;
mod rollover;
mod signature;
#[cfg(test)]
mod tests;
mod verdict;
mod zone;

pub use cds::{ChildRequest, ZoneMetadata, publish_cds};
pub use chain::Validator;
pub use digest::DigestAlgorithm;
pub(crate) use digest::is_served_digest;
pub use keys::{KeyId, KeyRole, KeySpec, ZoneKey, ZoneSecurity};
pub use parent::{DsPublisher, ServedParent};
pub use rollover::{Checkpoint, Facts, Phase, Progress, Roller, Rollover, Seen, Step, Timing};
pub use verdict::{Bogus, Validation, Verdict};
pub use zone::{Dnssec, SignedZone};
