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
//! let serial = agent.identity().rotate()?;
//! source.updates().changed().await.ok();
//! agent.inject(AgentFault::Deny);
//! # let _ = serial;
//! # Ok(()) }
//! ```

mod agent;
pub mod contract;
mod proto;
mod service;
mod socket;

pub use agent::{AgentFault, FakeAgent, MalformedUpdate, RpcCounts};
