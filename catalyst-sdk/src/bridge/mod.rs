//! Where the independent crates meet: an identity becomes what a login needs. For TLS the identity's own crate has
//! the bridge, [`identity_source`](crate::spiffe::tls::identity_source).

mod assertion;

pub use assertion::SvidAssertion;
