//! Registrars: where the parent zone learns which name servers a domain has.

mod api;
mod cloudflare;
mod domain;
mod fault;
pub mod flip;
mod godaddy;
mod limit;
mod wire;

pub use api::{NsWrite, Registrar, RegistrarCapabilities, TaskId, TaskState};
pub use cloudflare::{Cloudflare, CloudflareBuilder};
pub use domain::{NameServers, RegisteredDomain};
pub use godaddy::{GoDaddy, GoDaddyBuilder};
pub use limit::{Permit, RateLimit};
