//! For tests of this crate's users and of this crate.
//!
//! Not covered by semantic versioning.

mod registrar;
mod socket;

pub use registrar::{AccountFault, FakeAccount, FakeDynadot, FakeNamecheap, FakeOvh};
