//! Workload identity from the SPIFFE Workload API.
//!
//! | module or type | what it holds | feature |
//! | --- | --- | --- |
//! | [`WorkloadIdentity`] | the trait: live X.509-SVID, bundles, cached JWT-SVIDs, updates, health | |
//! | [`WorkloadApi`] | the source: follows the agent's streams, fails closed | |
//! | [`SpiffeId`], [`TrustDomain`] | names, parsed once; the platform's form typed | |
//! | [`Authorizer`] | who may, with a reason when not | |
#![cfg_attr(
    feature = "rustls",
    doc = "| [`tls`] | rustls configurations that present the newest SVID | `rustls` |"
)]
#![cfg_attr(feature = "mock", doc = "| [`mock`] | an identity in memory with its own authority | `mock` |")]
#![cfg_attr(
    feature = "testing",
    doc = "| [`testing`] | a fake agent on a unix socket, the contract suite | `testing` |"
)]
//!
//! Invariants: no type of the crates `spiffe` or `tonic` in a public signature; this crate names no other service,
//! reads no environment variable and installs no TLS provider.

mod authorizer;
mod bundle;
mod id;
mod identity;
mod jwt;
mod jwt_cache;
mod leaf;
mod live;
#[cfg(feature = "mock")]
pub mod mock;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "rustls")]
pub mod tls;
mod workload_api;
mod x509;

pub use authorizer::{Authorizer, Denied};
pub use bundle::BundleSet;
pub use id::{SpiffeId, TrustDomain, Workload};
pub use identity::{IdentityHealth, IdentityState, Updates, WorkloadIdentity};
pub use jwt::JwtIdentity;
pub use workload_api::{WorkloadApi, WorkloadApiBuilder};
pub use x509::X509Identity;
