//! For tests of this crate's users and of this crate: an OpenBao on a real socket, and the contract that it keeps.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`FakeOpenBao`] | the state machine of [`mock`](crate::mock) behind HTTP on loopback |
//! | [`contract`] | what holds on the mock, on the fake and on OpenBao 2.7.2 alike |
//! | [`image`], [`change_at_random`] | what an engine holds, to compare; a writer that does everything |
//! | [`FixedAssertion`], [`unsigned_jwt`] | what a JWT login shows to the fake |
//!
//! Not covered by semantic versioning.

mod assertion;
pub mod contract;
mod fake;
mod image;

pub use assertion::{FixedAssertion, unsigned_jwt};
pub use fake::FakeOpenBao;
pub use image::{SecretImage, change_at_random, image, secret_image};
