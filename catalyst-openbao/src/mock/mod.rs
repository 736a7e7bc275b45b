//! An OpenBao in memory, for the tests of applications.
//!
//! [`MockOpenBao`] implements the traits of this crate on a [`Model`], the same state machine that the feature `testing`
//! puts behind a real socket. Users really end with their leases, and leases with their tokens; a test moves the time
//! with tokio's paused clock, and scripts what goes wrong with [`Faults`].

mod database;
mod kv;
mod memory;
pub(crate) mod model;
mod openbao;
pub(crate) mod wire;

pub use database::MockDatabase;
pub use kv::MockKv;
pub use model::{
    Capability, Counters, Fault, FaultRule, Faults, LoginRule, MockRole, MockSeal, MockStaticRole, Model,
    Operation, Policy, Refusal, ServerState, Snapshot, TokenGrant, UserChange, UserDirectory, UserEvent,
};
pub use openbao::MockOpenBao;

pub(crate) use memory::InMemory;
