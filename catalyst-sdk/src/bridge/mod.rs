//! Where the independent crates meet: an identity becomes what a login or a TLS client needs.

mod assertion;
mod tls;

pub use assertion::SvidAssertion;
pub use tls::SvidTlsIdentity;
