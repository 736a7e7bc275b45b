//! What is set up once for a realm: the realm itself, the client policies, and who administers it.

mod admin;
mod change;
mod ensure;
mod keys;
mod organization;
mod plan;
mod policy;
mod provider;
mod registration;
mod service_account;
mod spec;
mod work;

#[cfg(test)]
mod tests;

pub use admin::RealmAdmin;
pub use change::RealmChange;
pub use keys::{KeyPolicy, KeyProgress, KeyStep};
pub use organization::OrganizationSpec;
pub use policy::{SecretRotationPolicy, SenderConstraint};
pub use provider::{IdentityProvider, IdentityProviderSpec, OidcProvider, ProviderKind};
pub use registration::InitialAccess;
pub use service_account::{ManagementRole, ServiceAccount};
pub use spec::{EventLog, RealmSpec, TlsRequirement};
