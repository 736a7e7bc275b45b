//! Replacing a key, in steps that any run can go on with.
//!
//! A key that signs keys is replaced with both published and both in the parent (double signature and double DS, RFC
//! 6781 section 4.1.2); one that signs records only is published before it signs (pre-publication, section 4.1.1.1).
//! Each wait is the one of RFC 7583.

mod facts;
mod phase;
mod plan;
#[cfg(test)]
mod properties;
mod run;

pub use facts::{Facts, Seen, Timing};
pub use phase::{Checkpoint, Phase};
pub use plan::{Rollover, Step};
pub use run::{Progress, Roller};
