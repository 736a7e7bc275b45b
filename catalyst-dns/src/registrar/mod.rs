//! Registrars: where the parent zone learns which name servers a domain has.
//!
//! [`Registrar`] is one account at any of them, and [`flip`] changes the name servers of a domain there, with a way
//! back. All five are set up by the same words: `builder(…)`, then `address`, `tls`, `timeout`, `retry` and `limit`.
//!
//! | account | name servers are written | DS in the parent | way back | sandbox | limit, if none is set |
//! | --- | --- | --- | --- | --- | --- |
//! | [`Cloudflare`] | by a person; it reads | told by [`Cloudflare::zone_ds`], for the registrar of the domain | by a person | none | 1,000 in five minutes |
//! | [`GoDaddy`] | directly | in its console | the old set | `sandbox()`, the environment OTE | 60 a minute |
//! | [`Namecheap`] | directly | in its console | the old set, its own servers as such | `sandbox()` | 20 a minute, four at a time |
//! | [`Ovh`] | by a task, minutes | made by OVH of keys: [`Ovh::set_keys`] | the old set, by another task | none | 600 a minute, four at a time |
//! | [`Dynadot`] | directly, once it knows the servers | read and written, one request for each record | the old set | `sandbox()` | by [`DynadotTier`]: one a second, one at a time |
//!
//! # Errors
//!
//! | code | kind | what to do |
//! | --- | --- | --- |
//! | `bad_credential` | `Unauthenticated`; `PermissionDenied` for a key of OVH's without the right | another credential; the help says which part is wrong |
//! | `not_in_account` | `NotFound` | another account, or the domain's name is wrong |
//! | `account_tier` | `PermissionDenied` | a larger account |
//! | `protected_domain` | `PermissionDenied` | lift the lock in the registrar's console |
//! | `rate_limited` | `RateLimited` | come again when [`Error::retry`](crate::Error::retry) says; our own limit is told by the same code |
//! | `unavailable` | `Unavailable`, `Timeout`, `Connect`, `Decode` | later; a write may have been done if [`Error::outcome_unknown`](crate::Error::outcome_unknown) |
//! | `task_failed` | `Other` | the registrar's words say why |
//! | `manual_only`, `unsupported` | `Config` | do what the help says by hand |
//! | `refused` | `InvalidRequest` | the registrar's words say what it does not like |
//!
//! Reads are tried again; a write is only if it certainly had no effect. What a registrar repeats of a credential is cut
//! out of its words.
//!
//! # A flip
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use catalyst_dns::query::NameServerClient;
//! use catalyst_dns::registrar::flip::{FlipRequest, Flipper, MemoryJournal, ServerDirectory};
//! use catalyst_dns::registrar::{GoDaddy, NameServers};
//!
//! # async fn example() -> catalyst_dns::Result<()> {
//! let account = GoDaddy::builder("key".into(), "secret".into()).sandbox().build()?;
//! let directory = ServerDirectory::resolver("9.9.9.9:53".parse().expect("an address"));
//! // A journal on disk ends a flip whose process was killed.
//! let journal = Arc::new(MemoryJournal::default());
//! let flipper =
//!     Flipper::builder(Arc::new(account), Arc::new(NameServerClient::new()), directory, journal).build();
//!
//! let servers = NameServers::new(["ns1.openova.io".parse()?, "ns2.openova.io".parse()?])?;
//! let report = flipper.run(&FlipRequest::new("omani.works".parse()?, servers)).await?;
//! println!("{report}");
//! report.done()?;
//! # Ok(())
//! # }
//! ```
//!
//! | module | what it holds |
//! | --- | --- |
//! | `api`, `domain` | the boundary, and what is spoken of there |
//! | [`flip`] | the change with a way back |
//! | `cause` | the codes: one kind and one help for each |
//! | `wire`, `format`, `limit` | one call: its limit, its retries, its doubt; answers that are none of the API's |
//! | `listing` | names as registrars tell them |
//! | one for each registrar | its requests, its answers, and in one place what its refusals mean |

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
