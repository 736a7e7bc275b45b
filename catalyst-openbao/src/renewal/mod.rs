//! Many leases kept alive by one future.
//!
//! An application that holds a thousand tokens of a cluster or certificates with leases wants neither a thousand tasks
//! nor a thousand timers. A [`LeaseKeeper`] keeps them in one queue by the moment at which each is due, and renews
//! those whose moment has come, some at a time. Database users are better rotated than renewed: that is what
//! `catalyst-sdk` does.

mod entry;
mod keeper;
mod kept;
mod lateness;
mod queue;

#[cfg(test)]
mod tests;

pub use keeper::{KeeperReport, LeaseKeeper};
pub use kept::KeptLease;
