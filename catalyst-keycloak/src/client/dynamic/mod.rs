//! Registration without an administrator: dynamic client registration (RFC 7591, RFC 7592).

mod access;
mod ensure;
mod registrar;
mod store;

#[cfg(test)]
mod tests;

pub use access::RegistrationAccess;
pub use registrar::{DynamicRegistrar, DynamicRegistrarBuilder};
pub use store::{MemoryRegistrationStore, RegistrationStore, StoredRegistration};
