//! Service account tokens made on demand.

mod client;
mod role;
mod token;

pub use client::KubernetesSecrets;
pub use role::{AccountSource, KubernetesConnection, KubernetesRole, RoleKind};
pub use token::{ServiceAccountToken, ServiceAccountTokens, TokenRequest};
