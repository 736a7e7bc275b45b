//! Initialising, sealing, unsealing, rekeying: what operators do with a whole server.
//!
//! | call | needs |
//! | --- | --- |
//! | [`Operator::seal_status`], [`Operator::initialize`], [`Operator::unseal`] | nothing |
//! | [`Operator::start_root_generation`] and its kin | key shares, and a listener that allows it |
//! | [`Operator::rekey`], [`Operator::key_status`], [`Operator::seal`], [`Operator::step_down`] | a session |

mod client;
mod initialize;
mod keyring;
mod rekey;
mod root_generation;
mod seal_status;
mod share;
mod unseal;
mod verification;

pub use client::Operator;
pub use initialize::{InitRequest, Initialized};
pub use keyring::KeyStatus;
pub use rekey::{NewKeys, Rekey, RekeyAttempt, RekeyProgress, RekeyRequest};
pub use root_generation::{RootAttempt, RootGeneration, RootProgress};
pub use seal_status::{SealStatus, SealType};
pub use share::{KeyKind, KeyShare, KeySplit};
pub use verification::{Verification, VerificationProgress};
