//! A fake agent that speaks the real wire, and the contract that every [`WorkloadIdentity`](crate::WorkloadIdentity)
//! keeps. For tests; not covered by semantic versioning.
//!
//! ```
//! use catalyst_spiffe::testing::{AgentFault, FakeAgent};
//! use catalyst_spiffe::{WorkloadApi, WorkloadIdentity};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let agent = FakeAgent::start(&folder.path().join("agent.sock")).await?;
//! let source = WorkloadApi::builder(&agent.address())?.connect().await?;
//!
//! let mut updates = source.updates();
//! let serial = agent.identity().rotate()?;
//! while source.x509()?.serial() != serial {
//!     updates.changed().await?;
//! }
//! agent.inject(AgentFault::Deny);
//! while source.x509().is_ok() {
//!     updates.changed().await?;
//! }
//! # Ok(()) }
//! ```

mod agent;
pub mod contract;
mod proto;
mod service;
mod socket;

pub use agent::{AgentFault, FakeAgent, MalformedUpdate, RpcCounts};
