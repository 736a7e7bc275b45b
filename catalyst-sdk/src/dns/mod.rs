//! Names of applications: published by their placement, owned by the Sovereign, audited.
//!
//! ```text
//!   DnsApplication ──publication──► record sets ──plan──► what differs, and may be changed ──apply──► PowerDNS
//!     {app}.{environment}.{domain}                                                                   │
//!     regions, placement, health check          Published: changes, failover, warnings, ◄──asked──── name servers
//! ```
//!
//! A zone has several writers. What is published here is marked as the Sovereign's and the application's; nothing else
//! in the zone is touched, and a name at which somebody else has a record is refused. A second run reads once and
//! writes nothing. The key of the API comes from OpenBao and is followed there, so that it can be replaced while
//! applications run.
//!
//! Each step is a [`DnsEvent`] for the audit log. What stands in DNS is public; no event holds a secret.

mod api_key;
mod application;
mod event;
mod facade;
mod outlet;
mod published;

pub use api_key::RotatingApiKey;
pub use application::DnsApplication;
pub use event::{DnsEvent, DnsEventKind, DnsObserver};
pub use facade::{Dns, DnsBuilder};
pub use published::{Planned, Published, Withdrawn};
