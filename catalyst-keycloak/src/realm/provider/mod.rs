//! Identity providers: whose users may log in, and whose workloads need no secret.

mod catalogue;
mod digest;
mod ensure;
mod plan;
mod spec;

#[cfg(test)]
mod tests;

pub use ensure::IdentityProvider;
pub use spec::{IdentityProviderSpec, OidcProvider, ProviderKind};
