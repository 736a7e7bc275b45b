//! Registrars: where the parent zone learns which name servers a domain has.

mod api;
mod cause;
mod domain;
mod dynadot;
mod line;
mod listing;
mod namecheap;
mod ovh;
mod pace;

pub(crate) use cause::without_secrets;

pub use api::{NsWrite, Registrar, RegistrarCapabilities, TaskId, TaskState};
pub use domain::{NameServers, RegisteredDomain};
#[cfg(feature = "testing")]
pub(crate) use dynadot::dynadot_signature;
pub use dynadot::{Dynadot, DynadotBuilder, DynadotTier};
pub use namecheap::{Namecheap, NamecheapBuilder, NamecheapCredential, NamecheapDns};
#[cfg(feature = "testing")]
pub(crate) use ovh::ovh_signature;
pub use ovh::{Ovh, OvhBuilder, OvhCredential, OvhRegion};
