//! The one state machine behind the mock and the fake: what an OpenBao 2.7.2 does, in memory.
//!
//! Every refusal has the status and the words that were recorded from the real server. What a face adds is only how
//! a request comes in and how an answer goes out.

mod clock;
mod counters;
mod database;
mod database_settings;
mod engine;
mod engines;
mod faults;
mod grant;
mod handle;
mod kv;
mod leases;
mod logins;
mod node;
mod policy;
mod raft;
mod refusal;
mod seal;
mod serve;
mod server;
mod setup;
mod snapshot_file;
mod state;
mod system;
mod tokens;
mod ttl;
mod users;
mod wired;
mod wrapping;

#[cfg(test)]
mod tests;

pub use counters::Counters;
pub use database::{MockRole, MockStaticRole};
pub use faults::{Fault, FaultRule, Faults, Operation};
pub use grant::{LoginRule, TokenGrant};
pub use handle::{Model, Snapshot};
pub use policy::{Capability, Policy};
pub use refusal::Refusal;
pub use seal::MockSeal;
pub use server::ServerState;
pub use users::{UserChange, UserDirectory, UserEvent};

pub(crate) use database::{Issued, StaticView};
pub(crate) use engine::EngineModel;
pub(crate) use kv::{CustomChange, KvSecret, MetadataChange, Patched, VersionView};
pub(crate) use leases::Renewed;
pub(crate) use logins::Shown;
pub(crate) use node::Admission;
pub(crate) use serve::LoggedIn;
pub(crate) use state::Call;
pub(crate) use tokens::{AuthAnswer, TokenLabels};
pub(crate) use wired::Mounted;
pub(crate) use wrapping::WrapInfo;
