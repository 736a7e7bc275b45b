//! Registrars: where the parent zone learns which name servers a domain has.

mod api;
mod domain;

pub use api::{NsWrite, Registrar, RegistrarCapabilities, TaskId, TaskState};
pub use domain::{NameServers, RegisteredDomain};
