//! The server's own settings: mounts, policies, quotas, namespaces, plugins, audit.
//!
//! All of it hangs on [`System`]. What is written whole is written so often as need be; what is read and not there is
//! none.

mod audit;
mod audit_check;
mod auth_mounts;
mod capabilities;
mod capability;
mod client;
mod control_groups;
pub(crate) mod hcl;
mod monitoring;
mod mount;
mod mounts;
mod namespaces;
mod password_policies;
mod plugins;
mod policies;
mod policy_document;
mod policy_reader;
mod quotas;
mod remount;

pub use audit::AuditDevice;
pub use audit_check::{AuditCheck, AuditVerdict};
pub use capability::Capability;
pub use client::System;
pub use control_groups::{Approver, ControlGroupRequest};
pub use monitoring::{HostInfo, InstalledVersion, Metric, Metrics, RequestInFlight};
pub use mount::{ListingVisibility, MountSettings, MountTuning, Mounted};
pub use namespaces::{NamespaceDeletion, NamespaceInfo};
pub use password_policies::PasswordPolicy;
pub use plugins::{PluginInfo, PluginKind, PluginProgram};
pub use policies::StoredPolicy;
pub use policy_document::{PolicyDocument, PolicyRule};
pub use quotas::{QuotaConfig, RateLimit};
pub use remount::{Remount, RemountStatus};

pub use crate::path::{ApiPath, PluginName, PolicyName, QuotaName};

use client::unless_unmounted;

#[cfg(feature = "mock")]
pub(crate) use policy_reader::read as read_policy;
