//! OpenBao for Rust services: identity logins, versioned secrets, and database credentials with their leases.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`OpenBao`], [`OpenBaoBuilder`], [`Login`] | the client, its settings, how it proves who it is |
//! | [`Cluster`], [`ReadFrom`] | several nodes as one address list |
//! | [`Raft`] | members, autopilot, snapshots of the storage |
//! | [`SecretStore`], [`Kv2`] | KV version 2 |
//! | [`DynamicCredentials`], [`StaticCredentials`], [`Database`] | the database engine |
//! | [`Encryption`], [`Signing`], [`Transit`] | cryptography with keys that never leave the server |
//! | [`OneTimePasswords`], [`Totp`] | one-time codes |
//! | [`CertificateAuthority`], [`Pki`], [`pki`] | certificates, and those who issue them |
//! | [`SshAuthority`], [`ssh`] | certificates and one-time passwords for SSH |
//! | [`Cubbyhole`] | what a token keeps for itself |
//! | [`Lease`], [`Session`], [`Leases`] | what ends when, and with what |
//! | [`Health`], [`WrappedSecret`], [`Warnings`] | the server's state, secrets handed over, what it warns of |
//! | [`database_admin`] | connections and roles of the database engine, whose statements are checked |
//! | [`identity`] | who a token stands for: entities, groups, identity tokens |
//! | [`system`], [`auth_method`] | the server's own settings: mounts, policies, login methods and their roles |
//! | [`ApiRequest`] | whatever this crate has no function for |
//! | `region`, `replicate` | several regions: the router, and the replicator; feature `regions` |
//! | [`Mount`], [`SecretPath`], [`RoleName`], [`KeyName`], [`Namespace`] | names, parsed once |
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
//! | `raft_not_in_use`, `unknown_peer`, `last_voter`, `join_refused`, `already_bootstrapped` | Raft and its members |
//! | `snapshot_of_another_cluster`, `snapshot_damaged`, `snapshot_incomplete`, `snapshot_not_written` | snapshots |
//! | `no_active_node` | the cluster had no leader in time |
//! | `lead_changed`, `leadership_lost` | the leader that was asked lost the lead: before it answered; it says so itself |
//! | `cluster_mismatch`, `foreign_node` | the addresses are not of one cluster |
//! | `backend_down`, `backend_refused` | the database behind the server |
//! | `rate_limited`, `not_yet_consistent`, `bad_gateway`, `unavailable`, `internal_error` | passing faults |
//! | `wrapping_token_invalid` | used, ended, or never made |
//! | `unknown_connection`, `role_exists`, `root_not_managed` | of the database engine: no such connection; the name is taken; the server does not know its user's password |
//! | `unknown_entity`, `unknown_group`, `unknown_mount_accessor`, `alias_exists` | of identities: no such thing; it has another name there already |
//! | `no_entity`, `client_not_allowed`, `key_in_use` | nobody stands behind the token; the key does not list the role's client; a role names the key |
//! | `statements_refused` | the statements of a role are unsafe or certain to fail; refused before they are sent |
//! | `seed_missing`, `seed_malformed`, `seed_too_open`, `seed_mismatch`, `seed_unavailable`, `journal_unreadable` | the seed of a bring-up |
//! | `init_answer_lost`, `initialized_by_others`, `storage_gone`, `custody_failed`, `custody_conflict` | a bring-up, and whose server it is |
//! | `contradiction`, `mount_conflict`, `audit_device_missing`, `audit_not_written` | what is declared, and what is there |
//! | `path_in_use`, `unknown_plugin` | something is mounted there already; the server has no such engine or method |
//! | `invalid_policy`, `declared_only` | no policy; nothing that can be set by requests |
//! | `token_not_found`, `secret_id_not_found`, `unknown_user` | it has ended, or never was |
//! | `unknown_policy`, `unknown_device`, `no_plugin_directory` | no such policy of passwords, no such audit device; no plugins here |
//! | `namespace_locked`, `already_locked`, `wrong_unlock_key` | the API of a namespace is locked, and by whom it is unlocked |
//! | `request_not_found`, `already_approved` | of a control group |
//! | `issuer_unreachable` | the server got no keys from the issuer of tokens |
//! | `already_initialized`, `wrong_seal_type`, `no_migration` | the server's seal is not as the call expects |
//! | `malformed_share`, `wrong_share`, `share_repeated`, `too_few_shares` | key shares |
//! | `attempt_in_progress`, `no_attempt`, `nonce_mismatch`, `generate_root_disabled` | rekeying, and root tokens out of shares |
//! | `key_not_found`, `key_exists` | no key of this name; there is one already |
//! | `unknown_key_version`, `key_version_too_old` | the key has no such version; it is below the key's minimum |
//! | `not_authentic`, `malformed_input` | changed, or of another key, context or associated data; not of the form it should have |
//! | `context_required`, `unsupported_by_key`, `unsupported_by_token` | the key, or the token, is of another kind |
//! | `not_exportable`, `deletion_not_allowed` | the key's settings forbid it |
//! | `input_too_large`, `batch_too_large` | refused before it is sent |
//! | `name_not_allowed`, `key_not_allowed`, `ttl_beyond_issuer` | the role, or the issuer's own end, forbids such a certificate |
//! | `unknown_issuer`, `no_issuer`, `issuer_without_key`, `name_taken` | of issuers of certificates: no such one; none at all; one that cannot sign; another one has the name |
//! | `certificate_not_found`, `foreign_certificate`, `key_mismatch`, `own_revocation` | of certificates: not kept; of another authority; the key is not its own; no issuer revokes itself |
//! | `cluster_path_missing` | ACME must know the address of the server |
//! | `code_used` | a one-time code that was shown before |
//! | `issuer_exists` | of the SSH engine: the name of an issuer is taken; `unknown_issuer` also says that there is none yet |
//! | `not_allowed_by_role` | the role of the SSH engine forbids something of what was asked for |
//! | `otp_not_found` | a one-time password that was used, has ended, was revoked, or never was |
//! | `primary_unreachable`, `promotion_in_progress` | of several regions, none can be written to now |
//! | `fenced`, `not_primary`, `split_brain`, `fence_unreadable` | who is primary is another one, or in doubt: nothing is written |
//! | `too_stale`, `not_yet_replicated` | no region that answers is fresh enough, or has the write yet |
//! | `many_removals`, `too_many_secrets`, `unknown_region` | what the replicator and the router refuse |
//! | `invalid_request`, `not_found`, `unreadable_answer`, `unexpected_status`, `assertion_timeout` | the rest |
//!
//! Invariants: this crate names no other service, reads no environment variable, installs no TLS provider and never
//! spawns.

mod api;
mod api_request;
mod ask;
mod auth;
pub mod auth_method;
#[cfg(feature = "bootstrap")]
pub mod bootstrap;
mod builder;
mod client;
mod cluster;
mod cubbyhole;
mod data;
mod database;
pub mod database_admin;
mod denial;
mod detailed;
mod dynamic;
mod encoded;
mod engine_type;
mod engines;
mod health;
pub mod identity;
mod issuing;
mod kubernetes;
mod kv2;
mod lease;
mod lease_admin;
mod leases;
mod maintain;
#[cfg(feature = "mock")]
pub mod mock;
mod operation;
mod operator;
mod path;
pub mod pki;
mod rabbitmq;
mod raft;
mod refusal;
#[cfg(feature = "regions")]
pub mod region;
mod renewal;
#[cfg(feature = "regions")]
pub mod replicate;
mod session;
mod sessions;
mod settings;
pub mod ssh;
mod statics;
mod store;
mod stream;
pub mod system;
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

pub use catalyst_core::http::Method;
pub use catalyst_core::{AssertionSource, Error, ErrorKind, Result, Secret, SecretBytes};

pub use api_request::ApiRequest;
pub use auth::Login;
pub use builder::OpenBaoBuilder;
pub use client::OpenBao;
pub use cluster::{Cluster, ClusterNode, NodeStanding, ReadFrom};
pub use cubbyhole::Cubbyhole;
pub use data::SecretData;
pub use database::Database;
pub use database_admin::DatabaseAdmin;
pub use detailed::SecretPage;
pub use dynamic::{Credentials, DynamicCredentials};
pub use engine_type::EngineType;
pub use health::{Health, HealthStatus};
pub use identity::Identity;
pub use kubernetes::{
    AccountSource, KubernetesConnection, KubernetesRole, KubernetesSecrets, RoleKind, ServiceAccountToken,
    ServiceAccountTokens, TokenRequest,
};
pub use kv2::Kv2;
pub use lease::{Lease, LeaseId, LeaseTerm};
pub use lease_admin::IrrevocableLease;
pub use leases::{LeaseStatus, Leases};
pub use operator::{
    InitRequest, Initialized, KeyKind, KeyShare, KeySplit, KeyStatus, NewKeys, Operator, Rekey, RekeyAttempt,
    RekeyProgress, RekeyRequest, RootAttempt, RootGeneration, RootProgress, SealStatus, SealType,
    Verification, VerificationProgress,
};
pub use path::{ApiPath, KeyName, Mount, Namespace, RegionName, RoleName, SecretPath, UserName};
pub use pki::{CertificateAuthority, Pki};
pub use rabbitmq::{RabbitConnection, RabbitMq, RabbitRole, TopicPermissions, VhostPermissions};
pub use raft::{
    AutopilotConfiguration, AutopilotServer, AutopilotState, AutopilotUpdate, HaNode, LeaderStatus, Raft,
    RaftJoin, RaftNodeId, RaftPeer, Restore,
};
pub use renewal::{KeeperReport, KeptLease, LeaseKeeper};
pub use session::{Session, SessionKeeper, SessionState, SessionWatch, Standing};
pub use ssh::{Ssh, SshAuthority};
pub use statics::{StaticCredential, StaticCredentials};
pub use store::{MetadataUpdate, SecretMetadata, SecretStore, VersionMetadata, Versioned, WriteMode};
pub use system::System;
pub use totp::{
    GeneratedTotpKey, ImportedTotpKey, NewTotpKey, OneTimeCode, OneTimePasswords, Totp, TotpAlgorithm,
    TotpDigits, TotpKey,
};
pub use transit::{
    Ciphertext, DataKey, DataKeyRequest, DataKeySize, Derivation, Encryption, ExportKind, ExportVersion,
    HashAlgorithm, Hmac, ImportedKey, KeySettings, KeyType, KeyVersion, Marshaling, Message, NewKey,
    Plaintext, RsaPadding, Sealed, Signature, SignatureScheme, Signing, Transit, TransitKey,
};
pub use warning::{ServerWarning, Warnings};
pub use wrapping::{WrappedSecret, WrappingStatus};
