//! What is set up once for a realm: the realm itself, the client policies, and who administers it.

mod admin;
mod change;
mod ensure;
mod plan;
mod policy;
mod spec;
mod work;

#[cfg(test)]
mod tests;

pub use admin::RealmAdmin;
pub use change::RealmChange;
pub use policy::{SecretRotationPolicy, SenderConstraint};
pub use spec::{EventLog, RealmSpec, TlsRequirement};
