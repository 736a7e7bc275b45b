//! For tests of this crate and of connectors that others write: what holds for every connector, and the load to show
//! it under.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`contract`] | what every rotating pool or client keeps, as checks that panic when it does not |
//! | [`Load`], [`Diary`], [`events`] | tasks that call without a pause; what happened meanwhile; waiting for it |
//!
//! Not covered by semantic versioning.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "assertions for tests, which panic by purpose"
)]

pub mod contract;
mod load;

pub use load::{Diary, Load, events};
