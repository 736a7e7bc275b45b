//! OpenBao for Rust services: identity logins, versioned secrets, and database credentials with their leases.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`OpenBao`], [`OpenBaoBuilder`], [`Login`] | the client, its settings, how it proves who it is |
//! | [`Cluster`], [`ReadFrom`] | several nodes as one address list |
//! | [`Raft`] | members, autopilot, snapshots of the storage |
//! | [`SecretStore`], [`Kv2`] | KV version 2 |
//! | [`DynamicCredentials`], [`StaticCredentials`], [`Database`] | the database engine |
//! | [`Lease`], [`Session`], [`Leases`] | what ends when, and with what |
//! | [`Health`], [`WrappedSecret`], [`Warnings`] | the server's state, secrets handed over, what it warns of |
//! | [`Mount`], [`SecretPath`], [`RoleName`], [`Namespace`] | names, parsed once |
//!
//! # How failure behaves
//!
//! Every error has a [kind](Error::kind) and, where the server's answer tells, a stable [code](Error::code).
//! Passing faults are tried again, three times within 30 s unless set otherwise; what creates something is not, once
//! its [outcome is unknown](Error::outcome_unknown). A token that the server refuses is looked up: if it has ended, a
//! new login is made and the call tried once more; if it is good, a new login is made too, but seldom, for a login
//! ends the leases of the one before. Then the error is `permission_denied`.
//!
//! | code | meaning |
//! | --- | --- |
//! | `bad_credentials` | the login was refused |
//! | `invalid_token`, `permission_denied` | no token that is good; a good token, and a policy that forbids |
//! | `unknown_role`, `role_not_allowed` | no such role; its database connection does not list it |
//! | `secret_not_found`, `version_deleted`, `version_destroyed` | nothing there; there, but deleted; gone for ever |
//! | `cas_mismatch`, `cas_required` | somebody wrote first; the write must name the version it replaces |
//! | `lease_not_found` | it has ended, was revoked, or never was |
//! | `unknown_mount`, `no_handler`, `unknown_namespace` | the address leads nowhere |
//! | `sealed`, `not_initialized`, `standby`, `standby_redirect` | the node does not serve |
//! | `raft_not_in_use`, `unknown_peer`, `join_refused`, `already_bootstrapped` | Raft and its members |
//! | `snapshot_of_another_cluster`, `snapshot_damaged`, `snapshot_incomplete`, `snapshot_not_written` | snapshots |
//! | `no_active_node` | the cluster had no leader in time |
//! | `lead_changed`, `leadership_lost` | the leader that was asked lost the lead: before it answered; it says so itself |
//! | `cluster_mismatch`, `foreign_node` | the addresses are not of one cluster |
//! | `backend_down`, `backend_refused` | the database behind the server |
//! | `rate_limited`, `not_yet_consistent`, `bad_gateway`, `unavailable`, `internal_error` | passing faults |
//! | `wrapping_token_invalid` | used, ended, or never made |
//! | `invalid_request`, `not_found`, `unreadable_answer`, `unexpected_status`, `assertion_timeout` | the rest |
//!
//! Invariants: this crate names no other service, reads no environment variable, installs no TLS provider and never
//! spawns.

mod api;
mod ask;
mod auth;
mod builder;
mod client;
mod cluster;
mod cubbyhole;
mod data;
mod database;
mod database_admin;
mod denial;
mod dynamic;
mod engine_type;
mod engines;
mod health;
mod identity;
mod kubernetes;
mod kv2;
mod lease;
mod leases;
mod maintain;
#[cfg(feature = "mock")]
pub mod mock;
mod operation;
mod operator;
mod path;
mod pki;
mod rabbitmq;
mod raft;
mod refusal;
mod session;
mod sessions;
mod ssh;
mod statics;
mod store;
mod stream;
mod system;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod tests;
mod token;
mod totp;
mod transit;
mod transport;
mod upkeep;
mod warning;
mod wire;
mod wrapping;

pub use catalyst_core::{AssertionSource, Error, ErrorKind, Result, Secret};

pub use auth::Login;
pub use builder::OpenBaoBuilder;
pub use client::OpenBao;
pub use cluster::{Cluster, ClusterNode, NodeStanding, ReadFrom};
pub use cubbyhole::Cubbyhole;
pub use data::SecretData;
pub use database::Database;
pub use database_admin::DatabaseAdmin;
pub use dynamic::{Credentials, DynamicCredentials};
pub use engine_type::EngineType;
pub use health::{Health, HealthStatus};
pub use identity::Identity;
pub use kubernetes::KubernetesSecrets;
pub use kv2::Kv2;
pub use lease::{Lease, LeaseId, LeaseTerm};
pub use leases::{LeaseStatus, Leases};
pub use operator::Operator;
pub use path::{Mount, Namespace, RoleName, SecretPath};
pub use pki::Pki;
pub use rabbitmq::RabbitMq;
pub use raft::{
    AutopilotConfiguration, AutopilotServer, AutopilotState, AutopilotUpdate, HaNode, LeaderStatus, Raft,
    RaftJoin, RaftNodeId, RaftPeer, Restore,
};
pub use session::{Session, SessionKeeper, SessionState, SessionWatch, Standing};
pub use ssh::Ssh;
pub use statics::{StaticCredential, StaticCredentials};
pub use store::{MetadataUpdate, SecretMetadata, SecretStore, VersionMetadata, Versioned, WriteMode};
pub use system::System;
pub use totp::Totp;
pub use transit::Transit;
pub use warning::{ServerWarning, Warnings};
pub use wrapping::{WrappedSecret, WrappingStatus};
