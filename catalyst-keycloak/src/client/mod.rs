//! Clients: what is declared, what is registered, and how the second is made to agree with the first.

mod admin_registrar;
pub(crate) mod attribute;
mod desired;
mod dynamic;
mod ensuring;
pub(crate) mod plan;
#[cfg(test)]
mod plan_tests;
mod redirect;
mod registrar;
pub(crate) mod representation;
mod secrets;
mod spec;

pub use admin_registrar::{AdminRegistrar, ClientPage};
pub use dynamic::{
    DynamicRegistrar, DynamicRegistrarBuilder, MemoryRegistrationStore, RegistrationAccess,
    RegistrationStore, StoredRegistration,
};
pub use redirect::RedirectUri;
pub use registrar::{ClientRegistrar, ClientSecrets, Outcome, RegisteredClient, Registration, SecretPair};
pub use spec::{Authentication, ClientSpec, Profile};
