//! What holds on the mock, on the fake and on PowerDNS 4.7.3 alike, as checks that panic when it does not.
//!
//! Each check works on a zone of its own below `test.` and removes it. They may run at the same time on one server.
//!
//! | module | over |
//! | --- | --- |
//! | [`zones`] | [`DnsZones`](crate::DnsZones): zones |
//! | [`records`] | [`DnsZones`](crate::DnsZones): what comes back of what was written |
//! | [`changes`] | [`DnsZones`](crate::DnsZones): changes, all or none of them |
//! | [`security`] | [`ZoneSecurity`](crate::ZoneSecurity) |
//! | [`registrar`] | [`Registrar`](crate::registrar::Registrar), on the fakes |

#![allow(clippy::panic, clippy::missing_panics_doc, reason = "assertions for tests, which panic by purpose")]

pub mod changes;
mod check;
mod digest;
pub mod records;
pub mod registrar;
pub mod security;
mod spellings;
pub mod zones;

pub use check::Subject;

use check::{TestZone, done, refused};

/// Every check, one after the other.
pub async fn all(subject: &dyn Subject) {
    zones::all(subject).await;
    records::all(subject).await;
    changes::all(subject).await;
    security::all(subject).await;
}
