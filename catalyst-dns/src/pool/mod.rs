//! Names below the platform's pool domains, from the pool-domain-manager.
//!
//! A name is free, reserved for ten minutes, or active. [`PoolDomains::ensure_allocated`] goes from any of these to
//! active with its records served; it may be repeated, and goes on where another run ended. The manager has defects
//! that this client survives, each found in its source or measured:
//!
//! | what it does | what this client does |
//! | --- | --- |
//! | a commit whose DNS write fails is stored, answered with 202, and refused with 409 when it is repeated as told | takes it as stored, and writes what is missing itself ([`repair`]) |
//! | a reservation whose DNSSEC step fails is answered with 500 and kept | looks, and goes on with it |
//! | a reserved label is answered with 500 | refuses it before asking ([`PoolLabel`]), and knows the answer |
//! | a release whose DNS part fails is answered with 202, and repeating it with 404 | says so ([`Released::DnsPending`]), and cleans up ([`PoolDomains::clean_up`]) |
//! | any 409 when a zone is made counts as success | reads the records back |
//! | `set-ns` keeps no old servers, does not check and does not go back | reports it as not verified |
//! | `SOA-EDIT-API` is a word that PowerDNS does not know, and no DS comes into the parent | [`defects`] finds both |

mod answer;
mod builder;
mod cleanup;
mod client;
mod ensure;
mod health;
mod label;
mod plan;
mod records;
mod refusal;
mod registrar;
mod reservation;
#[cfg(test)]
mod tests;

pub use builder::PoolDomainsBuilder;
pub use client::PoolDomains;
pub use ensure::Ensured;
pub use health::{PoolDefect, defects};
pub use label::PoolLabel;
pub use plan::{Observed, PoolStep, next_step};
pub use records::{Repair, SovereignTarget, repair};
pub use registrar::SetNs;
pub use reservation::{
    Allocation, AllocationState, Availability, Committed, PoolClaim, Released, Reservation,
};
