//! The OpenID Connect side of a realm, as a client meets it.

mod answer;
mod authenticate;
mod client;
mod credential;
mod token_set;

pub(crate) use answer::TokenAnswer;
pub(crate) use authenticate::authenticate;
pub use client::{OidcClient, OidcClientBuilder};
pub use credential::{ClientCredential, CredentialSource};
pub use token_set::TokenSet;
