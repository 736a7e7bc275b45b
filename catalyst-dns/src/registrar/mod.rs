//! Registrars: where the parent zone learns which name servers a domain has.

mod api;
mod domain;
mod fault;
mod limit;
mod wire;

pub use api::{NsWrite, Registrar, RegistrarCapabilities, TaskId, TaskState};
pub use domain::{NameServers, RegisteredDomain};
pub use limit::{Permit, RateLimit};
