//! Registrars on a real socket: one account, three ways to speak.

mod account;
mod dynadot;
mod namecheap;
mod ovh;
mod vendor;

pub use account::{AccountFault, FakeAccount};
pub use dynadot::FakeDynadot;
pub use namecheap::FakeNamecheap;
pub use ovh::FakeOvh;
