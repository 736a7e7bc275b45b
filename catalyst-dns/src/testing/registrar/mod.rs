//! Registrars for tests: models of an account, shown in process and on the wires of the real ones.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`RegistrarModel`] | the account: domains, name servers, tasks, what the parent serves, faults |
//! | [`ModelRegistrar`] | the model behind the trait, in virtual time |
//! | [`FakeCloudflare`], [`FakeGoDaddy`], [`FakeNamecheap`], [`FakeOvh`], [`FakeDynadot`] | the model behind HTTP on loopback |
//! | [`FakeParent`] | the name servers around it, behind [`DnsClient`](crate::DnsClient) |

mod answers;
mod cloudflare;
mod dynadot;
mod faults;
mod godaddy;
mod model;
mod namecheap;
mod ovh;
mod parent;
mod scripted;
mod state;
mod wire;

pub use cloudflare::FakeCloudflare;
pub use dynadot::FakeDynadot;
pub use faults::{Fault, FaultRule, Faults, Op};
pub use godaddy::FakeGoDaddy;
pub use model::RegistrarModel;
pub use namecheap::FakeNamecheap;
pub use ovh::FakeOvh;
pub use parent::FakeParent;
pub use scripted::ModelRegistrar;
pub use state::{ModelDomain, Trouble};
