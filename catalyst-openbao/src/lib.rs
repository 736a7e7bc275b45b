//! OpenBao for Rust services: identity logins, versioned secrets, and database credentials with their leases.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`SecretStore`] | KV version 2 |
//! | [`DynamicCredentials`], [`StaticCredentials`] | the database engine |
//! | [`Lease`], [`Session`] | what ends when, and with what |
//! | [`Mount`], [`SecretPath`], [`RoleName`], [`Namespace`] | names, parsed once |
//!
//! Invariants: this crate names no other service, reads no environment variable, installs no TLS provider and never
//! spawns.

mod data;
mod dynamic;
mod lease;
mod operation;
mod path;
mod refusal;
mod session;
mod statics;
mod store;

pub use catalyst_core::{Error, ErrorKind, Result, Secret};

pub use data::SecretData;
pub use dynamic::{Credentials, DynamicCredentials};
pub use lease::{Lease, LeaseId, LeaseTerm};
pub use path::{Mount, Namespace, RoleName, SecretPath};
pub use session::{Session, SessionKeeper, SessionState, SessionWatch, Standing};
pub use statics::{StaticCredential, StaticCredentials};
pub use store::{MetadataUpdate, SecretMetadata, SecretStore, VersionMetadata, Versioned, WriteMode};
