//! The server's own settings: mounts, policies, quotas, namespaces, plugins, audit.
//!
//! All of it hangs on [`System`]. What is written whole is written so often as need be; what is read and not there is
//! none.

mod auth_mounts;
mod capability;
mod client;
mod hcl;
mod mount;
mod mounts;
mod policies;
mod policy_document;
mod policy_reader;
mod remount;

pub use capability::Capability;
pub use client::System;
pub use mount::{ListingVisibility, MountSettings, MountTuning, Mounted};
pub use policies::StoredPolicy;
pub use policy_document::{PolicyDocument, PolicyRule};
pub use remount::{Remount, RemountStatus};

pub use crate::path::PolicyName;

use client::unless_unmounted;
