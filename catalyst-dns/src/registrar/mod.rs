//! Registrars: where the parent zone learns which name servers a domain has.

mod api;
mod cause;
mod cloudflare;
mod domain;
mod dynadot;
pub mod flip;
mod format;
mod godaddy;
mod limit;
mod listing;
mod namecheap;
mod ovh;
mod wire;

#[cfg(feature = "testing")]
#[cfg(feature = "testing")]
pub(crate) use cause::Cause;

pub use api::{NsWrite, Registrar, RegistrarCapabilities, TaskId, TaskState};
pub use cloudflare::{Cloudflare, CloudflareBuilder};
pub use domain::{NameServers, RegisteredDomain};
#[cfg(feature = "testing")]
pub(crate) use dynadot::dynadot_signature;
pub use dynadot::{Dynadot, DynadotBuilder, DynadotTier};
pub use godaddy::{GoDaddy, GoDaddyBuilder};
pub use limit::{Permit, RateLimit};
pub use namecheap::{Namecheap, NamecheapBuilder, NamecheapCredential, NamecheapDns};
#[cfg(feature = "testing")]
pub(crate) use ovh::ovh_signature;
pub use ovh::{Ovh, OvhBuilder, OvhCredential, OvhRegion};
