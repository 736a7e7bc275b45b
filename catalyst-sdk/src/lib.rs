//! The Catalyst platform for applications: credentials that rotate in-process, without one failed query.
//!
//! ```no_run
//! # #[cfg(feature = "sqlx")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use catalyst_sdk::Catalyst;
//!
//! let catalyst = Catalyst::connect().await?; // who am I: the SPIFFE socket; where: the environment
//! let orders = catalyst.postgres("orders-rw").await?; // a live user, a warm pool; rotates from here on
//! let n: i64 = sqlx::query_scalar("select count(*) from orders").fetch_one(&orders).await?;
//! catalyst.shutdown().await?; // drains, revokes
//! # let _ = n;
//! # Ok(())
//! # }
//! ```
//!
//! | module | what it holds | feature |
//! | --- | --- | --- |
//! | [`Catalyst`], [`config`] | one call that connects; where it reads what | |
//! | [`rotation`] | the engine: a value that is replaced before it ends | |
//! | [`pool`] | connection pools and clients on it | `sqlx`, `mysql`, `deadpool`, `bb8`, `diesel`, `redis`, `mongodb`, `clickhouse` |
//! | `storage` | keys of object stores on it | `s3`, `object-store` |
//! | [`sources`] | the kinds of credential that rotate | |
//! | [`bridge`] | an identity as a login | |
//! | `kubernetes` | the seed of a bring-up of OpenBao, in a Secret | `kubernetes` |
//! | `dns` | names of applications, with failover | `dns` |
//! | `manifest` | resources of the External Secrets Operator, without a value | `manifests` |
//! | `sso` | clients that register themselves, secrets that rotate | `sso` |
//! | `testing` | what every connector keeps, as checks | `testing` |
//! | [`openbao`], [`spiffe`], `keycloak`, `catalyst_dns` | the service crates | `sso`, `dns` for the last two |
//!
//! # How failure behaves
//!
//! - **OpenBao is down or sealed**: the credential in use serves until its real end; attempts go on, paced by what
//!   remains; [`Health`](rotation::Health) says `Stale`, then `Expired`.
//! - **The user was dropped behind our back**: the refused login causes one early rotation, and the caller waits for
//!   it instead of seeing the refusal.
//! - **A transaction outlives the overlap**: its lease is renewed as far as it goes; then its next statement fails
//!   with an error that says so.
//! - **The secret of an SSO client is replaced, or its replacement breaks off anywhere**: the old one works for its
//!   grace, the realm says which one is in force, and whoever runs next goes on from there.
//! - **A region fails**: the name servers notice by themselves; nothing of ours needs to run for it.
//! - **The identity is withdrawn**: logins fail closed; what was issued before serves until its end.
//! - **The process is killed**: users and tokens end with their TTL. Keep it short.

pub mod bridge;
mod catalyst;
pub mod config;
#[cfg(feature = "dns")]
pub mod dns;
#[cfg(feature = "kubernetes")]
pub mod kubernetes;
#[cfg(any(feature = "dns", feature = "manifests"))]
mod label;
#[cfg(feature = "manifests")]
pub mod manifest;
pub mod pool;
pub mod rotation;
pub mod sources;
#[cfg(feature = "sso")]
pub mod sso;
#[cfg(any(feature = "s3", feature = "object-store"))]
pub mod storage;
#[cfg(feature = "testing")]
pub mod testing;

pub use catalyst::{Catalyst, CatalystBuilder};
pub use catalyst_core::{Error, ErrorKind, Result, RetryAdvice, Secret};
#[cfg(feature = "dns")]
pub use catalyst_dns;
#[cfg(feature = "sso")]
pub use catalyst_keycloak as keycloak;
pub use {catalyst_openbao as openbao, catalyst_spiffe as spiffe};
