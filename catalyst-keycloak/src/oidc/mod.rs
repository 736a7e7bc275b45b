//! The OpenID Connect side of a realm, as a client meets it.

mod credential;

pub use credential::{ClientCredential, CredentialSource};
