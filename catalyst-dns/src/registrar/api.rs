//! The boundary: what any registrar can be asked.

use std::fmt;

use async_trait::async_trait;
use catalyst_core::Result;

use super::{NameServers, RegisteredDomain};
use crate::Ds;

/// What a registrar's API can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistrarCapabilities {
    /// How name servers are written.
    pub nameservers: NsWrite,
    /// Whether the DS records in the parent can be read and written.
    pub ds: bool,
    /// Whether the registrar's own name servers can be set again without naming them.
    pub house_servers: bool,
}

/// How a registrar writes name servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NsWrite {
    /// The answer to the call says that it is done.
    Direct,
    /// The call starts a task, which must be followed.
    Task,
    /// There is no such call: a person does it, and we verify.
    ManualOnly,
}

/// A registrar's name for something that it does later.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TaskId(pub String);

/// How far a task is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskState {
    /// Not yet.
    Pending,
    /// Done.
    Done,
    /// It failed, in the registrar's words (bounded, without secrets).
    Failed(String),
}

/// One account at a registrar.
///
/// Errors have one of these codes: `bad_credential`, `not_in_account`, `account_tier`, `rate_limited`,
/// `protected_domain`, `unavailable`, `task_failed`, `manual_only`, `unsupported`, `refused`.
///
/// # Cancel safety
/// A write that is dropped may have taken effect; [`nameservers`](Self::nameservers) tells.
#[async_trait]
pub trait Registrar: fmt::Debug + Send + Sync + 'static {
    /// The registrar's name in events and errors: `namecheap`.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn capabilities(&self) -> RegistrarCapabilities;

    /// Whether the credential is good, by a call that changes nothing.
    async fn validate(&self) -> Result<()>;

    /// All domains of the account, however many pages they fill.
    async fn domains(&self) -> Result<Vec<RegisteredDomain>>;

    /// The name servers that the registrar has for `domain`.
    async fn nameservers(&self, domain: &RegisteredDomain) -> Result<NameServers>;

    /// Sets the name servers; `Some` is a task to follow.
    async fn set_nameservers(
        &self,
        domain: &RegisteredDomain,
        servers: &NameServers,
    ) -> Result<Option<TaskId>>;

    /// How far a task is.
    async fn task(&self, domain: &RegisteredDomain, task: &TaskId) -> Result<TaskState>;

    /// The DS records in the parent, where [`RegistrarCapabilities::ds`] says so.
    async fn ds(&self, domain: &RegisteredDomain) -> Result<Vec<Ds>>;

    /// Replaces the DS records in the parent; none ends the chain of trust.
    async fn set_ds(&self, domain: &RegisteredDomain, ds: &[Ds]) -> Result<Option<TaskId>>;
}
