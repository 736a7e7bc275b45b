//! For tests of this crate's users and of this crate.
//!
//! Not covered by semantic versioning.

mod pool;
mod registrar;
mod socket;

pub use pool::{FakePool, FakePoolZones, PoolFault};
pub use registrar::{AccountFault, FakeAccount, FakeDynadot, FakeNamecheap, FakeOvh};
